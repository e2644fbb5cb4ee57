import { describe, expect, it } from 'vitest';
import { inTurn, slicesOf } from './write-slices.js';

describe('slices', () => {
  it('have at most 50 of a partition each, in order, and as many partitions as there are', () => {
    const all = [
      ...Array.from({ length: 120 }, (_, n) => ({ partition: 0, n })),
      ...Array.from({ length: 60 }, (_, n) => ({ partition: 1, n })),
    ];
    const slices = slicesOf(all);
    const counts = (partition: number) =>
      slices.map((slice) => slice.filter((one) => one.partition === partition).length);
    expect(counts(0)).toEqual([50, 50, 20]);
    expect(counts(1)).toEqual([50, 10, 0]);
    expect(
      slices
        .flat()
        .filter(({ partition }) => partition === 0)
        .map(({ n }) => n),
    ).toEqual(Array.from({ length: 120 }, (_, n) => n));
    expect(slicesOf([])).toEqual([]);
  });

  it('take from both of two backlogs', () => {
    expect(inTurn([1, 2, 3], [10])).toEqual([1, 10, 2, 3]);
    expect(inTurn([1], [10, 20, 30])).toEqual([1, 10, 20, 30]);
  });
});
