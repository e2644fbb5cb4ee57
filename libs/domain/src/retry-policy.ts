import type { AttemptOutcome, FailureReason } from './attempt.js';

/** How long a failed notification waits, and when it is given up. All durations in milliseconds. */
export interface RetryPolicy {
  /** The delay after the 1st, 2nd ... failure that takes a step; when it is used up the notification is exhausted. */
  readonly scheduleMs: readonly number[];
  /** Additive jitter as a share of the delay, 0..1. */
  readonly jitter: number;
  /** The jitter is never more than this. */
  readonly jitterMsMax: number;
  /** At least this after a 429 or a timeout that gave no hint. */
  readonly unhintedDelayMs: number;
  /** A Retry-After asks for no more than this. */
  readonly hintMsMax: number;
  /** From the creation of the notification; afterwards it is EXPIRED. */
  readonly maxAgeMs: number;
}

/** What was known when an attempt ended. */
export interface AttemptEnd {
  readonly outcome: AttemptOutcome;
  readonly httpStatus?: number | undefined;
  /** The endpoint saw nothing it could answer (a reset kept-alive connection, too short a lease): the next one is due now. */
  readonly takesNoStep?: boolean;
  /** Entries of the schedule used up before this attempt, from 0. */
  readonly step: number;
  /** Milliseconds since the notification was created. */
  readonly ageMs: number;
}

/** What becomes of a notification after one attempt. */
export type NextStep =
  | { readonly kind: 'sent' }
  | { readonly kind: 'retry'; readonly delayMs: number; readonly step: number }
  | { readonly kind: 'failed'; readonly reason: FailureReason };

const permanentReasons: ReadonlySet<FailureReason> = new Set<FailureReason>([
  'DESTINATION_NOT_ALLOWED',
  'OUTPUT_NOT_JSON',
  'OUTPUT_TOO_LARGE',
  'PAYLOAD_ERASED',
  'ENDPOINT_DELETED',
  'ENDPOINT_DISABLED',
  'WEBHOOKS_DISABLED',
]);

/**
 * Decides after an attempt, from its end: 2xx is sent; 410 and permanent faults fail at once; anything else takes the
 * next delay of the schedule, stretched by Retry-After (RFC 9110, 10.2.3) and additive jitter, so never early.
 *
 * | after failure | 1 | 2 | ... | n = schedule length | n + 1 |
 * |---|---|---|---|---|---|
 * | waits | schedule[0] | schedule[1] | ... | schedule[n-1] | failed EXHAUSTED |
 */
export function nextStep(end: AttemptEnd, policy: RetryPolicy, chance: number): NextStep {
  const { outcome } = end;
  if (outcome.kind === 'accepted') return { kind: 'sent' };
  if (outcome.kind === 'gone') return { kind: 'failed', reason: 'GONE' };
  if (permanentReasons.has(outcome.reason)) return { kind: 'failed', reason: outcome.reason };
  if (end.takesNoStep) return { kind: 'retry', delayMs: 0, step: end.step };

  const planned = policy.scheduleMs[end.step];
  if (planned === undefined) return { kind: 'failed', reason: 'EXHAUSTED' };
  const jitterMs = Math.min(planned * policy.jitter * chance, policy.jitterMsMax);
  const delayMs = Math.ceil(Math.max(planned + jitterMs, leastDelayMs(end, outcome, policy)));
  if (end.ageMs + delayMs > policy.maxAgeMs) return { kind: 'failed', reason: 'EXPIRED' };
  return { kind: 'retry', delayMs, step: end.step + 1 };
}

/** What the endpoint asked for, or what is kind to one that is overrun and gave no hint. */
function leastDelayMs(
  end: AttemptEnd,
  outcome: Extract<AttemptOutcome, { kind: 'failed' }>,
  policy: RetryPolicy,
): number {
  if (outcome.retryAfterMs !== undefined) return Math.min(outcome.retryAfterMs, policy.hintMsMax);
  const overrun = end.httpStatus === 429 || outcome.reason === 'TIMEOUT';
  return overrun ? policy.unhintedDelayMs : 0;
}
