import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placeInTier, type RetryTier } from './retry-tier.js';

const tiers: readonly RetryTier[] = [5, 30, 300, 1_800, 7_200, 21_600, 86_400].map((seconds) => ({
  name: `${seconds}s`,
  topic: `retry.${seconds}s`,
  delayMs: seconds * 1_000,
}));

describe('placeInTier', () => {
  it('takes the longest tier that fits, and the shortest for what is shorter', () => {
    expect(placeInTier(tiers, 31_000, 0)).toMatchObject({ tier: { name: '30s' }, releaseMs: 30_000 });
    expect(placeInTier(tiers, 2_000, 0)).toMatchObject({ tier: { name: '5s' }, releaseMs: 2_000 });
  });

  const anyDelay = fc.integer({ min: 1, max: 172_800_000 });

  it('reaches any delay up to two days in few hops and never releases after the due time', () => {
    fc.assert(
      fc.property(anyDelay, (dueMs) => {
        let nowMs = 0;
        let hops = 0;
        while (nowMs < dueMs) {
          const { tier, releaseMs } = placeInTier(tiers, dueMs, nowMs);
          expect(releaseMs).toBeGreaterThan(nowMs);
          expect(releaseMs).toBeLessThanOrEqual(dueMs);
          // Whatever the schedule: what a tier's topic keeps (three times its delay, at least) is enough.
          expect(releaseMs - nowMs).toBeLessThanOrEqual(tier.delayMs);
          nowMs = releaseMs;
          hops++;
        }
        expect(hops).toBeLessThanOrEqual(hopsMax);
      }),
      { numRuns: 2_000 },
    );
  });

  it('takes at most four hops for five hours, also when each of them takes a while', () => {
    for (const hopMs of [0, 5, 100]) {
      let nowMs = 0;
      let hops = 0;
      for (; nowMs < 18_000_000; hops++) nowMs = placeInTier(tiers, 18_000_000, nowMs).releaseMs + hopMs;
      expect(hops, `${hopMs} ms each`).toBeLessThanOrEqual(4);
    }
  });

  it('is never early, and late by 250 ms and 1 % of the delay at most, however deep the tiers are', () => {
    fc.assert(
      fc.property(anyDelay, fc.integer({ min: 0, max: 250 }), (dueMs, hopMs) => {
        let nowMs = 0;
        while (nowMs < dueMs) {
          const { tier } = placeInTier(tiers, dueMs, nowMs);
          // Behind a heap it is read only when those before it have left, at most this tier's delay after it came; the
          // shortest tier has a heap in memory instead, out of which each record leaves when it is due.
          const leavesMs = tier === tiers[0] ? Math.min(dueMs, nowMs + tier.delayMs) : nowMs + tier.delayMs;
          const isLast = leavesMs >= dueMs;
          nowMs = leavesMs + (isLast ? 0 : Math.min(hopMs, dueMs - leavesMs));
        }
        expect(nowMs).toBeGreaterThanOrEqual(dueMs);
        expect(nowMs - dueMs).toBeLessThanOrEqual(250 + dueMs / 100);
      }),
      { numRuns: 2_000 },
    );
  });
});

/** Once in each tier for each multiple of it that the next longer one leaves: 1 + 3 + 2 + 3 + 5 + 9 + 5, and the ends. */
const hopsMax = 32;
