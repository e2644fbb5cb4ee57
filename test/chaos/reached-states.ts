import { duplicatesOf } from './check-duplicates.js';
import { RunIndex } from './run-index.js';
import type { InjectedFault, RunLogs } from './run-logs.js';

/** A dangerous state, and how often the run was in it. */
export interface ReachedState {
  readonly name: string;
  readonly count: number;
  /** Without it the run proves nothing. */
  readonly isRequired: boolean;
}

/** Runs that are shorter may miss a state. Seconds. */
export const vacuousFromSeconds = 90;

/** Which of the dangerous states were reached, from the logs alone. */
export function reachedStates(logs: RunLogs): readonly ReachedState[] {
  const index = new RunIndex(logs);
  const required = (name: string, count: number) => ({ name, count, isRequired: true });
  const seen = (name: string, count: number) => ({ name, count, isRequired: false });
  const attempts = (isMeant: (row: RunLogs['attempts'][number]) => boolean) => logs.attempts.filter(isMeant).length;
  const failed = (reason: string) => logs.notifications.filter(({ failureReason }) => failureReason === reason).length;
  const lastChance = logs.rules.scheduleMs.length;
  const sentAtLast = logs.notifications.filter(({ state, step }) => state === 'sent' && step === lastChance).length;
  return [
    required(
      'a dispatcher killed with requests in flight',
      logs.faults.filter((fault) => hitRequests(fault, index)).length,
    ),
    required(
      'a lease ran out (attempt unknown)',
      attempts(({ outcome }) => outcome === 'unknown'),
    ),
    required('a delivery written twice', logs.duplicateRecords),
    seen('a request repeated after its 2xx', duplicatesOf(index).length),
    seen('a request that outlived its lease', outlivedLeases(index)),
    seen(
      'a retry asked for by the sweep',
      attempts(({ askedBy }) => askedBy === 'sweep'),
    ),
    seen(
      'a delivery held and released',
      attempts(({ askedBy }) => askedBy === 'release'),
    ),
    seen(
      'a Retry-After obeyed',
      attempts(({ httpStatus }) => httpStatus === 503),
    ),
    seen(
      'a deadline passed',
      attempts(({ failureReason }) => failureReason === 'TIMEOUT'),
    ),
    seen(
      'a connection reset',
      attempts(({ failureReason }) => failureReason === 'RESET'),
    ),
    seen('a notification sent at its last attempt', sentAtLast),
    seen('a notification exhausted', failed('EXHAUSTED')),
    seen('a notification given up after three lost leases', failed('LEASE_LOST')),
    seen(
      'a manual attempt',
      attempts(({ trigger }) => trigger === 'manual'),
    ),
    seen('an event read as a duplicate', logs.books.duplicate),
    seen('a record parked', logs.books.parked),
  ];
}

/** In words what a run lacks; none where it may be believed. */
export function vacuousLines(states: readonly ReachedState[], seconds: number): readonly string[] {
  if (seconds < vacuousFromSeconds) return [];
  return states
    .filter(({ isRequired, count }) => isRequired && count === 0)
    .map(({ name }) => `never reached: ${name}`);
}

/** A request had arrived, its lease ran, and its end was never recorded: the killed process took it along. */
function hitRequests(fault: InjectedFault, index: RunIndex): boolean {
  if (fault.kind !== 'kill' || !fault.part.startsWith('dispatcher')) return false;
  return index.logs.requests.some((request) => {
    const row = index.attemptOf(request);
    return row?.outcome === 'unknown' && request.atMs <= fault.fromMs && row.leaseUntilMs >= fault.fromMs;
  });
}

/** A zombie's: it was still under way when its attempt was closed as unknown. */
function outlivedLeases(index: RunIndex): number {
  return index.logs.attempts.filter((row) => {
    const endMs = index.requestOf(row)?.endMs ?? 0;
    return row.outcome === 'unknown' && row.finishedMs !== null && endMs > row.finishedMs;
  }).length;
}
