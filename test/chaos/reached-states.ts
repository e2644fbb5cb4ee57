import type { RunIndex } from './run-index.js';
import type { AttemptLine, InjectedFault } from './run-logs.js';

/** A dangerous state, and how often the run was in it. */
export interface ReachedState {
  readonly name: string;
  readonly count: number;
  /** Without it the run proves nothing. */
  readonly isRequired: boolean;
}

/** Runs that are shorter may miss a state. Seconds. */
export const vacuousFromSeconds = 90;

/** What the run as a whole knows of it. */
export interface WholeStates {
  readonly duplicateRecords: number;
  readonly limited: number;
  readonly circuits: number;
  readonly disabled: number;
  readonly pauses: number;
  readonly duplicate: number;
  readonly parked: number;
}

const states = {
  kills: 'a dispatcher killed with requests in flight',
  unknown: 'a lease ran out (attempt unknown)',
  records: 'a delivery written twice',
  repeated: 'a request repeated after its 2xx',
  outlived: 'a request that outlived its lease',
  swept: 'a retry asked for by the sweep',
  released: 'a delivery held and released',
  circuits: 'a circuit opened',
  pauses: 'an endpoint paused and resumed',
  limited: 'ten seconds at the limit of a rate, judged',
  disabled: 'an endpoint disabled by itself',
  hinted: 'a Retry-After obeyed',
  timeouts: 'a deadline passed',
  resets: 'a connection reset',
  lastChance: 'a notification sent at its last attempt',
  exhausted: 'a notification exhausted',
  leaseLost: 'a notification given up after three lost leases',
  disabledRows: 'a notification failed because its endpoint was disabled',
  manual: 'a manual attempt',
  duplicate: 'an event read as a duplicate',
  parked: 'a record parked',
} as const;

type StateName = keyof typeof states;

const required: ReadonlySet<StateName> = new Set(['kills', 'unknown', 'records']);

/** Counts them over the parts of a run. */
export class StateCounts {
  private readonly counts = new Map<StateName, number>();
  private readonly killed = new Set<InjectedFault>();

  add(index: RunIndex, duplicates: number): void {
    const { logs } = index;
    const attempts = (isMeant: (row: AttemptLine) => boolean) => logs.attempts.filter(isMeant).length;
    const failed = (reason: string) =>
      logs.notifications.filter(({ failureReason }) => failureReason === reason).length;
    const lastChance = logs.rules.scheduleMs.length;
    for (const fault of logs.faults) if (hitRequests(fault, index)) this.killed.add(fault);
    this.count({
      unknown: attempts(({ outcome }) => outcome === 'unknown'),
      repeated: duplicates,
      outlived: outlivedLeases(index),
      swept: attempts(({ askedBy }) => askedBy === 'sweep'),
      released: attempts(({ askedBy }) => askedBy === 'release'),
      hinted: attempts(({ httpStatus }) => httpStatus === 503),
      timeouts: attempts(({ failureReason }) => failureReason === 'TIMEOUT'),
      resets: attempts(({ failureReason }) => failureReason === 'RESET'),
      lastChance: logs.notifications.filter(({ state, step }) => state === 'sent' && step === lastChance).length,
      exhausted: failed('EXHAUSTED'),
      leaseLost: failed('LEASE_LOST'),
      disabledRows: failed('ENDPOINT_DISABLED'),
      manual: attempts(({ trigger }) => trigger === 'manual'),
    });
  }

  all(whole: WholeStates): readonly ReachedState[] {
    const { duplicateRecords, ...rest } = whole;
    const counts = new Map<string, number>([
      ...this.counts,
      ...Object.entries(rest),
      ['records', duplicateRecords],
      ['kills', this.killed.size],
    ]);
    return (Object.keys(states) as StateName[]).map((state) => ({
      name: states[state],
      count: counts.get(state) ?? 0,
      isRequired: required.has(state),
    }));
  }

  private count(found: Partial<Record<StateName, number>>): void {
    for (const [state, count] of Object.entries(found) as [StateName, number][])
      this.counts.set(state, (this.counts.get(state) ?? 0) + count);
  }
}

/** In words what a run lacks; none where it may be believed. */
export function vacuousLines(reached: readonly ReachedState[], seconds: number): readonly string[] {
  if (seconds < vacuousFromSeconds) return [];
  return reached
    .filter(({ isRequired, count }) => isRequired && count === 0)
    .map(({ name }) => `never reached: ${name}`);
}

/** A request had arrived, its lease ran, and its end was never recorded: the killed process took it along. */
function hitRequests(fault: InjectedFault, index: RunIndex): boolean {
  if (fault.kind !== 'kill' || !fault.part.startsWith('dispatcher')) return false;
  return index.logs.attempts.some((row) => {
    if (row.outcome !== 'unknown' || row.leaseUntilMs < fault.fromMs || row.startedMs > fault.fromMs) return false;
    const request = index.requestOf(row);
    return request !== undefined && request.atMs <= fault.fromMs;
  });
}

/** A zombie's: it was still under way when its attempt was closed as unknown. */
function outlivedLeases(index: RunIndex): number {
  return index.logs.attempts.filter((row) => {
    const endMs = index.requestOf(row)?.endMs ?? 0;
    return row.outcome === 'unknown' && row.finishedMs !== null && endMs > row.finishedMs;
  }).length;
}
