/** The port through which a log is looked into beside its readers: nothing is joined, nothing committed, nothing waited for. */
import type { KafkaRecord } from '#domain/kafka-record';
import type { TopicPartition } from './record-source.js';

/** Where a partition's log and its group stand. */
export interface PartitionOffsets extends TopicPartition {
  /** Of the oldest record that is kept. */
  readonly start: bigint;
  /** After the last record. */
  readonly end: bigint;
  /** The next offset the group reads; null while it has committed none. */
  readonly committed: bigint | null;
}

/** A stretch of a log. Offsets below `next` that have no record here are left out of the log: aborted, compacted, markers. */
export interface LogSlice {
  readonly records: readonly KafkaRecord[];
  /** Nothing is known of this offset and those after it. */
  readonly next: bigint;
  /** The offset that was asked for is deleted, or not written yet. */
  readonly isOutside: boolean;
}

export interface LogLook {
  /** Of every partition of the topics. Throws BROKER_UNAVAILABLE while any of it cannot be answered. */
  offsets(topics: readonly string[], groupId: string): Promise<readonly PartitionOffsets[]>;
  /** What readers of committed records are given from an offset on: one batch, or some MiB at most. Throws BROKER_UNAVAILABLE. */
  read(at: TopicPartition, from: bigint, howMuch?: 'slice' | 'batch'): Promise<LogSlice>;
  /** Ends its connections; the next question makes new ones. Never rejects. */
  close(): Promise<void>;
}
