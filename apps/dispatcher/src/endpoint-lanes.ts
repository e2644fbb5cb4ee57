import type { Clock } from '#domain/clock';
import type { EndpointKey } from '#domain/ids';
import { onAbort } from '#domain/on-abort';

/** What bounds the requests of one process. */
export interface LaneLimits {
  /** Places of all lanes together. */
  readonly requestsMax: number;
  /** Deliveries of one endpoint that wait for a place while it stands still; the others are spilled. */
  readonly waitingMax: number;
  /** An endpoint whose places are all out at it, and that has answered nothing for this long, stands still. Milliseconds. */
  readonly spillAfterMs: number;
  /** Held deliveries of one endpoint that circulate through the shortest tier; the others wait as rows alone. */
  readonly circulatingMax: number;
}

/** A place in a lane; leaving it again does nothing. */
export interface LanePlace {
  /** Runs the request itself: only while it is out at the endpoint can the endpoint stand still. */
  during<T>(request: () => Promise<T>): Promise<T>;
  leave(): void;
}

interface Lane {
  readonly key: EndpointKey;
  concurrency: number;
  /** Each is told its place, or null: spilled, or the process stops. Oldest first. */
  readonly waiting: Set<(place: LanePlace | null) => void>;
  /** Places taken. */
  underWay: number;
  /** Of those, requests out at the endpoint. */
  atEndpoint: number;
  lastAnswerMs: number;
  watched: boolean;
  /** When each held delivery that circulates comes back, monotonic milliseconds, rising. */
  readonly returnsMs: number[];
}

/**
 * One lane an endpoint: its concurrency is exact, because one process owns the endpoint's partition. What does not fit
 * waits here, bounded by the partitions, which then pause. An endpoint that stands still is spilled, so that it costs the
 * others nothing; that our own database is slow is no reason to: holding would only make it slower.
 */
export class EndpointLanes {
  private readonly lanes = new Map<EndpointKey, Lane>();
  /** Lanes that could go on if the process had a place. */
  private readonly starved = new Set<Lane>();
  private requests = 0;

  constructor(
    private readonly limits: LaneLimits,
    private readonly clock: Clock,
  ) {}

  /**
   * Resolves with a place, or with null when the endpoint stands still and enough wait already: hold the delivery. Also
   * null when the signal is aborted, which the caller knows.
   */
  enter(key: EndpointKey, concurrency: number, signal: AbortSignal): Promise<LanePlace | null> {
    const lane = this.laneOf(key);
    lane.concurrency = concurrency;
    if (signal.aborted) return Promise.resolve(null);
    if (lane.waiting.size >= this.limits.waitingMax && this.leftMs(lane) <= 0) return Promise.resolve(null);
    return new Promise((resolve) => {
      const tell = (place: LanePlace | null) => {
        stopListening();
        lane.waiting.delete(tell);
        resolve(place);
      };
      const stopListening = onAbort(signal, () => tell(null));
      lane.waiting.add(tell);
      this.letIn(lane);
      if (lane.waiting.size > this.limits.waitingMax && !lane.watched) void this.watch(lane, signal);
    });
  }

  /** Whether all places of the process are taken. */
  isFull(): boolean {
    return this.requests >= this.limits.requestsMax;
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
    const known = this.lanes.get(key);
    if (known !== undefined) return known;
    const counts = { concurrency: 1, underWay: 0, atEndpoint: 0, watched: false };
    const lane = { key, ...counts, waiting: new Set<never>(), lastAnswerMs: 0, returnsMs: [] };
    this.lanes.set(key, lane);
    return lane;
  }

  /** Milliseconds until the endpoint counts as standing still; 0 or less: it does. */
  private leftMs(lane: Lane): number {
    if (lane.atEndpoint < lane.concurrency) return this.limits.spillAfterMs;
    return this.limits.spillAfterMs - (this.clock.monotonicMs() - lane.lastAnswerMs);
  }

  /** One timer a lane, whatever waits in it: spills what is too much once the endpoint stands still. */
  private async watch(lane: Lane, signal: AbortSignal): Promise<void> {
    lane.watched = true;
    while (lane.waiting.size > this.limits.waitingMax && !signal.aborted) {
      const leftMs = this.leftMs(lane);
      if (leftMs > 0) await this.clock.wait(leftMs, signal);
      else for (const tell of [...lane.waiting].slice(this.limits.waitingMax)) tell(null);
    }
    lane.watched = false;
  }

  private letIn(lane: Lane): void {
    for (const tell of lane.waiting) {
      if (lane.underWay >= lane.concurrency) break;
      if (this.requests >= this.limits.requestsMax) {
        this.starved.add(lane);
        return;
      }
      tell(this.take(lane));
    }
    this.starved.delete(lane);
  }

  private take(lane: Lane): LanePlace {
    lane.underWay++;
    this.requests++;
    let isLeft = false;
    return {
      during: async (request) => {
        if (++lane.atEndpoint === lane.concurrency) lane.lastAnswerMs = this.clock.monotonicMs();
        try {
          return await request();
        } finally {
          lane.atEndpoint--;
          lane.lastAnswerMs = this.clock.monotonicMs();
        }
      },
      leave: () => {
        if (isLeft) return;
        isLeft = true;
        lane.underWay--;
        this.requests--;
        this.letIn(lane);
        // Whoever has waited longest for a place of the process comes first, and behind the others the next time.
        for (const starved of [...this.starved]) {
          if (this.requests >= this.limits.requestsMax) break;
          this.starved.delete(starved);
          this.letIn(starved);
        }
        if (lane.underWay === 0 && lane.waiting.size === 0 && lane.returnsMs.length === 0) this.lanes.delete(lane.key);
      },
    };
  }
}
