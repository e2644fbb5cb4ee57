import { describe, expect, it } from 'vitest';
import type { Clock } from './clock.js';
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

  describe('with a linger', () => {
    it('lets items that come slowly leave at once, the first one of a rush too', async () => {
      const { clock, add, batches } = lingering();
      for (let i = 0; i < 20; i++) {
        await add(1);
        await clock.advance(4);
      }
      await clock.advance(60_000);
      await add(1);
      expect(batches).toEqual(Array(21).fill(1));
      expect(clock.waits).toEqual([]);
    });

    it('gathers what comes fast, and no item waits longer than the linger after the flush before', async () => {
      const { clock, add, batches, answeredMs } = lingering();
      for (let i = 0; i < 200; i++) {
        await add(1);
        await clock.advance(1);
      }
      await clock.advance(10);
      expect(answeredMs).toHaveLength(200);
      expect(batches.length).toBeLessThan(70);
      expect(Math.max(...answeredMs)).toBeLessThanOrEqual(5);
      expect(Math.max(...clock.waits)).toBeLessThanOrEqual(5);
    });

    it('ends the wait when as many wait as one linger brings', async () => {
      const { clock, add, batches, answeredMs } = lingering();
      for (let i = 0; i < 31; i++) {
        await add(1);
        await clock.advance(1);
      }
      const answered = answeredMs.length;
      await add(1);
      expect(answeredMs).toHaveLength(answered);
      await add(20);
      expect(answeredMs).toHaveLength(52);
      expect(batches.at(-1)).toBeGreaterThan(20);
    });

    it('lets one with patience ride with the next without, and alone when its patience ends', async () => {
      const { clock, addPatient, add, batches, answeredMs } = lingering();
      await addPatient(25);
      await clock.advance(10);
      expect(batches).toEqual([]);
      await addPatient(25);
      await clock.advance(10);
      await add(1);
      expect(batches).toEqual([3]);
      await clock.advance(60);
      await addPatient(25);
      await clock.advance(24);
      expect(batches).toEqual([3]);
      await clock.advance(1);
      expect(batches).toEqual([3, 1]);
      expect(answeredMs).toEqual([20, 10, 0, 25]);
    });

    it('lets one with patience have all of it, when one before it has left with company', async () => {
      const { clock, addPatient, add, batches, answeredMs } = lingering();
      await addPatient(25);
      await clock.advance(10);
      await add(1);
      await clock.advance(10);
      await addPatient(25);
      await clock.advance(24);
      expect(batches).toEqual([2]);
      await clock.advance(1);
      expect(batches).toEqual([2, 1]);
      expect(answeredMs).toEqual([10, 0, 25]);
    });

    it('gives patience no time in a rush', async () => {
      const { clock, addPatient, add, batches } = lingering();
      await add(500);
      await clock.advance(2);
      await addPatient(25);
      await clock.advance(5);
      expect(batches).toEqual([500, 1]);
    });

    it('forgets a rush after a pause: a lone item leaves at once', async () => {
      const { clock, add, batches } = lingering();
      await add(500);
      await clock.advance(2);
      await add(1);
      expect(batches).toEqual([500]);
      await clock.advance(100);
      await add(1);
      await clock.advance(4);
      await add(1);
      expect(batches).toEqual([500, 1, 1, 1]);
    });
  });
});

/** A clock that a test moves by hand, in steps of a millisecond. */
class HandClock implements Pick<Clock, 'monotonicMs' | 'wait'> {
  /** What was asked for, in milliseconds. */
  readonly waits: number[] = [];
  private readonly ends = new Map<() => void, number>();
  private timeMs = 0;

  monotonicMs(): number {
    return this.timeMs;
  }

  wait(ms: number, signal?: AbortSignal): Promise<void> {
    this.waits.push(ms);
    return new Promise((resolve) => {
      const end = () => {
        this.ends.delete(end);
        resolve();
      };
      this.ends.set(end, this.timeMs + ms);
      signal?.addEventListener('abort', end, { once: true });
    });
  }

  async advance(ms: number): Promise<void> {
    for (const endMs = this.timeMs + ms; this.timeMs < endMs; ) {
      this.timeMs = ms > 1_000 ? endMs : this.timeMs + 1;
      for (const [end, atMs] of this.ends) if (atMs <= this.timeMs) end();
      await turn();
    }
  }
}

/** Lets everything that is due in this turn of the event loop happen. */
async function turn(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** A batcher of a linger of 5 ms whose flushes take no time. */
function lingering() {
  const clock = new HandClock();
  const batches: number[] = [];
  const answeredMs: number[] = [];
  const flush = async (items: readonly number[]) => {
    batches.push(items.length);
    return items;
  };
  const batcher = new MicroBatcher(flush, { itemsMax: 500, flushesMax: 2, linger: { maxMs: 5, clock } });
  const addAll = async (count: number, patienceMs: number) => {
    const atMs = clock.monotonicMs();
    for (let i = 0; i < count; i++)
      void batcher.add(i, patienceMs).then(() => {
        answeredMs.push(clock.monotonicMs() - atMs);
      });
    await turn();
  };
  const add = (count: number) => addAll(count, 0);
  const addPatient = (patienceMs: number) => addAll(1, patienceMs);
  return { clock, add, addPatient, batches, answeredMs };
}
