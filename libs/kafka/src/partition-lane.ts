import { setMaxListeners } from 'node:events';
import type { KafkaRecord } from '#domain/kafka-record';
import { type OffsetBits, offsetSpanMax } from './finished-offsets.js';
import { OffsetTracker } from './offset-tracker.js';
import type { TopicPartition } from './record-source.js';

/** What may be read of one partition and not be finished; beyond it the partition pauses, at half of it it resumes. */
export interface PartitionLimits {
  readonly recordsMax: number;
  readonly bytesMax: number;
}

/** One assigned partition, for as long as nobody else can have read it. */
export interface Lane extends TopicPartition {
  readonly tracker: OffsetTracker;
  readonly limits: PartitionLimits;
  /** Read and not started, oldest first. */
  readonly queue: KafkaRecord[];
  /** Aborted when the lane is given back: its partition went elsewhere, its log was replaced, or the drain begins. */
  readonly givenBack: AbortController;
  paused: boolean;
  /** The version of the tracker that was committed last. */
  committedVersion: number;
  /** What the group has committed, as far as it is known; the log holds nothing below it that is still to be read. */
  committedOffset: bigint | null;
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
  const givenBack = new AbortController();
  setMaxListeners(0, givenBack.signal); // every record that waits listens; the limits of the lane bound them
  return {
    ...{ topic, partition, limits, givenBack, queue: [], paused: false },
    tracker: new OffsetTracker(start?.finished ?? null),
    committedVersion: 0,
    committedOffset: start?.offset ?? null,
  };
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
