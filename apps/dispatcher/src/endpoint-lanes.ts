import { AdaptiveLimits, type LimitSign, type OwnLimits } from '#domain/adaptive-limits';
import type { AttemptReport } from '#domain/attempt';
import type { Clock } from '#domain/clock';
import type { EndpointKey } from '#domain/ids';
import { onAbort } from '#domain/on-abort';
import { RateGate } from '#domain/rate-gate';
import { LaneHolds, type TakeBack } from './lane-holds.js';
import { LaneQueue } from './lane-queue.js';
import { type PlaceLimits, RequestPlaces } from './request-places.js';

/** What bounds the requests of one process, and what waits for them. */
export interface LaneLimits extends PlaceLimits {
  /** Deliveries of one endpoint that wait for a place while it stands still; the others are spilled. */
  readonly waitingMax: number;
  /** Retries, releases and re-sends of one endpoint that wait while it is busy, though it gets on; the others are spilled. */
  readonly backlogMax: number;
  /** An endpoint that got no answer and no place for this long, while its tenant's places are out, stands still. Milliseconds. */
  readonly spillAfterMs: number;
  /** Held deliveries of one endpoint that circulate through the shortest tier, if it takes so many at once; the others wait as rows alone. */
  readonly circulatingMax: number;
}

/** Why a delivery found no place: hold it. */
export type LaneFull = 'ENDPOINT_FULL' | 'RATE_LIMITED';

/** Who asks for a place. */
export interface LaneVisitor {
  readonly own: OwnLimits;
  /** The first attempt of a new notification. */
  readonly isFresh: boolean;
  /** Ends the wait. */
  readonly signal: AbortSignal;
}

/** A place in a lane; leaving it again does nothing. */
export interface LanePlace {
  /** Runs the request itself: only while it is out at the endpoint can the endpoint stand still. @param deadlineMs its total */
  during(request: () => Promise<AttemptReport>, deadlineMs: number): Promise<AttemptReport>;
  /** The endpoint's settings as they are now hold for whoever waits, too. */
  follow(own: OwnLimits): void;
  leave(): void;
}

interface Lane {
  readonly key: EndpointKey;
  readonly tenant: string;
  own: OwnLimits;
  readonly limits: AdaptiveLimits;
  readonly gate: RateGate;
  /** Each is told its place, why there is none, or null: the process stops. */
  readonly waiting: LaneQueue<LanePlace | LaneFull | null>;
  readonly holds: LaneHolds;
  /** Places taken. */
  underWay: number;
  /** Of those, requests out at the endpoint. */
  atEndpoint: number;
  /** When it last had an answer, or began to wait for one, or for a place of the process. */
  lastAnswerMs: number;
  /** When the last delivery came or left. */
  lastUsedMs: number;
  isWatched: boolean;
  /** Somebody will look again when its rate lets the next one in. */
  isWoken: boolean;
}

/** What an endpoint took of late is not remembered for longer than this without a delivery, milliseconds. */
const idleMsMax = 300_000;
/** A lane that waits for its rate is looked at after this at the latest, milliseconds. */
const wakeMsMax = 1_000;
const tooManyRequests = 429;

/**
 * One lane an endpoint: its concurrency and its rate are exact, because one process owns the endpoint's partition. What does
 * not fit waits here, bounded by the partitions, which then pause. An endpoint that stands still is spilled, so that it costs
 * the others nothing; that our own database is slow is no reason to: holding would only make it slower.
 */
export class EndpointLanes {
  private readonly lanes = new Map<EndpointKey, Lane>();
  private readonly places: RequestPlaces<Lane>;

  constructor(
    private readonly limits: LaneLimits,
    private readonly clock: Clock,
    private readonly takeBack: TakeBack,
  ) {
    this.places = new RequestPlaces(limits);
  }

  /**
   * Resolves with a place, or with why there is none when the endpoint stands still and enough wait already: hold the
   * delivery. With null when the signal is aborted, which the caller knows.
   */
  enter(key: EndpointKey, { own, isFresh, signal }: LaneVisitor): Promise<LanePlace | LaneFull | null> {
    const lane = this.laneOf(key, own);
    if (signal.aborted) return Promise.resolve(null);
    if (lane.waiting.size >= this.limits.waitingMax && this.leftMs(lane) <= 0)
      return Promise.resolve(this.whyFull(lane));
    // Its backlog would fill the partition, and first attempts for others would stand behind it.
    if (!isFresh && lane.waiting.othersSize >= this.limits.backlogMax) return Promise.resolve(this.whyFull(lane));
    return new Promise((resolve) => {
      const tell = (turn: LanePlace | LaneFull | null) => {
        stopListening();
        lane.waiting.delete(tell);
        resolve(turn);
      };
      const stopListening = onAbort(signal, () => tell(null));
      lane.waiting.add(tell, isFresh);
      this.letIn(lane, signal);
      if (lane.waiting.size > this.limits.waitingMax && !lane.isWatched) void this.watch(lane, signal);
    });
  }

  /** Whether one more held delivery may circulate through the shortest tier; otherwise it waits as a row alone. */
  mayCirculate(key: EndpointKey, delayMs: number): boolean {
    const lane = this.lanes.get(key);
    return lane?.holds.mayCirculate(delayMs, lane.own.concurrency) ?? false;
  }

  /** Once in a while: takes back what lanes that are left hardly ever would not, and forgets lanes that nobody enters any more. */
  async tidy(): Promise<void> {
    const nowMs = this.clock.monotonicMs();
    for (const lane of this.lanes.values()) if (isForNothing(lane, nowMs)) this.lanes.delete(lane.key);
    await Promise.all([...this.lanes.values()].map((lane) => this.refill(lane)));
  }

  private laneOf(key: EndpointKey, own: OwnLimits): Lane {
    const known = this.lanes.get(key);
    if (known !== undefined) return Object.assign(known, { own, lastUsedMs: this.clock.monotonicMs() });
    const lane: Lane = {
      ...{ key, own, tenant: key.slice(0, key.indexOf('/')) },
      ...{ limits: new AdaptiveLimits(), gate: new RateGate(), waiting: new LaneQueue() },
      holds: new LaneHolds(key, {
        circulatingMax: this.limits.circulatingMax,
        clock: this.clock,
        takeBack: this.takeBack,
      }),
      ...{ underWay: 0, atEndpoint: 0, lastAnswerMs: 0, lastUsedMs: this.clock.monotonicMs() },
      ...{ isWatched: false, isWoken: false },
    };
    this.lanes.set(key, lane);
    return lane;
  }

  /** Milliseconds until the endpoint counts as standing still; 0 or less: it does. */
  private leftMs(lane: Lane): number {
    if (this.whyFull(lane) === 'RATE_LIMITED') return 0;
    if (!this.waitsForAnswers(lane)) return this.limits.spillAfterMs;
    return this.limits.spillAfterMs - (this.clock.monotonicMs() - lane.lastAnswerMs);
  }

  /** And not for our own database: its places are all out at it, or its tenant got no more, which are out as well. */
  private waitsForAnswers(lane: Lane): boolean {
    if (lane.atEndpoint >= this.limitsOf(lane).concurrency) return true;
    return this.places.isAwaitedBy(lane) && this.places.areOut(lane.tenant);
  }

  /** By its rate when the last of those who wait would wait for longer than an endpoint may stand still. */
  private whyFull(lane: Lane): LaneFull {
    const { ratePerSecond } = this.limitsOf(lane);
    const isPaced = ratePerSecond !== null && (lane.waiting.size / ratePerSecond) * 1_000 > this.limits.spillAfterMs;
    return isPaced ? 'RATE_LIMITED' : 'ENDPOINT_FULL';
  }

  private limitsOf({ limits, own }: Lane): OwnLimits {
    return limits.now(own, this.clock.monotonicMs());
  }

  /** One timer a lane, whatever waits in it: spills what is too much once the endpoint stands still. */
  private async watch(lane: Lane, signal: AbortSignal): Promise<void> {
    const { waitingMax } = this.limits;
    lane.isWatched = true;
    while (lane.waiting.size > waitingMax && !signal.aborted) {
      const leftMs = this.leftMs(lane);
      if (leftMs > 0) await this.clock.wait(leftMs, signal);
      else for (const tell of lane.waiting.tooMany(waitingMax)) tell(this.whyFull(lane));
    }
    lane.isWatched = false;
  }

  private letIn(lane: Lane, signal?: AbortSignal): void {
    while (lane.waiting.size > 0) {
      const { concurrency, ratePerSecond } = this.limitsOf(lane);
      if (lane.underWay >= concurrency) break;
      const waitMs = ratePerSecond === null ? 0 : lane.gate.waitMs(ratePerSecond, this.clock.monotonicMs());
      if (waitMs > 0) {
        void this.wake(lane, Math.min(waitMs, wakeMsMax), signal);
        break;
      }
      if (!this.places.hasPlaceFor(lane.tenant)) {
        this.awaitPlace(lane);
        return;
      }
      if (ratePerSecond !== null) lane.gate.take(ratePerSecond, this.clock.monotonicMs());
      lane.waiting.next()?.(this.take(lane));
    }
    this.places.forget(lane);
  }

  private awaitPlace(lane: Lane): void {
    if (!this.places.isAwaitedBy(lane)) lane.lastAnswerMs = this.clock.monotonicMs();
    this.places.await(lane);
  }

  private async wake(lane: Lane, waitMs: number, signal?: AbortSignal): Promise<void> {
    if (lane.isWoken) return;
    lane.isWoken = true;
    await this.clock.wait(Math.max(1, waitMs), signal?.aborted === true ? undefined : signal);
    lane.isWoken = false;
    this.letIn(lane);
  }

  private take(lane: Lane): LanePlace {
    lane.underWay++;
    this.places.take(lane.tenant);
    let isLeft = false;
    return {
      follow: (own) => {
        lane.own = own;
      },
      during: (request, deadlineMs) => this.during(lane, request, deadlineMs),
      leave: () => {
        if (isLeft) return;
        isLeft = true;
        lane.underWay--;
        this.places.leave(lane.tenant);
        this.passOn(lane);
        lane.holds.countLeft();
        lane.lastUsedMs = this.clock.monotonicMs();
        if (lane.holds.leftSince >= lane.own.concurrency) void this.refill(lane);
      },
    };
  }

  private async during(lane: Lane, request: () => Promise<AttemptReport>, deadlineMs: number): Promise<AttemptReport> {
    const beganMs = this.clock.monotonicMs();
    if (++lane.atEndpoint >= this.limitsOf(lane).concurrency) lane.lastAnswerMs = beganMs;
    this.places.countOut(lane.tenant, 1);
    try {
      const report = await request();
      lane.limits.note({ kind: signOf(report), beganMs, endedMs: this.clock.monotonicMs(), deadlineMs }, lane.own);
      return report;
    } finally {
      lane.atEndpoint--;
      this.places.countOut(lane.tenant, -1);
      lane.lastAnswerMs = this.clock.monotonicMs();
    }
  }

  /** A place that was left goes to whose turn it is; the lane that left it waits behind the others. */
  private passOn(left: Lane): void {
    if (!this.places.areAwaited) this.letIn(left);
    else if (left.waiting.size > 0) this.awaitPlace(left);
    for (let lane = this.places.next(); lane !== undefined; lane = this.places.next()) this.letIn(lane);
  }

  private async refill(lane: Lane): Promise<void> {
    if (lane.waiting.size > this.limits.waitingMax / 2) return;
    await lane.holds.refill(lane.underWay, lane.own.concurrency);
  }
}

function isForNothing({ underWay, waiting, isWoken, lastUsedMs, holds }: Lane, nowMs: number): boolean {
  const isIdle = underWay === 0 && waiting.size === 0 && !isWoken && nowMs - lastUsedMs > idleMsMax;
  return isIdle && holds.isEmpty();
}

function signOf({ outcome, httpStatus }: AttemptReport): LimitSign['kind'] {
  if (httpStatus === tooManyRequests) return 'too-many';
  return outcome.kind === 'accepted' ? 'good' : 'other';
}
