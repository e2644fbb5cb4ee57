import { Failure } from './failure.js';

interface Waiting<I, O> {
  readonly item: I;
  readonly resolve: (output: O) => void;
  readonly reject: (error: unknown) => void;
}

/** What bounds a batcher. */
export interface MicroBatcherLimits<I> {
  /** Items in one flush, from 1. */
  readonly itemsMax: number;
  /** Flushes under way at once, from 1. */
  readonly flushesMax: number;
  /** Bytes of the items of one flush by `bytesOf`; a flush takes at least one item, whatever its size. */
  readonly bytesMax?: number;
  readonly bytesOf?: (item: I) => number;
}

/**
 * Gathers single calls into one flush. While fewer than `flushesMax` flushes run, an item leaves in the same turn of
 * the event loop, so a lone one pays nothing; under load a batch is what gathered during the flush before it.
 * No timer: the load itself is the clock. The queue is bounded by its callers, who each wait for their own item.
 */
export class MicroBatcher<I, O> {
  private readonly waiting: Waiting<I, O>[] = [];
  private flushes = 0;
  private scheduled = false;

  constructor(
    /** Answers one output for each item, in order: a Failure is that item's rejection, a rejection is every item's. */
    private readonly flush: (items: readonly I[]) => Promise<readonly (O | Failure)[]>,
    private readonly limits: MicroBatcherLimits<I>,
  ) {}

  add(item: I): Promise<O> {
    return new Promise<O>((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      this.schedule();
    });
  }

  /** Lets the calls of the same turn gather before the first of them leaves. */
  private schedule(): void {
    if (this.scheduled || this.flushes >= this.limits.flushesMax) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.start();
    });
  }

  private start(): void {
    while (this.flushes < this.limits.flushesMax && this.waiting.length > 0) {
      const batch = this.waiting.splice(0, this.nextCount());
      this.flushes++;
      void this.run(batch);
    }
  }

  /** How many of those that wait leave together. */
  private nextCount(): number {
    const { itemsMax, bytesMax = Number.POSITIVE_INFINITY, bytesOf = () => 0 } = this.limits;
    let count = 0;
    let bytes = 0;
    for (const { item } of this.waiting) {
      bytes += bytesOf(item);
      if (count === itemsMax || (count > 0 && bytes > bytesMax)) break;
      count++;
    }
    return count;
  }

  private async run(batch: readonly Waiting<I, O>[]): Promise<void> {
    try {
      const outputs = await this.flush(batch.map(({ item }) => item));
      batch.forEach(({ resolve, reject }, i) => {
        const output = outputs[i];
        if (output instanceof Failure) reject(output);
        else resolve(output as O);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      this.flushes--;
      if (this.waiting.length > 0) this.schedule();
    }
  }
}
