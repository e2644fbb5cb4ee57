import { retryAfterSeconds } from './chaos-settings.js';
import { isAccepted, losesClaims, type RunIndex } from './run-index.js';
import type { AttemptLine, InjectedFault, SeenRequest, Violation } from './run-logs.js';

/** The clocks of Postgres and of the receiver are one machine's; each cuts off its fractions. Milliseconds. */
const clockSlackMs = 2;
const unknownInRowMax = 3;
/** An answer that took this share of the deadline may have come too late where the machine is busy. */
const lateShare = 0.6;
/** An answer that nothing came in the way of is recorded within this. Milliseconds. */
const recordedWithinMs = 2_000;

/** The history of every notification: without gaps, one attempt after the other, never early, and true. */
export function checkAttempts(index: RunIndex): readonly Violation[] {
  const ids = new Set([...index.notifications.keys(), ...index.logs.attempts.map((row) => row.notificationId)]);
  return [
    ...[...ids].flatMap((id) => checkHistory(id, index)),
    ...index.logs.requests.flatMap((request) => checkNoFalseFailure(request, index)),
  ];
}

function checkHistory(id: string, index: RunIndex): readonly Violation[] {
  const rows = index.attemptsOf(id);
  const series = rows.filter(({ trigger }) => trigger === 'auto');
  return [
    ...checkNumbers(id, rows),
    ...rows.flatMap((row, i) => checkOneAfterAnother(row, rows[i - 1])),
    ...checkNoneAfterTheEnd(series, index),
    ...series.flatMap((row, i) => checkNotEarly(row, series.slice(0, i), index)),
    ...checkHowMany(id, series, index),
    ...rows.flatMap((row) => checkUnknown(row, index)),
  ];
}

/** I8: 1, 2, 3 ... */
function checkNumbers(id: string, rows: readonly AttemptLine[]): readonly Violation[] {
  const numbers = rows.map(({ number }) => number);
  if (numbers.every((number, i) => number === i + 1)) return [];
  return [{ invariant: 'I8', about: id, said: `attempts are numbered ${numbers.join(', ')}` }];
}

/** I9: an attempt begins after the one before has ended. */
function checkOneAfterAnother(row: AttemptLine, before: AttemptLine | undefined): readonly Violation[] {
  if (before === undefined || before.finishedMs === null || row.startedMs >= before.finishedMs) return [];
  return [
    violation('I9', row, `began ${(before.finishedMs - row.startedMs).toFixed(1)} ms before ${before.number} ended`),
  ];
}

/** I11: no automatic attempt once it is sent, failed or accepted. */
function checkNoneAfterTheEnd(series: readonly AttemptLine[], index: RunIndex): readonly Violation[] {
  return series.flatMap((row, i) => {
    const ended = series.slice(0, i).find(({ outcome }) => outcome === 'accepted' || outcome === 'gone');
    if (ended !== undefined) return [violation('I11', row, `made after attempt ${ended.number} was ${ended.outcome}`)];
    const finishedMs = index.notifications.get(row.notificationId)?.finishedMs ?? null;
    // A re-send moves the end of what had ended before, never to an earlier time.
    if (finishedMs === null || row.startedMs <= finishedMs) return [];
    return [violation('I11', row, 'made after the notification had ended')];
  });
}

/** I12: not before it is due, which is not before the wait since the last end is over. I13: nor before the endpoint wants it. */
function checkNotEarly(row: AttemptLine, before: readonly AttemptLine[], index: RunIndex): readonly Violation[] {
  const violations: Violation[] = [];
  const early = (invariant: string, atMs: number, dueMs: number, what: string) => {
    if (atMs + clockSlackMs < dueMs)
      violations.push(violation(invariant, row, `${what} ${(dueMs - atMs).toFixed(1)} ms early`));
  };
  if (row.dueMs !== null) early('I12', row.startedMs, row.dueMs, 'claimed');
  const arrivedMs = index.requestOf(row)?.atMs;
  if (arrivedMs !== undefined) early('I12', arrivedMs, row.startedMs, 'requested before its claim,');
  const last = before.at(-1);
  if (last?.finishedMs == null) return violations;
  const { scheduleMs, unhintedDelayMs } = index.logs.rules;
  if (takesStep(last)) {
    const planned = scheduleMs[before.slice(0, -1).filter(takesStep).length] ?? 0;
    const least = last.failureReason === 'TIMEOUT' ? Math.max(planned, unhintedDelayMs) : planned;
    early('I12', row.startedMs, last.finishedMs + least, `after attempt ${last.number}`);
  }
  if (last.httpStatus === 503)
    early('I13', row.startedMs, last.finishedMs + retryAfterSeconds * 1_000, `after the 503 of attempt ${last.number}`);
  return violations;
}

/** Whether an entry of the schedule was surely used: a reset kept-alive connection and a lease too short use none. */
function takesStep({ outcome, failureReason }: AttemptLine): boolean {
  return outcome === 'failed' && failureReason !== 'RESET' && failureReason !== 'OTHER';
}

/** I14: no more automatic attempts than the schedule has. I15: three unknown ones in a row at most. */
function checkHowMany(id: string, series: readonly AttemptLine[], index: RunIndex): readonly Violation[] {
  const violations: Violation[] = [];
  const attemptsMax = index.logs.rules.scheduleMs.length + 1;
  const taken = series.filter(takesStep).length;
  if (taken > attemptsMax)
    violations.push({ invariant: 'I14', about: id, said: `${taken} failed attempts of at most ${attemptsMax}` });
  let inRow = 0;
  for (const { outcome } of series) {
    inRow = outcome === 'unknown' ? inRow + 1 : 0;
    if (inRow > unknownInRowMax)
      violations.push({ invariant: 'I15', about: id, said: `${inRow} unknown attempts in a row` });
  }
  return violations;
}

/**
 * I15: an attempt is unknown once its lease ran out, because its dispatcher ended or stood still, or because Postgres gave the claim and could
 * not say so.
 */
function checkUnknown(row: AttemptLine, index: RunIndex): readonly Violation[] {
  if (row.outcome !== 'unknown') return [];
  if (row.finishedMs !== null && row.finishedMs < row.leaseUntilMs)
    return [
      violation('I15', row, `unknown ${(row.leaseUntilMs - row.finishedMs).toFixed(1)} ms before its lease ran out`),
    ];
  const isCause = (fault: InjectedFault) => losesClaims(fault) || (fault.part === 'postgres' && fault.kind !== 'slow');
  if (index.faultsWithin(row.startedMs - recordedWithinMs, row.leaseUntilMs, isCause).length > 0) return [];
  return [violation('I15', row, 'unknown, and no fault was there to make it so')];
}

/** I6: what was answered 2xx with nothing in the way is an accepted attempt. */
function checkNoFalseFailure(request: SeenRequest, index: RunIndex): readonly Violation[] {
  const { end, endMs, atMs, status } = request;
  if (end !== 'answered' || endMs === null || !isAccepted(status)) return [];
  const row = index.attemptOf(request);
  if (row === undefined || row.outcome === 'accepted') return []; // without a row: I10
  const tookMs = endMs - Math.min(atMs, row.startedMs);
  if (row.failureReason === 'TIMEOUT' && tookMs >= lateShare * index.logs.rules.attemptTimeoutMs) return [];
  if (index.faultsWithin(Math.min(atMs, row.startedMs), endMs + recordedWithinMs).length > 0) return [];
  return [violation('I6', row, `answered ${status} in peace, but is ${row.outcome} ${row.failureReason ?? ''}`)];
}

function violation(invariant: string, { notificationId, number }: AttemptLine, said: string): Violation {
  return { invariant, about: `${notificationId} ${number}`, said };
}
