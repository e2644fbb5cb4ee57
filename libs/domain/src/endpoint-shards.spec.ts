import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shardOf, shareOf } from './endpoint-shards.js';
import type { NotificationId } from './ids.js';

describe('the shards of an endpoint', () => {
  it('share its limits: together never more, and each at least one place', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 0, max: 936 }), (shards, more) => {
        const concurrency = shards + more;
        const shares = Array.from({ length: shards }, (_, n) =>
          shareOf({ concurrency, ratePerSecond: 100 }, shards, n),
        );
        expect(shares.reduce((sum, share) => sum + share.concurrency, 0)).toBe(concurrency);
        expect(Math.min(...shares.map((share) => share.concurrency))).toBeGreaterThanOrEqual(1);
        expect(shares.reduce((sum, { ratePerSecond }) => sum + (ratePerSecond ?? 0), 0)).toBeCloseTo(100);
      }),
    );
    expect(shareOf({ concurrency: 3, ratePerSecond: null }, 1, 0)).toEqual({ concurrency: 3, ratePerSecond: null });
  });

  it('take notifications by the last bytes of their ids, also of those from 80000000 on', () => {
    const of = (tail: string, shards: number) =>
      shardOf(`0190a5b2-7c1e-7a5b-8d3f-0123${tail}` as NotificationId, shards);
    expect([of('00000007', 4), of('ffffffff', 4), of('80000001', 64), of('ffffffff', 1)]).toEqual([3, 3, 1, 0]);
  });
});
