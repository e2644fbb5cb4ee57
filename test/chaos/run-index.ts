import type { AttemptLine, InjectedFault, NotificationLine, RunLogs, SeenRequest } from './run-logs.js';

/** The logs of a run by what joins them. */
export class RunIndex {
  readonly notifications: ReadonlyMap<string, NotificationLine>;
  private readonly attempts: ReadonlyMap<string, readonly AttemptLine[]>;
  private readonly requests: ReadonlyMap<string, readonly SeenRequest[]>;

  constructor(readonly logs: RunLogs) {
    this.notifications = new Map(logs.notifications.map((row) => [row.id, row]));
    const attempts = logs.attempts.toSorted((a, b) => a.number - b.number);
    this.attempts = grouped(attempts, ({ notificationId }) => notificationId);
    const requests = logs.requests.toSorted((a, b) => a.atMs - b.atMs);
    this.requests = grouped(requests, ({ webhookId }) => webhookId);
  }

  /** By rising number. */
  attemptsOf(notificationId: string): readonly AttemptLine[] {
    return this.attempts.get(notificationId) ?? [];
  }

  attemptOf(request: SeenRequest): AttemptLine | undefined {
    return this.attemptsOf(request.webhookId).find(({ number }) => number === request.attempt);
  }

  /** In the order of their arrival. */
  requestsOf(notificationId: string): readonly SeenRequest[] {
    return this.requests.get(notificationId) ?? [];
  }

  requestOf({ notificationId, number }: AttemptLine): SeenRequest | undefined {
    return this.requestsOf(notificationId).find(({ attempt }) => attempt === number);
  }

  /** Whether an endpoint was switched off in this run. */
  isDisabled(endpointId: string | undefined): boolean {
    return this.logs.disabled.some((one) => one.endpointId === endpointId);
  }

  /**
   * Endpoints change owners when a dispatcher comes, goes or falls silent, and when Kafka or a connection to it does: whether
   * two may have had one at that time.
   */
  mayHaveTwoOwners(atMs: number): boolean {
    const { sessionTimeoutMs, attemptTimeoutMs } = this.logs.rules;
    return this.faultsWithin(atMs - 2 * sessionTimeoutMs - attemptTimeoutMs, atMs, changesOwners).length > 0;
  }

  /** Of those that are meant, the faults that were under way at some time from `fromMs` to `untilMs`. */
  faultsWithin(
    fromMs: number,
    untilMs: number,
    isMeant: (fault: InjectedFault) => boolean = () => true,
  ): readonly InjectedFault[] {
    return this.logs.faults.filter((fault) => fault.fromMs <= untilMs && fault.untilMs >= fromMs && isMeant(fault));
  }
}

/** A dispatcher ended or stood still with whatever it had under way; one that is stopped may not, unless it cannot drain. */
export function losesClaims({ kind, part, exitCode }: InjectedFault): boolean {
  if (!part.startsWith('dispatcher')) return false;
  return kind === 'kill' || kind === 'freeze' || kind === 'exit' || (kind === 'stop' && exitCode !== 0);
}

function changesOwners({ part }: InjectedFault): boolean {
  return part.startsWith('dispatcher') || part === 'kafka' || part === 'cpu';
}

/** A dispatcher works on, but does not hear or say things at once. */
export function slowsDispatchers({ part }: InjectedFault): boolean {
  return part.startsWith('dispatcher') || part === 'postgres' || part === 'cpu';
}

export function isAccepted(status: number | null): boolean {
  return status !== null && status >= 200 && status <= 299;
}

/** What is the same in `key` stands together, in its order. */
export function grouped<T>(all: readonly T[], key: (one: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const group = groups.get(key(one));
    if (group === undefined) groups.set(key(one), [one]);
    else group.push(one);
  }
  return groups;
}
