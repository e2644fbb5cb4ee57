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

  it('reaches any delay up to two days in few hops and never releases after the due time', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 172_800_000 }), (dueMs) => {
        let nowMs = 0;
        let hops = 0;
        while (nowMs < dueMs) {
          const { releaseMs } = placeInTier(tiers, dueMs, nowMs);
          expect(releaseMs).toBeGreaterThan(nowMs);
          expect(releaseMs).toBeLessThanOrEqual(dueMs);
          nowMs = releaseMs;
          hops++;
        }
        expect(hops).toBeLessThanOrEqual(40);
      }),
    );
  });

  it('takes at most four hops for five hours', () => {
    let nowMs = 0;
    let hops = 0;
    for (; nowMs < 18_000_000; hops++) nowMs = placeInTier(tiers, 18_000_000, nowMs).releaseMs;
    expect(hops).toBeLessThanOrEqual(4);
  });
});
