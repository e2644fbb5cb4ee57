import { isAccepted, losesClaims, type RunIndex } from './run-index.js';
import type { AttemptLine, InjectedFault, SeenRequest, Violation } from './run-logs.js';

/** A request for what its receiver had accepted before, by no wish of an operator's. */
export interface Duplicate {
  readonly request: SeenRequest;
  readonly accepted: SeenRequest;
  /** The outcome of the accepted one's attempt. */
  readonly recorded: string;
  /** The faults that may have made it: one was there between the first answer and its record, or held back this request. */
  readonly causes: readonly InjectedFault[];
  /** A request since then was a duplicate too and failed: this one is its retry, by the schedule. */
  readonly isRetry: boolean;
  /** The answer came when the deadline had passed, or nearly so: the sender never saw it. */
  readonly cameTooLate: boolean;
}

/** An answer that took this share of the deadline may have come too late where the machine is busy. */
const lateShare = 0.6;

/** All duplicates of a run, explained or not. */
export function duplicatesOf(index: RunIndex): readonly Duplicate[] {
  return [...index.notifications.keys()].flatMap((id) => {
    const requests = index.requestsOf(id).filter((request) => index.attemptOf(request)?.trigger !== 'manual');
    return requests.flatMap((request, i) => {
      const earlier = requests.slice(0, i);
      const accepted = earlier.findLast((before) => wasAccepted(before) && (before.endMs ?? 0) <= request.atMs);
      if (accepted === undefined) return [];
      const since = earlier.slice(earlier.indexOf(accepted) + 1);
      const isRetry = since.some((one) => index.attemptOf(one)?.outcome === 'failed');
      return [{ ...explained(request, accepted, index), isRetry }];
    });
  });
}

function wasAccepted({ end, status }: SeenRequest): boolean {
  return end === 'answered' && isAccepted(status);
}

function explained(request: SeenRequest, accepted: SeenRequest, index: RunIndex): Omit<Duplicate, 'isRetry'> {
  const row = index.attemptOf(accepted);
  const recordedMs = row?.finishedMs ?? accepted.atMs;
  const isLost = row !== undefined && row.outcome !== 'accepted';
  const causes = isLost ? index.faultsWithin(accepted.atMs, recordedMs, losesClaims) : [];
  const all = [...causes, ...causesOfZombie(request, index)];
  const recorded = row?.outcome ?? 'missing';
  return { request, accepted, recorded, causes: all, cameTooLate: cameTooLate(accepted, row, index) };
}

/** A dispatcher that stood still asked when its attempt was closed and a later one had been accepted. */
function causesOfZombie(request: SeenRequest, index: RunIndex): readonly InjectedFault[] {
  const row = index.attemptOf(request);
  return row?.outcome === 'unknown' ? index.faultsWithin(row.startedMs, request.atMs, losesClaims) : [];
}

function cameTooLate({ atMs, endMs }: SeenRequest, row: AttemptLine | undefined, index: RunIndex): boolean {
  if (row?.failureReason !== 'TIMEOUT' || endMs === null) return false;
  return endMs - atMs >= lateShare * index.logs.rules.attemptTimeoutMs || index.faultsWithin(atMs, endMs).length > 0;
}

/** How many attempts of this part were open when each fault that loses claims began. */
export function openAtFaults({ logs }: RunIndex): ReadonlyMap<InjectedFault, number> {
  const isOpen = ({ startedMs, finishedMs }: AttemptLine, atMs: number) =>
    startedMs <= atMs && (finishedMs === null || finishedMs >= atMs);
  const faults = logs.faults.filter(losesClaims);
  return new Map(faults.map((fault) => [fault, logs.attempts.filter((row) => isOpen(row, fault.fromMs)).length]));
}

/**
 * I20: no duplicate but those a killed or frozen dispatcher had under way, and of these no more than there were; nor any
 * that an answer after the deadline makes, which the schedule repeats. All duplicates of a run at once.
 */
export function checkDuplicates(
  all: readonly Duplicate[],
  bounds: ReadonlyMap<InjectedFault, number>,
): readonly Violation[] {
  const duplicates = all.filter(({ cameTooLate: isLate }) => !isLate);
  const unexplained = duplicates
    .filter(({ causes }) => causes.length === 0)
    .map(({ request, accepted, recorded }) => {
      const said = `attempt ${accepted.attempt} was answered ${accepted.status} and is ${recorded}, and no dispatcher was killed or frozen meanwhile`;
      return { invariant: 'I20', about: `${request.webhookId} ${request.attempt}`, said };
    });
  return [...unexplained, ...checkBounds(duplicates, bounds)];
}

/** Each duplicate but a retry of one is counted for the first of its faults that has room. */
function checkBounds(
  duplicates: readonly Duplicate[],
  bounds: ReadonlyMap<InjectedFault, number>,
): readonly Violation[] {
  const counts = new Map<InjectedFault, number>();
  const room = (fault: InjectedFault) => (bounds.get(fault) ?? 0) - (counts.get(fault) ?? 0);
  const over: InjectedFault[] = [];
  for (const { causes, isRetry } of duplicates) {
    const [first] = causes;
    if (first === undefined || isRetry) continue;
    const cause = causes.find((fault) => room(fault) > 0) ?? first;
    if (room(cause) <= 0) over.push(cause);
    counts.set(cause, (counts.get(cause) ?? 0) + 1);
  }
  return [...new Set(over)].map((fault) => ({
    invariant: 'I20',
    about: `${fault.kind} ${fault.part} at ${new Date(fault.fromMs).toISOString()}`,
    said: `${counts.get(fault)} duplicates, but only ${bounds.get(fault) ?? 0} attempts were open`,
  }));
}
