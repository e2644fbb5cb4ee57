import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joined, type OffsetRange, rangesOf, within, without, zerosOf } from './offset-ranges.js';

const offsetsOf = (ranges: readonly OffsetRange[]) =>
  ranges.flatMap(({ from, to }) => Array.from({ length: Number(to - from) }, (_, n) => Number(from) + n));
const sets = fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 20 }).map((all) => [...new Set(all)]);
const rangesFrom = (offsets: readonly number[]) => rangesOf(offsets.map(BigInt));
const sorted = (offsets: Iterable<number>) => [...offsets].toSorted((a, b) => a - b);

describe('ranges of offsets', () => {
  it('are the zeros of a string of bits', () => {
    expect(zerosOf('0011010', 100n)).toEqual([
      { from: 100n, to: 102n },
      { from: 104n, to: 105n },
      { from: 106n, to: 107n },
    ]);
    expect(zerosOf('111', 5n)).toEqual([]);
    expect(zerosOf('', 5n)).toEqual([]);
  });

  it('hold the offsets they were made of, joined', () => {
    fc.assert(
      fc.property(sets, (offsets) => {
        const ranges = rangesFrom(offsets);
        expect(offsetsOf(ranges)).toEqual(sorted(offsets));
        for (const [n, { from }] of ranges.entries()) if (n > 0) expect(ranges[n - 1]?.to).toBeLessThan(from);
        expect(joined([...ranges, ...ranges.toReversed()])).toEqual(ranges);
      }),
    );
  });

  it('lose what is in others, and what is outside', () => {
    fc.assert(
      fc.property(sets, sets, (some, others) => {
        const left = without(rangesFrom(some), rangesFrom(others));
        expect(offsetsOf(left)).toEqual(sorted(some.filter((one) => !others.includes(one))));
        const kept = within(rangesFrom(some), { from: 5n, to: 12n });
        expect(offsetsOf(kept)).toEqual(sorted(some.filter((one) => one >= 5 && one < 12)));
      }),
    );
  });
});
