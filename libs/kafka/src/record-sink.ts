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

export type WriteOutput = RecordLocation | Failure | Promise<RecordLocation>;

export interface RecordSink {
  /**
   * Resolves when each record is on the brokers' disks (its location), is refused for good (not retryable), was not
   * written because the sink was stopped or too much is set aside (BROKER_UNAVAILABLE), or is set aside: a promise of its
   * location, which rejects when the sink is stopped or the record is refused for good after all. Such a promise stays
   * open while that partition cannot be written to; the call itself only while no broker answers. A record may be written
   * twice, and those of one partition in another order. Must not be called again before it has resolved.
   */
  write(records: readonly OutgoingRecord[]): Promise<readonly WriteOutput[]>;
  /** The number of partitions of a topic. Throws what the broker throws. */
  partitionsOf(topic: string): Promise<number>;
  /** Null when the brokers answer, else the cause in words. */
  whatIsWrong(): Promise<string | null>;
  /** What is still waiting is not written, and said. */
  stop(): Promise<void>;
}
