import type { Clock } from '#domain/clock';
import type { EndpointKey } from '#domain/ids';

/**
 * Lets held deliveries of an endpoint go on that wait as rows alone, the oldest first, this many at most. Answers how many
 * there were; null: that could not be found out. Must not reject.
 */
export type TakeBack = (key: EndpointKey, rowsMax: number) => Promise<number | null>;

interface LaneHoldsDeps {
  readonly circulatingMax: number;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly takeBack: TakeBack;
}

/** Taken back at once of one endpoint. */
const takenBackMax = 500;
/** What was held so lately as a row alone may be too young to be taken back. */
const aloneMsMin = 10_000;

/** What is held of one endpoint's lane: some of it circulates through the shortest tier, the rest is taken back as the lane gets on. */
export class LaneHolds {
  /** When each held delivery that circulates comes back, monotonic milliseconds, rising. */
  private readonly returnsMs: number[] = [];
  /** When the last one was held as a row alone, monotonic milliseconds; null: all of those were taken back. */
  private aloneMs: number | null = null;
  private left = 0;
  private isTakingBack = false;

  constructor(
    private readonly key: EndpointKey,
    private readonly deps: LaneHoldsDeps,
  ) {}

  /** Counts it until it returns; otherwise it waits as a row alone. No more than the endpoint takes at once are of any use. */
  mayCirculate(delayMs: number, concurrency: number): boolean {
    const nowMs = this.deps.clock.monotonicMs();
    if (this.circulating(nowMs) < Math.min(this.deps.circulatingMax, concurrency)) {
      this.returnsMs.push(nowMs + delayMs);
      return true;
    }
    if (this.aloneMs === null) this.left = 0;
    this.aloneMs = nowMs;
    return false;
  }

  /** A place was left. */
  countLeft(): void {
    this.left++;
  }

  /** Places that were left since some were taken back; 0 while there is nothing to take back. */
  get leftSince(): number {
    return this.aloneMs === null ? 0 : this.left;
  }

  isEmpty(): boolean {
    return this.aloneMs === null && this.circulating(this.deps.clock.monotonicMs()) === 0;
  }

  private circulating(nowMs: number): number {
    const { returnsMs } = this;
    while (returnsMs.length > 0 && (returnsMs[0] ?? 0) <= nowMs) returnsMs.shift();
    return returnsMs.length;
  }

  /**
   * Twice as many as went on since the last time: what was held comes back as fast as the endpoint takes it, and no faster.
   * An endpoint that answers nothing gets nothing back; one with nothing under way gets as many as it takes at once.
   */
  async refill(underWay: number, concurrency: number): Promise<void> {
    const { aloneMs, left } = this;
    if (aloneMs === null || this.isTakingBack || (left === 0 && underWay > 0)) return;
    const rowsMax = Math.min(Math.max(2 * left, concurrency), takenBackMax);
    this.left = 0;
    this.isTakingBack = true;
    const rows = await this.deps.takeBack(this.key, rowsMax);
    this.isTakingBack = false;
    const isOld = this.deps.clock.monotonicMs() - aloneMs > aloneMsMin;
    if (rows !== null && rows < rowsMax && isOld && this.aloneMs === aloneMs) this.aloneMs = null;
  }
}
