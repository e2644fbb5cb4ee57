import { describe, expect, it } from 'vitest';
import { type AttemptEnd, nextStep, type RetryPolicy } from './retry-policy.js';

const policy: RetryPolicy = {
  scheduleMs: [5_000, 300_000],
  jitter: 0.1,
  jitterMsMax: 20_000,
  unhintedDelayMs: 60_000,
  hintMsMax: 86_400_000,
  maxAgeMs: 604_800_000,
};

function anEnd(end: Partial<AttemptEnd> = {}): AttemptEnd {
  return { outcome: { kind: 'failed', reason: 'HTTP_STATUS' }, httpStatus: 500, step: 0, ageMs: 0, ...end };
}

describe('nextStep', () => {
  it('sends nothing more after an accepted attempt', () => {
    expect(nextStep(anEnd({ outcome: { kind: 'accepted' } }), policy, 0)).toEqual({ kind: 'sent' });
  });

  it('takes the next delay of the schedule, and adds jitter but never takes any away', () => {
    expect(nextStep(anEnd(), policy, 0)).toEqual({ kind: 'retry', delayMs: 5_000, step: 1 });
    expect(nextStep(anEnd(), policy, 1)).toEqual({ kind: 'retry', delayMs: 5_500, step: 1 });
    expect(nextStep(anEnd({ step: 1 }), policy, 1)).toEqual({ kind: 'retry', delayMs: 320_000, step: 2 });
  });

  it('is exhausted after the last delay', () => {
    expect(nextStep(anEnd({ step: 2 }), policy, 0)).toEqual({ kind: 'failed', reason: 'EXHAUSTED' });
  });

  it('gives up what would be due after the greatest age', () => {
    expect(nextStep(anEnd({ ageMs: policy.maxAgeMs }), policy, 0)).toEqual({ kind: 'failed', reason: 'EXPIRED' });
  });

  it('waits as long as Retry-After asks, at least the step and at most a day', () => {
    const hinted = (retryAfterMs: number) =>
      nextStep(anEnd({ outcome: { kind: 'failed', reason: 'HTTP_STATUS', retryAfterMs }, httpStatus: 429 }), policy, 0);
    expect(hinted(90_000)).toEqual({ kind: 'retry', delayMs: 90_000, step: 1 });
    expect(hinted(1)).toEqual({ kind: 'retry', delayMs: 5_000, step: 1 });
    for (const absurd of [1e15, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY])
      expect(hinted(absurd)).toEqual({ kind: 'retry', delayMs: 86_400_000, step: 1 });
    expect(hinted(0)).toEqual({ kind: 'retry', delayMs: 5_000, step: 1 });
  });

  it('adds no jitter to what Retry-After asks for, and asks no sooner than the step with its jitter', () => {
    const hinted = (retryAfterMs: number) =>
      nextStep(anEnd({ outcome: { kind: 'failed', reason: 'HTTP_STATUS', retryAfterMs }, httpStatus: 503 }), policy, 1);
    expect(hinted(90_000)).toMatchObject({ delayMs: 90_000 });
    expect(hinted(5_100)).toMatchObject({ delayMs: 5_500 });
  });

  it('is EXPIRED at once when a hint, or the next delay, would end after the greatest age', () => {
    const hint = { kind: 'failed', reason: 'HTTP_STATUS', retryAfterMs: 86_400_000 } as const;
    const ageMs = policy.maxAgeMs - 300_000;
    expect(nextStep(anEnd({ outcome: hint, httpStatus: 429, ageMs }), policy, 0)).toMatchObject({ reason: 'EXPIRED' });
    expect(nextStep(anEnd({ step: 1, ageMs }), policy, 0)).toMatchObject({ kind: 'retry', delayMs: 300_000 });
    expect(nextStep(anEnd({ step: 1, ageMs: ageMs + 1 }), policy, 0)).toMatchObject({ reason: 'EXPIRED' });
  });

  it('spares an endpoint that is overrun and gives no hint', () => {
    expect(nextStep(anEnd({ httpStatus: 429 }), policy, 0)).toMatchObject({ delayMs: 60_000 });
    const timeout = { kind: 'failed', reason: 'TIMEOUT' } as const;
    expect(nextStep(anEnd({ outcome: timeout }), policy, 0)).toMatchObject({ delayMs: 60_000 });
  });

  it('fails at once for 410 and for what no repetition can change', () => {
    expect(nextStep(anEnd({ outcome: { kind: 'gone' } }), policy, 0)).toEqual({ kind: 'failed', reason: 'GONE' });
    const refused = { kind: 'failed', reason: 'DESTINATION_NOT_ALLOWED' } as const;
    expect(nextStep(anEnd({ outcome: refused }), policy, 0)).toEqual({ kind: 'failed', reason: refused.reason });
  });

  it.each([
    ['500', { httpStatus: 500 }, 5_000],
    ['503 without a hint', { httpStatus: 503 }, 5_000],
    ['404', { httpStatus: 404 }, 5_000],
    ['302', { httpStatus: 302 }, 5_000],
    ['429 without a hint', { httpStatus: 429 }, 60_000],
    ['no connection', { outcome: { kind: 'failed', reason: 'CONNECT' } }, 5_000],
    ['TLS', { outcome: { kind: 'failed', reason: 'TLS' } }, 5_000],
    ['DNS', { outcome: { kind: 'failed', reason: 'DNS' } }, 5_000],
    ['a reset', { outcome: { kind: 'failed', reason: 'RESET' } }, 5_000],
    ['too large an answer', { outcome: { kind: 'failed', reason: 'RESPONSE_TOO_LARGE' } }, 5_000],
    ['a timeout', { outcome: { kind: 'failed', reason: 'TIMEOUT' } }, 60_000],
  ] as const)('takes the step after %s', (_what, end, delayMs) => {
    expect(nextStep(anEnd({ httpStatus: undefined, ...end }), policy, 0)).toEqual({ kind: 'retry', delayMs, step: 1 });
  });

  it.each([
    'OUTPUT_NOT_JSON',
    'OUTPUT_TOO_LARGE',
    'PAYLOAD_ERASED',
    'ENDPOINT_DELETED',
    'DESTINATION_NOT_ALLOWED',
  ] as const)('fails at once for %s', (reason) => {
    expect(nextStep(anEnd({ outcome: { kind: 'failed', reason } }), policy, 0)).toEqual({ kind: 'failed', reason });
  });

  it('takes no step when a kept-alive connection was reset', () => {
    const reset = { outcome: { kind: 'failed', reason: 'RESET' }, takesNoStep: true, step: 2 } as const;
    expect(nextStep(anEnd(reset), policy, 0)).toEqual({ kind: 'retry', delayMs: 0, step: 2 });
  });
});
