import { createHash } from 'node:crypto';
import { chaosEndpoints, chaosRules, templateOf } from './chaos-settings.js';
import type { AttemptLine, GeneratedEvent, InjectedFault, NotificationLine, RunLogs, SeenRequest } from './run-logs.js';

/** Logs that may be spoiled. */
export type Spoilable<T> = { -readonly [K in keyof T]: Spoilable<T[K]> };

/** One attempt of a history: what was answered, and what is on record. */
interface Course {
  readonly outcome: 'accepted' | 'failed' | 'unknown';
  /** What the receiver answered; null: it did not. */
  readonly status: number | null;
  readonly reason?: string;
  readonly manual?: true;
  /** From its end to the next one's begin, milliseconds. */
  readonly waitMs?: number;
}

const receiver = 'http://127.0.0.1:15000';
const beginMs = 1_800_000_000_000;
const requestMs = 20;
/** From the claim to the arrival, and from the answer to its record. */
const travelMs = 5;
const accepted: Course = { outcome: 'accepted', status: 200 };
const failed = (status: number, waitMs: number): Course => ({
  outcome: 'failed',
  status,
  reason: 'HTTP_STATUS',
  waitMs,
});
const lost: Course = { outcome: 'unknown', status: null };

/** Histories by event; each begins a minute after the one before. */
const courses: readonly (readonly [string, string, string, readonly Course[]])[] = [
  ['at-once', 'ok-1', 'sent', [accepted]],
  ['retried', 'flaky-1', 'sent', [failed(500, 1_000), failed(302, 1_010), accepted]],
  ['exhausted', 'flaky-2', 'failed EXHAUSTED', [1_000, 1_000, 2_000, 3_000, 0].map((waitMs) => failed(500, waitMs))],
  ['hinted', 'unavailable', 'sent', [failed(503, 2_000), { ...accepted, status: 204 }]],
  ['hung', 'hang', 'sent', [{ outcome: 'failed', status: null, reason: 'TIMEOUT', waitMs: 1_000 }, accepted]],
  ['reset', 'reset', 'sent', [{ outcome: 'failed', status: null, reason: 'RESET', waitMs: 0 }, accepted]],
  ['resent', 'ok-2', 'sent', [accepted, { ...accepted, manual: true }]],
  ['killed', 'slow-1', 'sent', [{ ...lost, status: 200 }, accepted]],
  ['frozen', 'slow-2', 'failed LEASE_LOST', [lost, lost, lost]],
];
const apartMs = 60_000;

/** A run in which every promise was kept although a dispatcher was killed, another frozen and one stopped. */
export function aCleanRun(): Spoilable<RunLogs> {
  const histories = courses.map(([eventId, endpointId, end, course], i) =>
    historyOf({ eventId, endpointId, end, course, atMs: beginMs + i * apartMs }),
  );
  const others: readonly GeneratedEvent[] = [
    { ...anEvent('unmatched', []), kind: 'unmatched' },
    { ...anEvent('garbage', []), kind: 'garbage' },
    { ...anEvent('never-written', ['to-ok-1']), ack: 'unknown' },
  ];
  const killedMs = beginMs + 7 * apartMs + travelMs + requestMs;
  return structuredClone<RunLogs>({
    ...{ rules: chaosRules, endpoints: chaosEndpoints, receiver },
    events: [...courses.map(([id, endpointId]) => anEvent(id, [templateOf(endpointId)])), ...others],
    resends: [{ requestId: 'wish-0', notificationId: 'n-resent', eventId: 'resent', atMs: beginMs, ack: 'ok' }],
    requests: histories.flatMap(({ requests }) => requests),
    notifications: histories.map(({ notification }) => notification),
    attempts: histories.flatMap(({ attempts }) => attempts),
    faults: [
      aFault({ kind: 'kill', part: 'dispatcher-1', fromMs: killedMs, claimsOpen: 1 }),
      aFault({ kind: 'freeze', part: 'dispatcher-2', fromMs: beginMs + 8 * apartMs, forMs: 30_000, claimsOpen: 3 }),
      aFault({ kind: 'stop', part: 'dispatcher-2', fromMs: beginMs + 9 * apartMs, exitCode: 0 }),
    ],
    books: { matched: courses.length, unmatched: 1, duplicate: 1, parked: 1, recordsInTopic: courses.length + 3 },
    ...{ duplicateRecords: 1, circuits: [], pauses: [], disabled: [] },
  }) as Spoilable<RunLogs>;
}

/** A fault that takes two seconds, unless it says otherwise. */
export function aFault(
  fields: Partial<InjectedFault> & { readonly fromMs: number; readonly forMs?: number },
): Spoilable<InjectedFault> {
  const { forMs = 2_000, ...rest } = fields;
  return { kind: 'kill', part: 'dispatcher-1', untilMs: fields.fromMs + forMs, claimsOpen: null, ...rest };
}

function anEvent(id: string, templates: readonly string[]): GeneratedEvent {
  const records = id === 'at-once' ? 2 : 1;
  return { id, kind: 'matched', templates, by: 'kafka', records, atMs: beginMs, ack: 'ok' };
}

interface HistoryOrder {
  readonly eventId: string;
  readonly endpointId: string;
  readonly end: string;
  readonly course: readonly Course[];
  readonly atMs: number;
}

function historyOf({ eventId, endpointId, end, course, atMs }: HistoryOrder) {
  const id = `n-${eventId}`;
  const body = Buffer.from(JSON.stringify({ eventId }));
  const attempts: AttemptLine[] = [];
  const requests: SeenRequest[] = [];
  let dueMs = atMs;
  let step = 0;
  for (const [i, one] of course.entries()) {
    const about = { id, number: i + 1, path: `/${endpointId}`, eventId, body, dueMs };
    const attempt = attemptOf(about, one);
    attempts.push(attempt);
    requests.push(requestOf(about, one));
    dueMs = (attempt.finishedMs ?? 0) + (one.waitMs ?? 0);
    if (one.outcome === 'failed' && one.reason !== 'RESET') step++;
  }
  const [state = '', failureReason = null] = end.split(' ');
  const stepsMax = chaosRules.scheduleMs.length;
  const notification: NotificationLine = {
    ...{ id, eventId, endpointId, templateId: templateOf(endpointId), state, failureReason },
    ...{ attemptCount: course.length, step: Math.min(step, stepsMax), createdMs: atMs, nextAttemptMs: null },
    finishedMs: attempts.at(-1)?.finishedMs ?? null,
    payloadSha256: sha256(body),
    payloadBytes: body.length,
  };
  return { notification, attempts, requests };
}

interface AttemptOrder {
  readonly id: string;
  readonly number: number;
  readonly path: string;
  readonly eventId: string;
  readonly body: Buffer;
  readonly dueMs: number;
}

function attemptOf({ id, number, path, dueMs }: AttemptOrder, one: Course): AttemptLine {
  const { outcome, status, reason = null, manual } = one;
  const takesMs = outcome === 'unknown' ? chaosRules.leaseMs + 500 : 2 * travelMs + requestMs;
  return {
    ...{ notificationId: id, number, trigger: manual ? 'manual' : 'auto', askedBy: 'renderer', state: 'finished' },
    ...{ outcome, failureReason: reason, httpStatus: outcome === 'unknown' ? null : status, url: `${receiver}${path}` },
    ...{ dueMs: manual ? null : dueMs, startedMs: dueMs, finishedMs: dueMs + takesMs },
    ...{ leaseUntilMs: dueMs + chaosRules.leaseMs, responseBytes: null, errorDetail: null },
  };
}

function requestOf({ id, number, path, eventId, body, dueMs }: AttemptOrder, { status }: Course): SeenRequest {
  const atMs = dueMs + travelMs;
  return {
    ...{ path, method: 'POST', webhookId: id, attempt: number, eventId, atMs },
    ...{ bodySha256: sha256(body), bodyBytes: body.length, signatureValid: true, idempotencyKey: id },
    ...{ timestampS: Math.floor(atMs / 1_000), status, answerBytes: status === null ? 0 : 4 },
    ...{ end: status === null ? 'closed' : 'answered', endMs: atMs + requestMs, open: 1 },
  };
}

function sha256(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex');
}
