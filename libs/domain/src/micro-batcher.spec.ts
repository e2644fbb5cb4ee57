import { describe, expect, it } from 'vitest';
import { MicroBatcher } from './micro-batcher.js';

describe('MicroBatcher', () => {
  it('gathers the calls of one turn, answers each its own, and keeps within its limits', async () => {
    const batches: number[] = [];
    let underWay = 0;
    let mostUnderWay = 0;
    const flush = async (items: readonly number[]) => {
      mostUnderWay = Math.max(mostUnderWay, ++underWay);
      batches.push(items.length);
      await new Promise((resolve) => setImmediate(resolve));
      underWay--;
      return items.map((item) => item * 2);
    };
    const batcher = new MicroBatcher(flush, { itemsMax: 10, flushesMax: 2 });
    const items = Array.from({ length: 95 }, (_, i) => i);
    expect(await Promise.all(items.map((item) => batcher.add(item)))).toEqual(items.map((item) => item * 2));
    expect(Math.max(...batches)).toBe(10);
    expect(mostUnderWay).toBe(2);
  });

  it('rejects the items of a failed flush and goes on with the next', async () => {
    let fails = true;
    const flush = (items: readonly string[]) => (fails ? Promise.reject(new Error('away')) : Promise.resolve(items));
    const batcher = new MicroBatcher(flush, { itemsMax: 1, flushesMax: 1 });
    await expect(batcher.add('a')).rejects.toThrow('away');
    fails = false;
    await expect(batcher.add('b')).resolves.toBe('b');
  });
});
