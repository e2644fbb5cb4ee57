import { describe, expect, it } from 'vitest';
import { Failure } from './failure.js';
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

  it('keeps a flush within its bytes, and lets an item that is larger alone leave alone', async () => {
    const batches: (readonly number[])[] = [];
    const flush = async (items: readonly number[]) => {
      batches.push(items);
      return items;
    };
    const limits = { itemsMax: 4, flushesMax: 1, bytesMax: 10, bytesOf: (item: number) => item };
    const batcher = new MicroBatcher(flush, limits);
    await Promise.all([4, 6, 1, 25, 9, 2, 1, 1, 1, 1].map((item) => batcher.add(item)));
    expect(batches).toEqual([[4, 6], [1], [25], [9], [2, 1, 1, 1], [1]]);
  });

  it('rejects only the item whose output is a Failure', async () => {
    const refused = new Failure('STORE_REFUSED', 'refused', { retryable: false });
    const flush = async (items: readonly number[]) => items.map((item) => (item === 2 ? refused : item));
    const batcher = new MicroBatcher(flush, { itemsMax: 10, flushesMax: 1 });
    const results = await Promise.allSettled([1, 2, 3].map((item) => batcher.add(item)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
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
