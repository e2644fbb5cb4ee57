/**
 * One HTTP request under one total deadline -> AttemptReport. Never throws for the endpoint's fault.
 *
 * The status line and the headers decide: once a 2xx began the attempt is accepted, whatever becomes of its body.
 * Redirects are never followed. Killed in here: the request may have been seen; the claim's lease tells (dispatch).
 */
import type { AttemptOutcome, AttemptReport, FailureReason } from '#domain/attempt';
import type { Clock } from '#domain/clock';
import type { NotificationId } from '#domain/ids';
import type { Secret } from '#domain/secret';
import type { RequestMethod } from '#domain/webhook-template';
import type { EgressClient } from './egress-client.js';
import { exchange, type HttpAnswer, phasesOf } from './exchange.js';
import { failureOf } from './network-failure.js';
import { signatureHeaders } from './request-signature.js';
import { retryAfterMs } from './retry-after.js';

/** One request, complete. */
export interface AttemptRequest {
  readonly url: string;
  readonly method: RequestMethod;
  readonly contentType: string;
  /** Exactly these bytes are signed and sent. */
  readonly body: Buffer;
  readonly notificationId: NotificationId;
  readonly attemptNumber: number;
  /** All of them sign; newest first. Without any, nothing is sent. */
  readonly secrets: readonly Secret[];
  /** From the first step to the last byte, in milliseconds. */
  readonly totalTimeoutMs: number;
}

/** Sends one attempt and says how it ended. */
export async function sendAttempt(
  request: AttemptRequest,
  deps: { readonly client: EgressClient; readonly clock: Clock },
): Promise<AttemptReport> {
  const { client, clock } = deps;
  const destination = client.destinationOf(request.url);
  if (destination.kind === 'refused')
    return unsent('DESTINATION_NOT_ALLOWED', `the address is not allowed: ${destination.said}`);
  if (request.secrets.length === 0) return unsent('OTHER', 'the endpoint has no valid signing secret');
  const startedMs = clock.monotonicMs();
  const { method, body, secrets, totalTimeoutMs } = request;
  const headers = headersOf(request, clock.nowMs(), client.settings.version);
  const elapsedMs = () => clock.monotonicMs() - startedMs;
  const { origin, path } = destination;
  const answer = await exchange({ origin, path, method, headers, body, totalTimeoutMs, elapsedMs, secrets }, client);
  return reportOf(answer, elapsedMs(), clock.nowMs());
}

function headersOf(request: AttemptRequest, nowMs: number, version: string): Readonly<Record<string, string>> {
  const { notificationId: id, body, secrets } = request;
  return {
    'content-type': request.contentType,
    'user-agent': `Hookline/${version}`,
    ...signatureHeaders({ id, timestampS: Math.floor(nowMs / 1_000), body }, secrets),
    'webhook-attempt': String(request.attemptNumber),
    'x-notifications-idempotency-key': id,
  };
}

function reportOf(answer: HttpAnswer, durationMs: number, nowMs: number): AttemptReport {
  const { status, headers: responseHeaders, body: responseBody, bytes: responseBytes, cut: responseCut } = answer;
  const phases = phasesOf(answer);
  if (status === null) return { durationMs, phases, responseBody, responseBytes, ...failureOf(answer) };
  const outcome = outcomeOf(status, retryAfterMs(responseHeaders, nowMs));
  const report = { outcome, durationMs, phases, httpStatus: status, responseHeaders, responseBody, responseBytes };
  const detail = errorDetail(status, responseHeaders);
  if (detail === null && responseCut === null) return report;
  return {
    ...report,
    ...(responseCut === null ? {} : { responseCut }),
    ...(detail === null ? {} : { errorDetail: detail }),
  };
}

function outcomeOf(status: number, hintMs: number | null): AttemptOutcome {
  if (status >= 200 && status <= 299) return { kind: 'accepted' };
  if (status === 410) return { kind: 'gone' };
  const hinted = hintMs !== null && (status === 429 || status === 503);
  return { kind: 'failed', reason: 'HTTP_STATUS', ...(hinted ? { retryAfterMs: hintMs } : {}) };
}

/** Redirects are a failure; where they lead is said without its query, which may hold a secret. */
function errorDetail(status: number, { location }: Readonly<Record<string, string>>): string | null {
  if (status >= 200 && status <= 299) return null;
  if (status < 300 || status > 399 || location === undefined) return `the endpoint answered ${status}`;
  return `the endpoint answered ${status} with location ${location.replace(/[?#].*$/s, '').slice(0, 300)}; redirects are not followed`;
}

/** Of an attempt that could not be made. */
export function unsent(reason: FailureReason, errorDetail: string): AttemptReport {
  const outcome = { kind: 'failed', reason } as const;
  return { outcome, durationMs: 0, responseBody: Buffer.alloc(0), responseBytes: 0, errorDetail };
}
