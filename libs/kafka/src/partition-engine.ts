import { type Clock, untilTick } from '#domain/clock';
import { Failure } from '#domain/failure';
import type { KafkaRecord } from '#domain/kafka-record';
import type { Log } from '#telemetry/log';
import { AssignedLanes } from './assigned-lanes.js';
import { sizeOf } from './offset-tracker.js';
import {
  isFull,
  isOtherLog,
  type Lane,
  type LogShrunk,
  nextOf,
  type PartitionLimits,
  type PartitionProgress,
  progressOfLane,
  take,
} from './partition-lane.js';
import type { Assignment, RecordSource, RecordSourceListener } from './record-source.js';

/**
 * Resolves when all that a record asks for is durable; rejects with a Failure that says whether to try again. The signal
 * is aborted when the record is given back (its partition was revoked, or the drain begins) and will be read again:
 * whoever only waits then ends, and whatever it throws is not said.
 */
export type RecordHandler = (record: KafkaRecord, signal: AbortSignal) => Promise<void>;

/** Takes a record that can never be handled; must make it durable where people look. */
export type GiveUp = (record: KafkaRecord, failure: Error) => Promise<void>;

/** What bounds an engine. */
export interface EngineLimits {
  /** Records in handlers at once, over all partitions. No bound but what is read when absent. */
  readonly underWayMax?: number | undefined;
  /** Of those records, where they multiply in memory; at least one is always in its handler. No limit when absent. */
  readonly underWayBytesMax?: number | undefined;
  readonly ofPartition: (topic: string) => PartitionLimits;
}

export interface PartitionEngineDeps {
  readonly source: RecordSource;
  readonly log: Log;
  readonly clock: Clock;
  readonly giveUp: GiveUp;
  /** The time up to which a partition is read when this is its oldest unfinished record, milliseconds since the epoch. */
  readonly progressOf: (record: KafkaRecord, nowMs: number) => number;
  /** A log was replaced by a shorter one: whoever is in charge must be told. Must not throw. */
  readonly onLogShrunk: (shrunk: LogShrunk) => void;
  /** The source has given up: the process can do nothing more. Must not throw. */
  readonly onLost: (cause: string) => void;
}

/** Offsets are committed this often, and at each drain: what a killed process repeats is one interval's work. */
const commitMs = 1_000;
/** Brokers that do not answer must not hold up a stop: what the last commit would have said is done again, and found done. */
const lastCommitMsMax = 5_000;
const firstBackOffMs = 200;
const backOffMsMax = 5_000;
/** A record whose handler throws what is no Failure (a bug) so often is given up. */
const sameRecordFailuresMax = 5;
const resumeShare = 0.5;

/**
 * Runs a handler over the assigned partitions' records, many at once in no order; commits the contiguous, and a bitmap above.
 *
 * A process that dies repeats what it finished since its last commit. A partition that stays with the same member in the
 * next generation goes on as if nothing had happened; of one that went elsewhere, what is still under way ends without a
 * word, and the new owner's run finds its work done (claims, deterministic ids).
 */
export class PartitionEngine implements RecordSourceListener {
  private readonly lanes: AssignedLanes;
  private handler: RecordHandler | null = null;
  private begun = 0;
  private underWay = 0;
  private underWayBytes = 0;
  private readonly drainController = new AbortController();
  private pumping = false;
  private readonly stopping = new AbortController();
  private readonly idle = new Set<() => void>();
  private committing: Promise<void> = Promise.resolve();

  constructor(
    private readonly limits: EngineLimits,
    private readonly deps: PartitionEngineDeps,
  ) {
    this.lanes = new AssignedLanes({ ...deps, ofPartition: limits.ofPartition });
  }

  /** Returns at once; records come when the group has been joined. */
  start(handler: RecordHandler): void {
    this.handler = handler;
    this.deps.source.start(this);
    this.committing = this.commitRepeatedly();
  }

  /** Starts no further record, waits for those under way (at most `timeoutMs`), commits and leaves the group. */
  async drainAndStop(timeoutMs: number): Promise<void> {
    this.drainController.abort();
    for (const lane of this.lanes.all()) {
      this.pause(lane);
      lane.givenBack.abort();
    }
    await Promise.race([this.untilIdle(), this.deps.clock.wait(timeoutMs)]);
    this.stopping.abort();
    await Promise.race([this.committing.then(() => this.lanes.commit()), this.deps.clock.wait(lastCommitMsMax)]);
    await this.deps.source.stop();
  }

  /** Null while joined and reading, else the cause in words. */
  whatIsWrong(): string | null {
    return this.deps.source.whatIsWrong();
  }

  /** Records in handlers. */
  recordsUnderWay(): number {
    return this.underWay;
  }

  /** Records whose handlers have begun since the start, for whoever only asks whether much has happened. */
  recordsBegun(): number {
    return this.begun;
  }

  /** How far each assigned partition is read and finished; those of which the broker has said nothing yet are left out. */
  progress(): readonly PartitionProgress[] {
    const nowMs = this.deps.clock.nowMs();
    return [...this.lanes.all()].flatMap((lane) => {
      const log = this.deps.source.logView(lane);
      if (log === null) return [];
      return [progressOfLane(lane, log, (oldest) => this.deps.progressOf(oldest, nowMs))];
    });
  }

  async onAssigned(assignment: Assignment): Promise<void> {
    if (!(await this.lanes.assign(assignment))) return;
    // The client forgets what was paused when it is built anew, and remembers it otherwise.
    for (const lane of this.lanes.all()) {
      if (lane.paused || this.draining) this.deps.source.pause(lane);
      else this.deps.source.resume(lane);
    }
    this.schedulePump();
  }

  onRevoking(): void {
    this.lanes.unsettle();
    void this.lanes.commit();
  }

  onLost(cause: string): void {
    this.deps.onLost(cause);
  }

  onRecords(records: readonly KafkaRecord[]): void {
    const [first] = records;
    if (first === undefined || this.draining) return;
    const lane = this.laneFor(first);
    if (lane === undefined) return;
    take(records, lane);
    if (isFull(lane, 1)) this.pause(lane);
    this.schedulePump();
  }

  /** The lane that knows these records' log; none when it is another log, which is then read from its start. */
  private laneFor(first: KafkaRecord): Lane | undefined {
    const lane = this.lanes.of(first);
    if (lane === undefined || !isOtherLog(lane, first.offset, this.deps.source.logView(lane)?.end ?? null)) return lane;
    const { topic, partition, offset: found } = first;
    this.deps.onLogShrunk({ topic, partition, committed: lane.committedOffset ?? 0n, found });
    this.lanes.replace(lane);
    this.deps.source.resume(lane); // a new lane is not paused
    this.deps.source.readFromStart(lane);
    return undefined;
  }

  private schedulePump(): void {
    if (this.pumping) return;
    this.pumping = true;
    setImmediate(() => {
      this.pumping = false;
      this.pump();
    });
  }

  /** Takes one record of each partition in turn, so that a deep partition does not starve the others. */
  private pump(): void {
    for (let passed = 0; passed < this.lanes.count; passed++) {
      const lane = this.lanes.inTurn();
      const record = nextOf(lane);
      if (lane !== undefined && record !== undefined) {
        if (this.draining || !this.lanes.areSettled || !this.hasRoomFor(record)) return;
        lane.queue.shift();
        void this.finish(record, lane);
        passed = -1;
      }
      this.lanes.passTurn();
    }
  }

  private hasRoomFor(record: KafkaRecord): boolean {
    const { underWayMax = Number.POSITIVE_INFINITY, underWayBytesMax = Number.POSITIVE_INFINITY } = this.limits;
    if (this.underWay === 0) return true;
    return this.underWay < underWayMax && this.underWayBytes + sizeOf(record) <= underWayBytesMax;
  }

  private async finish(record: KafkaRecord, lane: Lane): Promise<void> {
    const bytes = sizeOf(record);
    this.begun++;
    this.underWay++;
    lane.underWay++;
    this.underWayBytes += bytes;
    try {
      if (await this.runUntilDurable(record, lane)) this.markFinished(record, lane);
    } catch (error) {
      this.deps.log.error('engine.failed', { ...position(record), err: error });
    } finally {
      this.underWay--;
      lane.underWay--;
      this.underWayBytes -= bytes;
      if (this.underWay === 0) for (const resolve of this.idle) resolve();
      this.schedulePump();
    }
  }

  private markFinished(record: KafkaRecord, lane: Lane): void {
    lane.tracker.finish(record);
    if (!lane.paused || this.draining || isFull(lane, resumeShare)) return;
    lane.paused = false;
    if (this.lanes.isCurrent(lane)) this.deps.source.resume(lane);
  }

  /** The only place that asks whether a failure can be retried. Answers false when the record was given back instead. */
  private async runUntilDurable(record: KafkaRecord, lane: Lane): Promise<boolean> {
    const { deps, handler } = this;
    if (handler === null) throw new Error('the engine was not started');
    const { signal } = lane.givenBack;
    let bugs = 0;
    for (let waitMs = firstBackOffMs; !signal.aborted; waitMs = Math.min(waitMs * 2, backOffMsMax)) {
      try {
        await handler(record, signal);
        return true;
      } catch (error) {
        const failure = error instanceof Error ? error : new Error(String(error));
        const retryable = failure instanceof Failure ? failure.retryable : ++bugs < sameRecordFailuresMax;
        if (signal.aborted) return false;
        if (!retryable) return this.giveUpUntilDurable(record, failure, signal);
        deps.log.warn('record.retrying', { ...position(record), waitMs, err: failure });
        await deps.clock.wait(waitMs, signal);
      }
    }
    return false;
  }

  private async giveUpUntilDurable(record: KafkaRecord, failure: Error, signal: AbortSignal): Promise<boolean> {
    const { clock, giveUp, log } = this.deps;
    for (let waitMs = firstBackOffMs; !signal.aborted; waitMs = Math.min(waitMs * 2, backOffMsMax)) {
      try {
        await giveUp(record, failure);
        log.error('record.givenUp', { ...position(record), err: failure });
        return true;
      } catch (error) {
        log.warn('record.notGivenUpYet', { ...position(record), waitMs, err: error });
        await clock.wait(waitMs, signal);
      }
    }
    return false;
  }

  private async commitRepeatedly(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      await untilTick(this.deps.clock, commitMs, this.stopping.signal);
      await this.lanes.commit();
    }
  }

  private get draining(): boolean {
    return this.drainController.signal.aborted;
  }

  private pause(lane: Lane): void {
    if (lane.paused) return;
    lane.paused = true;
    this.deps.source.pause(lane);
  }

  private untilIdle(): Promise<void> {
    if (this.underWay === 0) return Promise.resolve();
    return new Promise((resolve) => this.idle.add(resolve));
  }
}

function position({ topic, partition, offset }: KafkaRecord): object {
  return { topic, partition, offset: String(offset) };
}
