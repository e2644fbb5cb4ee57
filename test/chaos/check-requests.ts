import { canaryPath } from './receiver-scripts.js';
import { grouped, isAccepted, type RunIndex } from './run-index.js';
import type { AttemptLine, InjectedFault, SeenRequest, Violation } from './run-logs.js';

/** A request arrives so soon after its timestamp, unless something stood still in between. Milliseconds. */
const timestampAgeMsMax = 5_000;
/** Whole seconds are cut off, and the clock that does it is the machine's own. */
const timestampAheadMsMax = 1_000;

/** From SIGCONT to what the process was about to do. Milliseconds. */
const goesOnMsMax = 200;

/** Every request belongs to one attempt, and bears what was rendered, signed, to where it must go. */
export function checkRequests(index: RunIndex): readonly Violation[] {
  return [
    ...index.logs.requests.flatMap((request) => [
      ...checkAttemptOf(request, index),
      ...checkBody(request, index),
      ...checkHeaders(request, index),
      ...checkAddress(request, index),
      ...checkConcurrency(request, index),
    ]),
    ...checkLeases(index),
    ...checkOnce(index),
    ...index.logs.attempts.flatMap((row) => checkRequestOf(row, index)),
  ];
}

/** I10: the attempt of a request is in the history. */
function checkAttemptOf(request: SeenRequest, index: RunIndex): readonly Violation[] {
  return index.attemptOf(request) === undefined ? [violation('I10', request, 'no such attempt in the history')] : [];
}

/**
 * LEASE: no first byte leaves when the lease has run out, however long the process stood still (docs/guarantees.md): the next
 * attempt may have been made by then. Between the last look at the clock and the write there is nothing but our own code: of
 * the requests of a process that stands still one may be there, which then goes out as soon as it goes on.
 */
function checkLeases(index: RunIndex): readonly Violation[] {
  const excused = new Set<InjectedFault>();
  return index.logs.requests.flatMap((request) => {
    const attempt = index.attemptOf(request);
    const lateMs = request.atMs - (attempt?.leaseUntilMs ?? request.atMs);
    if (attempt === undefined || lateMs <= 0) return [];
    const stoodStill = index
      .faultsWithin(attempt.startedMs, request.atMs, ({ kind }) => kind === 'freeze')
      .find((fault) => !excused.has(fault) && isBegunIn(fault, { claimedMs: attempt.startedMs, request }));
    if (stoodStill !== undefined) {
      excused.add(stoodStill);
      return [];
    }
    const after = (ms: number) => `${(ms - attempt.startedMs).toFixed(0)} ms`;
    const said = `arrived ${lateMs.toFixed(0)} ms after its lease ran out, ${after(request.atMs)} after its claim`;
    return [violation('LEASE', request, `${said}; signed ${after(request.timestampS * 1_000)} after it`)];
  });
}

/** Claimed and signed before the process stood still, and sent when it went on. */
function isBegunIn(
  { fromMs, untilMs }: InjectedFault,
  { claimedMs, request }: { readonly claimedMs: number; readonly request: SeenRequest },
): boolean {
  const isBefore = claimedMs <= fromMs && request.timestampS * 1_000 <= fromMs;
  return isBefore && request.atMs >= untilMs && request.atMs - untilMs < goesOnMsMax;
}

/** I10: one attempt is one request. */
function checkOnce({ logs }: RunIndex): readonly Violation[] {
  const attempts = grouped(logs.requests, ({ webhookId, attempt }) => `${webhookId} ${attempt}`);
  return [...attempts].flatMap(([about, all]) =>
    all.length === 1 ? [] : [{ invariant: 'I10', about, said: `${all.length} requests of one attempt` }],
  );
}

/** I10: a status in the history was answered so. I19: and no more was read than was sent and may be read. */
function checkRequestOf(row: AttemptLine, index: RunIndex): readonly Violation[] {
  const about = { webhookId: row.notificationId, attempt: row.number };
  const request = index.requestOf(row);
  if (row.httpStatus !== null && request?.status !== row.httpStatus)
    return [
      violation('I10', about, `status ${row.httpStatus} in the history, ${request?.status ?? 'none'} was answered`),
    ];
  if (row.outcome === 'accepted' && !isAccepted(row.httpStatus))
    return [violation('I10', about, `accepted with status ${row.httpStatus}`)];
  const bytesMax = Math.min(index.logs.rules.responseReadBytes, request?.answerBytes ?? 0);
  if ((row.responseBytes ?? 0) > bytesMax)
    return [violation('I19', about, `${row.responseBytes} bytes were read of ${bytesMax}`)];
  return [];
}

/** I16: the bytes are those that were stored, always. */
function checkBody(request: SeenRequest, index: RunIndex): readonly Violation[] {
  const row = index.notifications.get(request.webhookId);
  if (row === undefined) return [violation('I2', request, 'a request of no notification')];
  if (request.bodySha256 !== row.payloadSha256 || request.bodyBytes !== row.payloadBytes)
    return [violation('I16', request, `${request.bodyBytes} other bytes than the ${row.payloadBytes} that are stored`)];
  if (request.eventId !== row.eventId)
    return [violation('I16', request, `the body tells of ${request.eventId}, its row of ${row.eventId}`)];
  return [];
}

/** I17: signed, and signed now, under its own id. */
function checkHeaders(request: SeenRequest, index: RunIndex): readonly Violation[] {
  const violations: Violation[] = [];
  if (!request.signatureValid) violations.push(violation('I17', request, 'the signature does not verify'));
  if (request.idempotencyKey !== request.webhookId)
    violations.push(violation('I17', request, `the idempotency key is ${request.idempotencyKey}`));
  const signedMs = request.timestampS * 1_000;
  const ageMs = request.atMs - signedMs;
  const stoodStill = index.faultsWithin(signedMs, request.atMs).length > 0;
  if (ageMs < -timestampAheadMsMax || (ageMs > timestampAgeMsMax && !stoodStill))
    violations.push(violation('I17', request, `the timestamp is ${ageMs} ms old`));
  return violations;
}

/** I18: by POST to the endpoint's own URL, and never to where a redirect leads. */
function checkAddress(request: SeenRequest, index: RunIndex): readonly Violation[] {
  if (request.path === canaryPath) return [violation('I18', request, 'a redirect was followed')];
  const endpointId = index.notifications.get(request.webhookId)?.endpointId;
  const url = index.attemptOf(request)?.url;
  const isRight =
    request.path === `/${endpointId}` && (url === undefined || url === `${index.logs.receiver}${request.path}`);
  if (request.method === 'POST' && isRight) return [];
  return [violation('I18', request, `${request.method} ${request.path}, of endpoint ${endpointId} at ${url}`)];
}

/**
 * I21: no more requests under way to one endpoint than it wants; those of an owner that is gone come on top, for as long
 * as it takes to notice.
 */
function checkConcurrency(request: SeenRequest, index: RunIndex): readonly Violation[] {
  const { concurrency } = index.logs.rules;
  if (request.open <= concurrency) return [];
  const max = index.mayHaveTwoOwners(request.atMs) ? 2 * concurrency : concurrency;
  return request.open > max
    ? [violation('I21', request, `${request.open} of at most ${max} requests under way to ${request.path}`)]
    : [];
}

function violation(
  invariant: string,
  { webhookId, attempt }: Pick<SeenRequest, 'webhookId' | 'attempt'>,
  said: string,
): Violation {
  return { invariant, about: `${webhookId} ${attempt}`, said };
}
