/**
 * The port records are written through. What is known of one client and its faults stays behind it
 * (`kafkajs/kafkajs-sink.ts`); gathering records into requests is above it (`record-producer.ts`).
 */
import type { Failure } from '#domain/failure';
import type { OutgoingRecord } from '#domain/kafka-record';

/** Where a record was written. */
export interface RecordLocation {
  readonly partition: number;
  readonly offset: bigint;
}

export interface RecordSink {
  /**
   * Resolves when each record is on the brokers' disks (its location), is refused for good (not retryable), or was not
   * written because the sink was stopped (BROKER_UNAVAILABLE). While the brokers are away it stays open. A record may be
   * written twice. Must not be called again before it has resolved.
   */
  write(records: readonly OutgoingRecord[]): Promise<readonly (RecordLocation | Failure)[]>;
  /** The number of partitions of a topic. Throws what the broker throws. */
  partitionsOf(topic: string): Promise<number>;
  /** Null when the brokers answer, else the cause in words. */
  whatIsWrong(): Promise<string | null>;
  /** What is still waiting is not written, and said. */
  stop(): Promise<void>;
}
