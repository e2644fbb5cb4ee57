import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AdaptiveLimits, type LimitSign, type OwnLimits } from './adaptive-limits.js';

const plain: OwnLimits = { concurrency: 10, ratePerSecond: null };
const rated: OwnLimits = { concurrency: 10, ratePerSecond: 100 };

function aSign(kind: LimitSign['kind'], endedMs: number, tookMs = 10): LimitSign {
  return { kind, beganMs: endedMs - tookMs, endedMs, deadlineMs: 1_000 };
}

/** An answer every second for so long, from an instant on. */
function answers(
  limits: AdaptiveLimits,
  { fromMs, seconds, tookMs }: Record<'fromMs' | 'seconds' | 'tookMs', number>,
): void {
  for (let n = 0; n <= seconds; n++) limits.note(aSign('good', fromMs + n * 1_000, tookMs), plain);
}

describe('the limits of an endpoint', () => {
  it('are its own while it is well', () => {
    const limits = new AdaptiveLimits();
    answers(limits, { fromMs: 0, seconds: 100, tookMs: 400 });
    expect(limits.now(plain, 100_000)).toEqual(plain);
    expect(limits.now(rated, 100_000)).toEqual(rated);
  });

  it('are halved by a 429, the rate where there is one, down to a tenth a second or one at once', () => {
    const limits = new AdaptiveLimits();
    limits.note(aSign('too-many', 1_000), plain);
    expect(limits.now(plain, 1_000)).toEqual({ concurrency: 5, ratePerSecond: null });
    expect(limits.now(rated, 1_000)).toEqual({ concurrency: 10, ratePerSecond: 50 });
    for (let n = 2; n < 20; n++) limits.note(aSign('too-many', n * 1_000), rated);
    expect(limits.now(rated, 19_000).ratePerSecond).toBeCloseTo(0.1);
    const slow = new AdaptiveLimits();
    for (let n = 1; n < 20; n++) slow.note(aSign('too-many', n * 1_000), plain);
    expect(slow.now(plain, 19_000).concurrency).toBe(1);
    expect(new AdaptiveLimits().now({ concurrency: 1, ratePerSecond: 0.05 }, 0).ratePerSecond).toBe(0.05);
  });

  it('are halved once by all that was under way together', () => {
    const limits = new AdaptiveLimits();
    for (let n = 0; n < 10; n++) limits.note({ ...aSign('too-many', 1_000 + n), beganMs: 500 }, plain);
    expect(limits.now(plain, 1_010).concurrency).toBe(5);
  });

  it('come back by a tenth of the own limit every ten seconds', () => {
    const limits = new AdaptiveLimits();
    limits.note(aSign('too-many', 0), rated);
    expect(
      [9_999, 10_000, 25_000, 40_000, 50_000, 90_000].map((ms) => Math.round(limits.now(rated, ms).ratePerSecond ?? 0)),
    ).toEqual([50, 60, 70, 90, 100, 100]);
  });

  it('lose half of the places when answers are slow for half a minute, and one comes back with ten good ones', () => {
    const limits = new AdaptiveLimits();
    answers(limits, { fromMs: 0, seconds: 29, tookMs: 600 });
    expect(limits.now(plain, 29_000).concurrency).toBe(10);
    answers(limits, { fromMs: 30_000, seconds: 0, tookMs: 600 });
    expect(limits.now(plain, 30_000).concurrency).toBe(5);
    answers(limits, { fromMs: 31_000, seconds: 9, tookMs: 10 });
    expect(limits.now(plain, 41_000).concurrency).toBe(6);
    for (let n = 0; n < 100; n++) limits.note(aSign('good', 42_000 + n), plain);
    expect(limits.now(plain, 43_000)).toEqual(plain);
  });

  it('are not judged by a handful of slow answers, nor by one of twenty', () => {
    const few = new AdaptiveLimits();
    for (const ms of [0, 10_000, 30_000]) few.note(aSign('good', ms, 900), plain);
    expect(few.now(plain, 30_000)).toEqual(plain);
    const rare = new AdaptiveLimits();
    for (let n = 0; n < 400; n++) rare.note(aSign('good', n * 100, n % 20 === 0 ? 900 : 10), plain);
    expect(rare.now(plain, 40_000)).toEqual(plain);
  });

  it('never exceed its own, nor stop it altogether', () => {
    const sign = fc.record({
      kind: fc.constantFrom<LimitSign['kind']>('good', 'too-many', 'other'),
      stepMs: fc.integer({ min: 0, max: 20_000 }),
      tookMs: fc.integer({ min: 0, max: 1_000 }),
    });
    const own = fc.record({
      concurrency: fc.integer({ min: 1, max: 1_000 }),
      ratePerSecond: fc.option(fc.double({ min: 0.01, max: 10_000, noNaN: true })),
    });
    fc.assert(
      fc.property(own, fc.array(sign, { maxLength: 100 }), (limitsOfItsOwn, signs) => {
        const limits = new AdaptiveLimits();
        let nowMs = 0;
        for (const { kind, stepMs, tookMs } of signs) {
          nowMs += stepMs;
          limits.note(aSign(kind, nowMs, tookMs), limitsOfItsOwn);
          const { concurrency, ratePerSecond } = limits.now(limitsOfItsOwn, nowMs);
          expect(concurrency).toBeGreaterThanOrEqual(1);
          expect(concurrency).toBeLessThanOrEqual(limitsOfItsOwn.concurrency);
          if (limitsOfItsOwn.ratePerSecond === null) expect(ratePerSecond).toBeNull();
          else expect(ratePerSecond).toBeGreaterThan(0);
          expect(ratePerSecond ?? 0).toBeLessThanOrEqual(limitsOfItsOwn.ratePerSecond ?? 0);
        }
      }),
    );
  });
});
