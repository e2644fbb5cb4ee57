/** How attempts are shown: one a line, with everything, or as JSON. What a receiver answered is hostile text. */
import type { Attempt__Output } from '#contracts/generated/hookline/admin/v1/Attempt';
import { bytesValue, int64Value, orNull, reasonText, stateText, timeText, utf8Text } from './api-values.js';
import { displayText, shortened } from './display-text.js';
import type { Colour, Column } from './table.js';

/** Of a body in a terminal; `-o json` has all that is kept. */
const shownCharsMax = 4_000;

const failureOf = ({ failureReason }: Attempt__Output) => reasonText(failureReason, 'FAILURE_REASON');
const outcomeOf = ({ outcome }: Attempt__Output) => stateText(outcome, 'ATTEMPT_OUTCOME');
const triggerOf = ({ trigger }: Attempt__Output) => stateText(trigger, 'ATTEMPT_TRIGGER');
const stateOf = ({ state }: Attempt__Output) => stateText(state, 'ATTEMPT_STATE');
const isFinished = (attempt: Attempt__Output) => stateOf(attempt) === 'finished';
const statusOf = ({ httpStatus }: Attempt__Output) => (httpStatus === 0 ? '' : String(httpStatus));
const askedOf = (attempt: Attempt__Output) =>
  [triggerOf(attempt), attempt.requestedBy].filter((text) => text !== '').join(' by ');
const durationOf = (attempt: Attempt__Output) => (isFinished(attempt) ? String(attempt.durationMs) : '');

const outcomeColours: Readonly<Record<string, Colour>> = {
  accepted: 'green',
  failed: 'red',
  gone: 'red',
  unknown: 'yellow',
};

export const attemptColumns: readonly Column<Attempt__Output>[] = [
  { title: 'NUMBER', text: ({ number }) => String(number) },
  { title: 'STATE', text: stateOf },
  { title: 'OUTCOME', text: outcomeOf, colour: (row) => outcomeColours[outcomeOf(row)] },
  { title: 'REASON', text: failureOf },
  { title: 'HTTP', text: statusOf },
  { title: 'TRIGGER', text: askedOf },
  { title: 'STARTED', text: ({ startTime }) => timeText(startTime) },
  { title: 'MS', text: durationOf },
  { title: 'URL', text: ({ url }) => url },
  { title: 'DETAIL', text: ({ errorDetail }) => errorDetail },
  { title: 'ANSWER', text: (row) => answerText(row) ?? `not UTF-8, ${row.responseBody.length} bytes` },
];

/** Fields, then the lines of the body. */
export function attemptDetails(attempt: Attempt__Output): {
  readonly fields: readonly (readonly [string, string])[];
  readonly text: string;
} {
  const reason = failureOf(attempt);
  const outcome = outcomeOf(attempt) || stateOf(attempt);
  const fields = [
    ['attempt', String(attempt.number)],
    ['outcome', reason === '' ? outcome : `${outcome} (${reason})`],
    ['http status', statusOf(attempt)],
    ['detail', attempt.errorDetail],
    ['trigger', askedOf(attempt)],
    ['asked by', attempt.askedBy],
    ['url', `${attempt.url} (version ${attempt.endpointVersion})`],
    ['peer', attempt.peerAddress],
    ['due', timeText(attempt.dueTime)],
    ['started', timeText(attempt.startTime)],
    ['finished', timeText(attempt.finishTime)],
    ['took', phasesText(attempt)],
    ...Object.entries(attempt.responseHeaders).map(([name, value]) => [`header ${displayText(name)}`, value] as const),
    ['answer', bodySize(attempt)],
  ] as const;
  const text = answerText(attempt) ?? `(base64) ${attempt.responseBody.toString('base64')}`;
  return { fields, text: shortened(text, shownCharsMax) };
}

export function attemptJson(a: Attempt__Output): object {
  return {
    number: a.number,
    trigger: triggerOf(a),
    askedBy: a.askedBy,
    requestedBy: orNull(a.requestedBy),
    state: stateOf(a),
    outcome: orNull(outcomeOf(a)),
    failureReason: orNull(failureOf(a)),
    httpStatus: orNull(a.httpStatus),
    url: a.url,
    endpointVersion: a.endpointVersion,
    dueTime: orNull(timeText(a.dueTime)),
    startTime: orNull(timeText(a.startTime)),
    finishTime: orNull(timeText(a.finishTime)),
    leaseEndTime: orNull(timeText(a.leaseEndTime)),
    durationMs: a.durationMs,
    responseBytes: a.responseBytes,
    errorDetail: orNull(a.errorDetail),
    dnsMs: a.dnsMs ?? null,
    connectMs: a.connectMs ?? null,
    tlsMs: a.tlsMs ?? null,
    firstByteMs: a.firstByteMs ?? null,
    peerAddress: orNull(a.peerAddress),
    responseCut: orNull(a.responseCut),
    responseHeaders: a.responseHeaders,
    ...bytesValue('responseBody', bodyText(a) === null ? a.responseBody : wholeCharacters(a)),
    responseTotalBytes: a.responseTotalBytes === undefined ? null : int64Value(a.responseTotalBytes),
  };
}

/** `312 ms: dns 3, connect 20, tls 41, first byte at 309`; what did not happen is left out. */
function phasesText(attempt: Attempt__Output): string {
  if (!isFinished(attempt)) return '';
  const { dnsMs, connectMs, tlsMs, firstByteMs } = attempt;
  const phases = Object.entries({ dns: dnsMs, connect: connectMs, tls: tlsMs, 'first byte at': firstByteMs }).flatMap(
    ([name, ms]) => (ms === undefined ? [] : [`${name} ${ms}`]),
  );
  return [`${attempt.durationMs} ms`, phases.join(', ')].filter((text) => text !== '').join(': ');
}

/** How much of the body is kept, of how much, and why it was read no further. */
function bodySize({
  httpStatus,
  responseBody,
  responseBytes,
  responseTotalBytes: total,
  responseCut,
}: Attempt__Output) {
  if (httpStatus === 0) return '';
  const kept = responseBody.length;
  const read = responseCut === '' ? '' : `; cut after ${responseBytes} (${responseCut})`;
  if (total === undefined) return `the first ${kept} bytes${read}`;
  return Number(total) === kept ? `${kept} bytes` : `the first ${kept} of ${total} bytes${read}`;
}

/** Null: it is not UTF-8. */
const bodyText = (attempt: Attempt__Output) => utf8Text(wholeCharacters(attempt));

/** The kept body, harmless in a terminal, line by line; null: it is not UTF-8. */
function answerText(attempt: Attempt__Output): string | null {
  return bodyText(attempt)?.split(/\r?\n/).map(displayText).join('\n') ?? null;
}

/** The kept bytes; where a cut went through a character of UTF-8 (RFC 3629: up to four bytes), without its beginning. */
function wholeCharacters({ responseBody: body, responseTotalBytes: total }: Attempt__Output): Uint8Array {
  if (total !== undefined && Number(total) === body.length) return body;
  const last = body.findLastIndex((byte) => (byte & 0b1100_0000) !== 0b1000_0000);
  const lead = body[last] ?? 0;
  const length = lead >= 0b1111_0000 ? 4 : lead >= 0b1110_0000 ? 3 : lead >= 0b1100_0000 ? 2 : 1;
  return last >= 0 && body.length - last < length ? body.subarray(0, last) : body;
}
