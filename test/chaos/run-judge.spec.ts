import { describe, expect, it } from 'vitest';
import { aCleanRun, aFault, type Spoilable } from './clean-run.js';
import { vacuousLines } from './reached-states.js';
import { judged } from './run-judge.js';
import type { AttemptLine, NotificationLine, RunLogs, SeenRequest } from './run-logs.js';

type Logs = Spoilable<RunLogs>;

function notification(logs: Logs, event: string): Spoilable<NotificationLine> {
  return found(logs.notifications.find(({ eventId }) => eventId === event));
}

function attempt(logs: Logs, event: string, number = 1): Spoilable<AttemptLine> {
  return found(logs.attempts.find((row) => row.notificationId === `n-${event}` && row.number === number));
}

function request(logs: Logs, event: string, number = 1): Spoilable<SeenRequest> {
  return found(logs.requests.find((seen) => seen.webhookId === `n-${event}` && seen.attempt === number));
}

function found<T>(one: T | undefined): T {
  if (one === undefined) throw new Error('the clean run has no such thing');
  return one;
}

/** One more attempt of the same notification, some time after its last one. */
function repeat(
  logs: Logs,
  event: string,
  afterMs: number,
): { row: Spoilable<AttemptLine>; seen: Spoilable<SeenRequest> } {
  const number = logs.attempts.filter(({ notificationId }) => notificationId === `n-${event}`).length;
  const last = attempt(logs, event, number);
  const startedMs = (last.finishedMs ?? 0) + afterMs;
  const times = { dueMs: startedMs, startedMs, finishedMs: startedMs + 30, leaseUntilMs: startedMs + 6_000 };
  const row = { ...last, ...times, number: number + 1 };
  const atMs = startedMs + 5;
  const at = { atMs, endMs: atMs + 20, timestampS: Math.floor(atMs / 1_000), attempt: number + 1 };
  const seen = { ...request(logs, event, number), ...at };
  logs.attempts.push(row);
  logs.requests.push(seen);
  notification(logs, event).attemptCount++;
  return { row, seen };
}

/** What is done to a clean run, and which promise it breaks. */
const spoiled: readonly (readonly [string, string, (logs: Logs) => void])[] = [
  ['I1', 'an event without a notification', (logs) => logs.notifications.splice(0, 1)],
  [
    'I1',
    'a second notification of one event',
    (logs) => logs.notifications.push({ ...notification(logs, 'at-once'), id: 'other' }),
  ],
  ['I2', 'a notification of an event nobody produced', (logs) => (notification(logs, 'retried').eventId = 'nobody')],
  [
    'I2',
    'a notification of an event that matches nothing',
    (logs) => logs.notifications.push({ ...notification(logs, 'at-once'), id: 'x', eventId: 'unmatched' }),
  ],
  ['I2', 'a request of no notification', (logs) => logs.requests.push({ ...request(logs, 'at-once'), webhookId: 'x' })],
  ['I3', 'a record without a verdict', (logs) => logs.books.recordsInTopic++],
  ['I3', 'a parked record called a duplicate', (logs) => Object.assign(logs.books, { parked: 0, duplicate: 2 })],
  [
    'I4',
    'a notification that is still pending',
    (logs) => Object.assign(notification(logs, 'at-once'), { state: 'pending', finishedMs: null }),
  ],
  [
    'I4',
    'an attempt that is still open',
    (logs) => Object.assign(attempt(logs, 'frozen', 3), { state: 'started', outcome: null }),
  ],
  ['I4', 'an attempt that is not counted', (logs) => notification(logs, 'retried').attemptCount--],
  ['I5', 'sent without a request that was accepted', (logs) => (request(logs, 'at-once').status = 500)],
  [
    'I6',
    'an answer taken for a failure',
    (logs) => Object.assign(attempt(logs, 'retried', 3), { outcome: 'failed', failureReason: 'RESET' }),
  ],
  ['I7', 'exhausted before the schedule was', (logs) => (notification(logs, 'exhausted').step = 3)],
  [
    'I7',
    'failed for a reason nothing here leads to',
    (logs) => (notification(logs, 'exhausted').failureReason = 'GONE'),
  ],
  ['I7', 'given up after leases that were not lost', (logs) => (attempt(logs, 'frozen', 2).outcome = 'failed')],
  ['I8', 'a gap in the numbers', (logs) => (attempt(logs, 'retried', 3).number = 4)],
  ['I8', 'a number given twice', (logs) => (attempt(logs, 'retried', 3).number = 2)],
  ['I9', 'two attempts at once', (logs) => (attempt(logs, 'resent', 2).startedMs -= 1)],
  ['I10', 'two requests of one attempt', (logs) => logs.requests.push(request(logs, 'at-once'))],
  ['I10', 'a request that is not in the history', (logs) => (request(logs, 'at-once').attempt = 2)],
  ['I10', 'a status nobody answered', (logs) => (attempt(logs, 'retried').httpStatus = 501)],
  ['I11', 'an attempt after the accepted one', (logs) => repeat(logs, 'at-once', 1_000)],
  [
    'I11',
    'an attempt after the notification ended',
    (logs) => (notification(logs, 'retried').finishedMs = attempt(logs, 'retried', 1).finishedMs),
  ],
  [
    'I12',
    'a retry before its wait was over',
    (logs) =>
      Object.assign(attempt(logs, 'retried', 2), {
        startedMs: attempt(logs, 'retried', 2).startedMs - 10,
        dueMs: null,
      }),
  ],
  [
    'I12',
    'a claim before it was due',
    (logs) => (attempt(logs, 'at-once').dueMs = attempt(logs, 'at-once').startedMs + 10),
  ],
  ['I12', 'a request before its claim', (logs) => (request(logs, 'at-once').atMs -= 10)],
  ['I13', 'a retry before the endpoint wanted it', (logs) => (attempt(logs, 'hinted', 2).startedMs -= 500)],
  ['I14', 'more attempts than the schedule has', (logs) => repeat(logs, 'exhausted', 5_000)],
  ['I15', 'an unknown attempt without a fault', (logs) => logs.faults.splice(1, 1)],
  ['I15', 'an attempt closed before its lease ran out', (logs) => (attempt(logs, 'killed').leaseUntilMs += 1_000)],
  ['I15', 'four unknown attempts in a row', (logs) => repeat(logs, 'frozen', 10)],
  ['I16', 'other bytes the second time', (logs) => (request(logs, 'retried', 2).bodySha256 = '00')],
  ['I16', 'the bytes of another event', (logs) => (request(logs, 'retried', 2).eventId = 'at-once')],
  ['I17', 'a signature that does not verify', (logs) => (request(logs, 'at-once').signatureValid = false)],
  ['I17', 'an old timestamp', (logs) => (request(logs, 'at-once').timestampS -= 7)],
  ['I17', 'another idempotency key', (logs) => (request(logs, 'at-once').idempotencyKey = 'x')],
  ['I18', 'a redirect that was followed', (logs) => (request(logs, 'retried', 2).path = '/canary')],
  ['I18', 'the address of another endpoint', (logs) => (request(logs, 'at-once').path = '/ok-2')],
  ['I18', 'another method', (logs) => (request(logs, 'at-once').method = 'GET')],
  ['I19', 'more bytes read than were sent', (logs) => (attempt(logs, 'at-once').responseBytes = 5)],
  ['I20', 'a repeated request without a fault', (logs) => logs.faults.splice(0, 1)],
  [
    'I20',
    'a repeated request of an attempt that is on record as accepted',
    (logs) => (attempt(logs, 'killed').outcome = 'accepted'),
  ],
  ['I20', 'more repeated requests than attempts were open', (logs) => (found(logs.faults[0]).claimsOpen = 0)],
  ['I21', 'more requests under way than the endpoint wants', (logs) => (request(logs, 'at-once').open = 11)],
  ['LEASE', 'a request after its lease', (logs) => (request(logs, 'frozen', 2).atMs += 6_100)],
  ['RESEND', 'a wish that led to nothing', (logs) => (attempt(logs, 'resent', 2).trigger = 'auto')],
  [
    'EXIT',
    'an app that ended by itself',
    (logs) => logs.faults.push(aFault({ kind: 'exit', part: 'renderer', fromMs: 0, exitCode: 1 })),
  ],
  ['EXIT', 'an app that does not stop when asked', (logs) => (found(logs.faults[2]).exitCode = null)],
];

describe('the checker', () => {
  it('finds nothing in a run that kept every promise', () => {
    expect(judged(aCleanRun()).violations).toEqual([]);
  });

  it.each(spoiled)('finds %s: %s', (invariant, _what, spoil) => {
    const logs = aCleanRun();
    spoil(logs);
    expect(judged(logs).violations.map((violation) => violation.invariant)).toContain(invariant);
  });

  it('takes an answer after the deadline for what it is', () => {
    const logs = aCleanRun();
    logs.faults.splice(0, 1);
    Object.assign(attempt(logs, 'killed'), {
      outcome: 'failed',
      failureReason: 'TIMEOUT',
      finishedMs: attempt(logs, 'killed').startedMs + 2_000,
    });
    request(logs, 'killed').endMs = request(logs, 'killed').atMs + 1_900;
    expect(judged(logs).violations.map(({ invariant }) => invariant)).not.toContain('I20');
  });

  it('takes a request that a frozen dispatcher sends late for a duplicate that may be', () => {
    const logs = aCleanRun();
    const accepted = request(logs, 'killed', 2);
    Object.assign(request(logs, 'killed', 1), { status: null, end: 'closed', atMs: (accepted.endMs ?? 0) + 10 });
    expect(judged(logs).violations.map(({ invariant }) => invariant)).not.toContain('I20');
    logs.faults.splice(0, 1);
    expect(judged(logs).violations.map(({ invariant }) => invariant)).toContain('I20');
  });

  it('counts one duplicate for an attempt that was lost, however often the schedule repeats it', () => {
    const logs = aCleanRun();
    Object.assign(attempt(logs, 'retried', 1), { outcome: 'unknown', httpStatus: null, failureReason: null });
    request(logs, 'retried', 1).status = 200;
    const fromMs = (request(logs, 'retried', 1).endMs ?? 0) - 1;
    const i20 = (claimsOpen: number) => {
      const fault = aFault({ kind: 'kill', part: 'dispatcher-1', fromMs, claimsOpen });
      const { violations } = judged({ ...logs, faults: [...logs.faults, fault] });
      return violations.filter(({ invariant }) => invariant === 'I20');
    };
    expect(i20(1)).toEqual([]);
    expect(i20(0)).toHaveLength(1);
  });

  it('excuses one request that a frozen dispatcher had begun when it stopped, and no other', () => {
    const logs = aCleanRun();
    const freeze = found(logs.faults[1]);
    const late = (eventId: string) => {
      Object.assign(attempt(logs, eventId), { startedMs: freeze.fromMs - 5, leaseUntilMs: freeze.fromMs + 5_995 });
      Object.assign(request(logs, eventId), {
        atMs: freeze.untilMs + 5,
        timestampS: Math.floor(freeze.fromMs / 1_000),
      });
      return judged(logs).violations.filter(({ invariant }) => invariant === 'LEASE').length;
    };
    expect([late('frozen'), late('at-once')]).toEqual([0, 1]);
  });

  it('lets the requests of an owner that is gone come on top, and no more', () => {
    const counts = [20, 21].map((open) => {
      const logs = aCleanRun();
      request(logs, 'frozen', 2).open = open;
      return judged(logs).violations.filter(({ invariant }) => invariant === 'I21').length;
    });
    expect(counts).toEqual([0, 1]);
  });
});

describe('a run', () => {
  const lacks = (spoil: (logs: Logs) => unknown, seconds = 90) => {
    const logs = aCleanRun();
    spoil(logs);
    return vacuousLines(judged(logs).states, seconds);
  };

  it('may be believed when it reached the dangerous states', () => {
    expect(lacks(() => undefined)).toEqual([]);
  });

  const states: readonly (readonly [string, (logs: Logs) => unknown])[] = [
    ['a dispatcher killed with requests in flight', (logs) => logs.faults.splice(0, 1)],
    [
      'a lease ran out (attempt unknown)',
      (logs) => Object.assign(logs, { attempts: logs.attempts.filter(({ outcome }) => outcome !== 'unknown') }),
    ],
    ['a delivery written twice', (logs) => Object.assign(logs, { duplicateRecords: 0 })],
  ];

  it.each(states)('is vacuous without %s', (name, spoil) => {
    expect(lacks(spoil)).toContain(`never reached: ${name}`);
  });

  it('that is short may miss them', () => {
    expect(lacks((logs) => (logs.duplicateRecords = 0), 60)).toEqual([]);
  });
});
