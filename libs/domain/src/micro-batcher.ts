import type { Clock } from './clock.js';
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
  /** Spares requests under load; without it nothing ever waits for company. */
  readonly linger?: Linger;
}

/** While items come fast, flushes begin this far apart, so that each carries more of them. */
export interface Linger {
  /** Milliseconds: what an item may pay, counted from the flush that began before it came; up to 5 on a delivery's way. */
  readonly maxMs: number;
  /** So many leave without waiting for more; `itemsMax` when absent. */
  readonly enough?: number;
  readonly clock: Pick<Clock, 'monotonicMs' | 'wait'>;
}

/** Items come fast when so many are expected within one linger: for fewer it is not worth a wait. */
const companyMin = 2;
/** A reason of our own: without one the abortion makes an exception with its stack, 30 us. */
const enoughCame = 'enough came';
/** A longer pause counts as so many lingers. */
const pauseLingers = 2;
/** How much the latest gap between two items counts in their mean. */
const gapWeight = 1 / 8;

/**
 * Gathers single calls into one flush. While fewer than `flushesMax` flushes run, an item leaves in the same turn of
 * the event loop, so a lone one pays nothing; under load a batch is what gathered during the flush before it. With a
 * `linger` the beginnings of flushes are kept apart while items come fast and do not fill one: an item after a pause
 * longer than the linger leaves at once all the same.
 * The queue is bounded by its callers, who each wait for their own item.
 */
export class MicroBatcher<I, O> {
  private readonly waiting: Waiting<I, O>[] = [];
  private flushes = 0;
  private scheduled = false;
  /** When those that wait with patience leave alone, on the linger's monotonic clock; null when none waits. */
  private patientUntilMs: number | null = null;
  /** A timer for that is under way. */
  private isPatient = false;
  /** Ends the wait for company under way. */
  private company: AbortController | null = null;
  private lastAddMs = Number.NEGATIVE_INFINITY;
  private lastStartMs = Number.NEGATIVE_INFINITY;
  /** Between two items, in milliseconds: a mean of the latest ones, begun anew by a pause longer than the linger. */
  private meanGapMs = Number.POSITIVE_INFINITY;

  constructor(
    /** Answers one output for each item, in order: a Failure is that item's rejection, a rejection is every item's. */
    private readonly flush: (items: readonly I[]) => Promise<readonly (O | Failure)[]>,
    private readonly limits: MicroBatcherLimits<I>,
  ) {}

  /**
   * Answers the item's output. One that nobody waits for may have patience, where there is a linger: while items come slowly
   * it rides with the next one without patience, or leaves alone after so many milliseconds.
   */
  add(item: I, patienceMs = 0): Promise<O> {
    this.noteGap();
    return new Promise<O>((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      const { linger } = this.limits;
      if (linger !== undefined && patienceMs > 0 && this.comesSlowly()) this.leaveWithin(patienceMs, linger.clock);
      else this.schedule();
    });
  }

  private comesSlowly(): boolean {
    return this.enough() === 1 && this.waiting.length < this.limits.itemsMax;
  }

  /** The first with patience counts for those that come after it, until they leave together. One timer at a time. */
  private leaveWithin(patienceMs: number, clock: Linger['clock']): void {
    this.patientUntilMs ??= clock.monotonicMs() + patienceMs;
    if (this.isPatient) return;
    this.isPatient = true;
    void this.patienceEnds(clock).then(() => {
      this.isPatient = false;
      if (this.waiting.length > 0) this.schedule();
    });
  }

  private async patienceEnds(clock: Linger['clock']): Promise<void> {
    while (this.patientUntilMs !== null) {
      const leftMs = this.patientUntilMs - clock.monotonicMs();
      if (leftMs <= 0) return;
      await clock.wait(leftMs);
    }
  }

  private noteGap(): void {
    const { linger } = this.limits;
    if (linger === undefined) return;
    const nowMs = linger.clock.monotonicMs();
    const gapMs = Math.min(nowMs - this.lastAddMs, pauseLingers * linger.maxMs);
    this.lastAddMs = nowMs;
    this.meanGapMs = gapMs > linger.maxMs ? gapMs : this.meanGapMs + (gapMs - this.meanGapMs) * gapWeight;
  }

  /** Lets the calls of the same turn gather before the first of them leaves. */
  private schedule(): void {
    if (this.company !== null && this.waiting.length >= this.enough()) this.company.abort(enoughCame);
    if (this.scheduled || this.flushes >= this.limits.flushesMax) return;
    this.scheduled = true;
    setImmediate(() => {
      const { linger } = this.limits;
      const lingerMs = this.lingerMs();
      if (linger === undefined || lingerMs <= 0) return this.leave();
      this.company = new AbortController();
      void linger.clock.wait(lingerMs, this.company.signal).then(() => this.leave());
    });
  }

  /** How long those that wait go on waiting for company; 0 or less: they leave. */
  private lingerMs(): number {
    const { linger } = this.limits;
    if (linger === undefined || this.waiting.length >= this.enough()) return 0;
    return this.lastStartMs + linger.maxMs - linger.clock.monotonicMs();
  }

  /** How many leave without waiting for more: as many as one linger brings, and any number when that is hardly one. */
  private enough(): number {
    const { linger, itemsMax } = this.limits;
    const expected = (linger?.maxMs ?? 0) / this.meanGapMs;
    return expected < companyMin ? 1 : Math.min(expected, linger?.enough ?? itemsMax);
  }

  private leave(): void {
    this.company = null;
    this.scheduled = false;
    this.start();
  }

  private start(): void {
    this.patientUntilMs = null;
    if (this.limits.linger !== undefined) this.lastStartMs = this.limits.linger.clock.monotonicMs();
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
