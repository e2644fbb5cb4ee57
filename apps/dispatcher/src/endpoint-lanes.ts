import type { Clock } from '#domain/clock';
import type { EndpointKey } from '#domain/ids';

/** What bounds the requests of one process. */
export interface LaneLimits {
  /** Requests under way at once, over all endpoints. */
  readonly requestsMax: number;
  /** Deliveries of one endpoint that wait for a place. */
  readonly waitingMax: number;
  /** A lane that is full and has freed no place for this long is spilled: its deliveries are held. Milliseconds. */
  readonly spillAfterMs: number;
  /** Held deliveries of one endpoint that circulate through the shortest tier; the others wait as rows alone. */
  readonly circulatingMax: number;
}

/** A place in a lane; leave it once. */
export interface LanePlace {
  leave(): void;
}

interface Lane {
  readonly waiting: (() => void)[];
  underWay: number;
  lastFreedMs: number;
  /** When each held delivery that circulates comes back, monotonic milliseconds, rising. */
  readonly returnsMs: number[];
}

/**
 * One lane an endpoint: its concurrency is exact, because one process owns the endpoint's partition. What does not fit
 * waits here, bounded; a lane that stands still is spilled, so that a hanging endpoint costs the others nothing.
 */
export class EndpointLanes {
  private readonly lanes = new Map<EndpointKey, Lane>();
  private requests = 0;

  constructor(
    private readonly limits: LaneLimits,
    private readonly clock: Clock,
  ) {}

  /**
   * Resolves with a place, or with null when the lane is full and stands still: hold the delivery. Also null when the
   * signal is aborted, which the caller knows.
   */
  async enter(key: EndpointKey, concurrency: number, signal: AbortSignal): Promise<LanePlace | null> {
    const lane = this.laneOf(key);
    while (lane.waiting.length >= this.limits.waitingMax && !signal.aborted) {
      const stillMs = this.clock.monotonicMs() - lane.lastFreedMs;
      if (stillMs >= this.limits.spillAfterMs) return null;
      await this.clock.wait(this.limits.spillAfterMs - stillMs, signal);
    }
    while ((lane.underWay >= concurrency || this.requests >= this.limits.requestsMax) && !signal.aborted)
      await this.untilFreed(lane, signal);
    return signal.aborted ? null : this.take(key, lane);
  }

  /** Whether one more held delivery may circulate through the shortest tier; counts it until it returns. */
  mayCirculate(key: EndpointKey, delayMs: number): boolean {
    const { returnsMs } = this.laneOf(key);
    const nowMs = this.clock.monotonicMs();
    while (returnsMs.length > 0 && (returnsMs[0] ?? 0) <= nowMs) returnsMs.shift();
    if (returnsMs.length >= this.limits.circulatingMax) return false;
    returnsMs.push(nowMs + delayMs);
    return true;
  }

  private laneOf(key: EndpointKey): Lane {
    const lane = this.lanes.get(key) ?? {
      waiting: [],
      underWay: 0,
      lastFreedMs: this.clock.monotonicMs(),
      returnsMs: [],
    };
    this.lanes.set(key, lane);
    return lane;
  }

  private take(key: EndpointKey, lane: Lane): LanePlace {
    lane.underWay++;
    this.requests++;
    return {
      leave: () => {
        lane.underWay--;
        this.requests--;
        lane.lastFreedMs = this.clock.monotonicMs();
        this.wakeNext(key, lane);
      },
    };
  }

  /** The freed place goes to this lane's next, and one other lane's next looks too: the pod may have been full. */
  private wakeNext(key: EndpointKey, lane: Lane): void {
    lane.waiting.shift()?.();
    for (const [otherKey, other] of this.lanes) {
      if (otherKey === key || other.waiting.length === 0) continue;
      this.lanes.delete(otherKey);
      this.lanes.set(otherKey, other); // moved to the end: the next time another lane looks first
      other.waiting.shift()?.();
      break;
    }
    if (lane.underWay === 0 && lane.waiting.length === 0 && lane.returnsMs.length === 0) this.lanes.delete(key);
  }

  /** The signal must not be aborted yet: it tells only once. */
  private untilFreed(lane: Lane, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        signal.removeEventListener('abort', wake);
        resolve();
      };
      lane.waiting.push(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}
