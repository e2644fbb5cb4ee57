import { describe, expect, it } from 'vitest';
import { MatchedOffsets } from './matched-offsets.js';

/** A page with these offsets matched. */
function page(first: number, offsets: readonly number[]) {
  const bits = Buffer.alloc(512);
  for (const offset of offsets) {
    const bit = offset - first;
    bits[bit >> 3] = (bits[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  }
  return { topic: 'events', partition: 2, first: BigInt(first), bits };
}

describe('matched offsets', () => {
  const of = (...pages: readonly ReturnType<typeof page>[]) => {
    const matched = new MatchedOffsets();
    matched.add(pages);
    return matched;
  };
  const offsetsOf = (matched: MatchedOffsets, countMax = 100) =>
    matched.left(countMax).map(({ offset }) => Number(offset));

  it('are left until a notification of theirs is seen, the newest pages first', () => {
    const matched = of(page(4_096, [4_096, 8_191]), page(0, [0, 7, 8, 4_095]));
    expect(offsetsOf(matched)).toEqual([4_096, 8_191, 0, 7, 8, 4_095]);
    matched.seen({ topic: 'events', partition: 2, offsets: '8191,7,4095' });
    expect(offsetsOf(matched)).toEqual([4_096, 0, 8]);
    expect(offsetsOf(matched, 2)).toEqual([4_096, 0]);
    for (const offset of [4_096n, 0n, 8n]) matched.clear({ topic: 'events', partition: 2, offset });
    expect(offsetsOf(matched)).toEqual([]);
  });

  it('are not touched by notifications of other partitions, or of offsets that came later', () => {
    const matched = of(page(0, [5]));
    matched.seen({ topic: 'events', partition: 3, offsets: '5' });
    matched.seen({ topic: 'others', partition: 2, offsets: '5' });
    matched.seen({ topic: 'events', partition: 2, offsets: '6,4101,99999999999' });
    expect(offsetsOf(matched)).toEqual([5]);
  });

  it('are taken up once, and what came last is asked for first', () => {
    const matched = of(page(4_096, [4_096]), page(0, [1, 2]));
    matched.clear({ topic: 'events', partition: 2, offset: 1n });
    matched.add([page(4_096, [4_096]), page(0, [1, 2, 3])]);
    expect([offsetsOf(matched), matched.size]).toEqual([[2, 3, 4_096], 3]);
  });

  it('go on with what was kept of them', () => {
    const matched = of(page(0, [1, 2, 3]));
    matched.clear({ topic: 'events', partition: 2, offset: 2n });
    const kept = matched.changed();
    matched.kept();
    expect(matched.changed()).toEqual([]);
    const resumed = new MatchedOffsets(kept);
    resumed.add([page(0, [1, 2, 3, 4])]);
    expect([offsetsOf(resumed), resumed.size]).toEqual([[1, 3, 4], 3]);
    expect(resumed.changed()).toHaveLength(1);
  });
});
