import { setMaxListeners } from 'node:events';
import type { KafkaRecord } from '#domain/kafka-record';
import { OffsetTracker } from './offset-tracker.js';
import type { TopicPartition } from './record-source.js';

/** What may be read of one partition and not be finished; beyond it the partition pauses, at half of it it resumes. */
export interface PartitionLimits {
  readonly recordsMax: number;
  readonly bytesMax: number;
}

/** One assigned partition in one generation of the group. */
export interface Lane extends TopicPartition {
  readonly tracker: OffsetTracker;
  readonly limits: PartitionLimits;
  /** Read and not started, oldest first. */
  readonly queue: KafkaRecord[];
  /** Aborted when the lane is given back: with its generation, or when the drain begins. */
  readonly givenBack: AbortController;
  paused: boolean;
  committed: bigint | null;
}

/** A lane of which nothing was read yet. */
export function newLane({ topic, partition }: TopicPartition, limits: PartitionLimits): Lane {
  const [tracker, givenBack] = [new OffsetTracker(), new AbortController()];
  setMaxListeners(0, givenBack.signal); // every record that waits listens; the limits of the lane bound them
  return { topic, partition, tracker, limits, queue: [], givenBack, paused: false, committed: null };
}

/** Whether what is unfinished reaches this share of the limits. */
export function isFull({ tracker, limits }: Lane, share: number): boolean {
  const { records, bytes } = tracker.size();
  return records >= limits.recordsMax * share || bytes >= limits.bytesMax * share;
}

/** Tells the partitions of an engine apart. */
export function laneKey({ topic, partition }: TopicPartition): string {
  return `${partition}/${topic}`;
}
