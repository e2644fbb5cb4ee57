/**
 * The lanes of the partitions a member owns, from assignment to assignment.
 *
 * A lane with its tracker outlives a rebalance only across the same member and the next generation. In any other case
 * somebody else may have read the partition meanwhile, and the lane begins anew from what the group committed: the offset,
 * and the bitmap of what is finished above it. Without an answer of the broker it begins without the bitmap, and what was
 * finished there runs again and finds its work done.
 */
import type { Clock } from '#domain/clock';
import type { Log } from '#telemetry/log';
import { decodeFinished } from './finished-offsets.js';
import { type Lane, type LaneStart, laneKey, newLane, type PartitionLimits } from './partition-lane.js';
import type { Assignment, CommittedOffset, RecordSource, TopicPartition } from './record-source.js';

export interface AssignedLanesDeps {
  readonly source: RecordSource;
  readonly clock: Clock;
  readonly log: Log;
  readonly ofPartition: (topic: string) => PartitionLimits;
}

/** How long an assignment waits for what the group committed before it goes on without the bitmaps. */
const committedWaitMs = 5_000;

export class AssignedLanes {
  private lanes = new Map<string, Lane>();
  /** The same ones, which take turns. */
  private inOrder: readonly Lane[] = [];
  private turn = 0;
  private settled = false;
  /** What is being settled; null when a rebalance has begun since. */
  private settling: Assignment | null = null;

  constructor(private readonly deps: AssignedLanesDeps) {}

  /** False between the last moment to commit and the next assignment: what was read may be another owner's. */
  get areSettled(): boolean {
    return this.settled;
  }

  /** A rebalance begins. */
  unsettle(): void {
    this.settled = false;
    this.settling = null;
  }

  all(): Iterable<Lane> {
    return this.lanes.values();
  }

  of(at: TopicPartition): Lane | undefined {
    return this.lanes.get(laneKey(at));
  }

  isCurrent(lane: Lane): boolean {
    return this.of(lane) === lane;
  }

  get count(): number {
    return this.inOrder.length;
  }

  /** The lane whose turn it is, until `passTurn`; undefined when there is none. */
  inTurn(): Lane | undefined {
    return this.inOrder[this.turn % this.inOrder.length];
  }

  /** Over to the next lane. */
  passTurn(): void {
    this.turn = (this.turn + 1) % Math.max(this.inOrder.length, 1);
  }

  /** Gives back what is not kept and makes lanes for what is new. Answers whether they may be read: not if it all changed meanwhile. */
  async assign(assignment: Assignment): Promise<boolean> {
    this.settling = assignment;
    const { partitions, isNextGeneration } = assignment;
    const before = this.lanes;
    const kept = new Map<string, Lane>();
    for (const at of partitions) {
      const lane = before.get(laneKey(at));
      if (!isNextGeneration || lane === undefined) continue;
      kept.set(laneKey(at), lane);
      lane.readingFrom = lane.committedOffset;
    }
    for (const [key, lane] of before) if (kept.get(key) !== lane) lane.givenBack.abort();
    this.lanes = kept;
    const gained = partitions.filter((at) => !kept.has(laneKey(at)));
    this.deps.log.info('partitions.assigned', { partitions: partitions.length, kept: kept.size });
    const starts = gained.length === 0 ? new Map<string, LaneStart>() : await this.starts();
    if (this.settling !== assignment) return false;
    for (const at of gained) kept.set(laneKey(at), this.newLane(at, starts.get(laneKey(at)) ?? null));
    this.inOrder = [...kept.values()];
    this.settled = true;
    return true;
  }

  /** Begins a partition anew whose log holds other records than the tracker knows. */
  replace(lane: Lane): void {
    lane.givenBack.abort();
    this.lanes.set(laneKey(lane), this.newLane(lane, null));
    this.inOrder = [...this.lanes.values()];
  }

  /** Commits what has changed, in one request. What is not taken is committed by the next round. */
  async commit(): Promise<void> {
    const changed = [...this.lanes.values()].flatMap((lane) => {
      const version = lane.tracker.version();
      const position = version === lane.committedVersion ? null : lane.tracker.position();
      return position === null ? [] : [{ lane, version, position }];
    });
    const offsets = changed.map(({ lane: { topic, partition }, position }) => ({ topic, partition, ...position }));
    if (!(await this.deps.source.commit(offsets))) return;
    for (const { lane, version, position } of changed) {
      lane.committedVersion = version;
      lane.committedOffset = position.offset;
    }
  }

  private newLane(at: TopicPartition, start: LaneStart | null): Lane {
    return newLane(at, this.deps.ofPartition(at.topic), start);
  }

  private async starts(): Promise<ReadonlyMap<string, LaneStart>> {
    const { source, clock, log } = this.deps;
    const answered = new AbortController();
    try {
      const late = clock.wait(committedWaitMs, answered.signal).then((): readonly CommittedOffset[] => {
        if (answered.signal.aborted) return [];
        throw new Error(`no answer within ${committedWaitMs} ms`);
      });
      const committed = await Promise.race([source.committed(), late]);
      return new Map(committed.map((at) => [laneKey(at), startOf(at, log)]));
    } catch (error) {
      log.warn('offsets.notRestored', { cause: String(error) });
      return new Map();
    } finally {
      answered.abort();
    }
  }
}

function startOf({ topic, partition, offset, metadata }: CommittedOffset, log: Log): LaneStart {
  const finished = decodeFinished(metadata, offset);
  if (finished === null && metadata !== '') log.warn('offsets.metadataIgnored', { topic, partition });
  return { offset, finished };
}
