import type { KafkaRecord } from '#domain/kafka-record';
import { type OffsetBits, offsetSpanMax } from './finished-offsets.js';
import { OffsetTracker } from './offset-tracker.js';
import type { LogView, TopicPartition } from './record-source.js';

/** What may be read of one partition and not be finished; beyond it the partition pauses, at half of it it resumes. */
export interface PartitionLimits {
  readonly recordsMax: number;
  readonly bytesMax: number;
  /** Records of it in handlers at once; no bound but the engine's own when absent. */
  readonly underWayMax?: number;
}

/** One assigned partition, for as long as nobody else can have read it. */
export interface Lane extends TopicPartition {
  readonly tracker: OffsetTracker;
  readonly limits: PartitionLimits;
  /** Read and not started, oldest first. */
  readonly queue: KafkaRecord[];
  /** Records in handlers. */
  underWay: number;
  /** Aborted when the lane is given back: its partition went elsewhere, its log was replaced, or the drain begins. */
  readonly givenBack: AbortController;
  paused: boolean;
  /** The version of the tracker that was committed last. */
  committedVersion: number;
  /** What the group has committed, as far as it is known; reading begins there, or further on, at each assignment. */
  committedOffset: bigint | null;
  /** Where reading stands in this generation, at the least; null: anywhere. What is kept is read again from below. */
  readingFrom: bigint | null;
}

/** What the group committed before a lane began. */
export interface LaneStart {
  readonly offset: bigint;
  readonly finished: OffsetBits | null;
}

/** A lane of which nothing was read yet. */
export function newLane(
  { topic, partition }: TopicPartition,
  limits: PartitionLimits,
  start: LaneStart | null = null,
): Lane {
  return {
    ...{ topic, partition, limits, givenBack: new AbortController(), queue: [], underWay: 0, paused: false },
    tracker: new OffsetTracker(start?.finished ?? null),
    committedVersion: 0,
    committedOffset: start?.offset ?? null,
    readingFrom: start?.offset ?? null,
  };
}

/** A partition whose log is another than the one that was read, or has lost its end: it is read from its start. */
export interface LogShrunk extends TopicPartition {
  readonly committed: bigint;
  /** The offset of the record by which it was noticed. */
  readonly found: bigint;
}

/**
 * Whether records that begin at this offset are another log's than the lane knows (the topic was made anew, or cut): they
 * stand below where reading stood, or what was read before stands above the log's end.
 */
export function isOtherLog({ tracker, readingFrom }: Lane, first: bigint, logEnd: bigint | null): boolean {
  if (readingFrom !== null && first < readingFrom) return true;
  const next = tracker.next();
  return next !== null && logEnd !== null && logEnd < next;
}

/** Puts what is new of these records, in rising order of offsets, behind what waits. */
export function take(records: readonly KafkaRecord[], lane: Lane): void {
  for (const record of records) {
    if (lane.tracker.add(record)) lane.queue.push(record);
    lane.readingFrom = record.offset + 1n;
  }
}

/** The record that may be started next; undefined when there is none, or as many are under way as may be. */
export function nextOf(lane: Lane | undefined): KafkaRecord | undefined {
  const isBusy = lane !== undefined && lane.underWay >= (lane.limits.underWayMax ?? Number.POSITIVE_INFINITY);
  return isBusy ? undefined : lane?.queue[0];
}

/** Whether what is unfinished reaches this share of the limits. */
export function isFull({ tracker, limits }: Lane, share: number): boolean {
  const { records, bytes, span } = tracker.size();
  return records >= limits.recordsMax * share || bytes >= limits.bytesMax * share || span >= offsetSpanMax * share;
}

/** Tells the partitions of an engine apart. */
export function laneKey({ topic, partition }: TopicPartition): string {
  return `${partition}/${topic}`;
}

/** How far one partition is finished. */
export interface PartitionProgress extends TopicPartition {
  /** What was appended before this is finished, milliseconds since the epoch; null: not known yet. */
  readonly readToMs: number | null;
  /** What was appended before this has begun at least, milliseconds since the epoch; null: not known yet. */
  readonly begunToMs: number | null;
  /** Of the first record whose handler has not begun. */
  readonly nextOffset: bigint;
  /** Records from the oldest unfinished one to the end of the log. */
  readonly lag: number;
}

/** What is known of a lane, by what the broker said last of its log. */
export function progressOfLane(
  { topic, partition, tracker, queue }: Lane,
  log: LogView,
  readToOf: (oldest: KafkaRecord) => number,
): PartitionProgress {
  const oldest = tracker.oldest();
  // Where a transaction's marker stands last, reading stands behind it, and no record does.
  const behindMarker = (offset: bigint | null) => (offset !== null && offset > log.position ? offset : log.position);
  const position = oldest?.offset ?? behindMarker(tracker.watermark());
  const caughtUpMs = position >= log.end ? log.askedMs : null;
  const readToMs = oldest === null ? caughtUpMs : readToOf(oldest);
  const nextOffset = queue[0]?.offset ?? behindMarker(tracker.next());
  const begunToMs = queue[0]?.timestampMs ?? (nextOffset >= log.end ? log.askedMs : null);
  return { topic, partition, readToMs, begunToMs, nextOffset, lag: Math.max(0, Number(log.end - position)) };
}
