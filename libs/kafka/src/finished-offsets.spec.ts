import { randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFinished, encodeFinished, finishedBitsMax, offsetSpanMax } from './finished-offsets.js';

/** What brokers take at most beside an offset. */
const metadataBytesMax = 4_096;
const base = 9_007_199_254_740_993n;

describe('the metadata of a commit', () => {
  it('says what is finished, whatever that is', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 62n), fc.uniqueArray(fc.nat(3_000)), (from, offsets) => {
        const finished = new Set(offsets.map((at) => from + BigInt(at)));
        const read = decodeFinished(
          encodeFinished(from, 3_001, (at) => finished.has(at)),
          from,
        );
        const found = Array.from({ length: 3_010 }, (_, i) => from + BigInt(i)).filter((at) => read?.has(at));
        expect(new Set(found)).toEqual(finished);
      }),
      { numRuns: 30 },
    );
  });

  it('is small enough for a broker at the longest span a partition reads to, even when nothing compresses', () => {
    const noise = randomBytes(finishedBitsMax);
    const isFinished = (at: bigint) => ((noise[Number(at - base)] ?? 0) & 1) === 1;
    for (const span of [offsetSpanMax, finishedBitsMax, finishedBitsMax * 2]) {
      const metadata = encodeFinished(base, span, isFinished);
      expect(metadata.length).toBeLessThanOrEqual(metadataBytesMax);
      const read = decodeFinished(metadata, base);
      for (let i = 0n; i < BigInt(Math.min(span, finishedBitsMax)); i++)
        expect(read?.has(base + i)).toBe(isFinished(base + i));
    }
  });

  it('leaves out what does not fit: it is read again', () => {
    const read = decodeFinished(
      encodeFinished(base, finishedBitsMax + 10, () => true),
      base,
    );
    expect([read?.has(base + BigInt(finishedBitsMax - 1)), read?.has(base + BigInt(finishedBitsMax))]).toEqual([
      true,
      false,
    ]);
  });

  it('is empty when nothing is finished, and then says nothing', () => {
    expect(encodeFinished(base, 500, () => false)).toBe('');
    expect(decodeFinished('', base)).toBeNull();
    expect(decodeFinished(null, base)).toBeNull();
  });

  it('is ignored when it was written for another offset, or cannot be read', () => {
    const metadata = encodeFinished(base, 8, () => true);
    const bomb = `v1:${base}:${deflateRawSync(Buffer.alloc(10_000_000)).toString('base64')}`;
    const damaged = ['v1:7', 'v2:5:AA==', `v1:${base}:!!!!`, `v1:${base}:AAAA`, `${metadata}=x`, 'event-id-3', bomb];
    expect(decodeFinished(metadata, base + 1n)).toBeNull();
    expect(damaged.map((one) => decodeFinished(one, base))).toEqual(damaged.map(() => null));
  });
});
