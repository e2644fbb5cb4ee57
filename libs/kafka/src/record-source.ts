/**
 * The port a log is read through. Everything that is known of one client and its faults stays behind it
 * (`kafkajs/kafkajs-source.ts`); trackers, lanes, retries and commits are the engine's.
 */
import type { KafkaRecord } from '#domain/kafka-record';

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** What the group knows, or is to know, of one partition. */
export interface CommittedOffset extends TopicPartition {
  /** The next offset to read. */
  readonly offset: bigint;
  /** At most 4,096 bytes; the broker keeps it beside the offset. */
  readonly metadata: string;
}

/** What the last answer of the broker said of a partition. */
export interface LogView {
  /** The offset after the last record, when the broker answered. */
  readonly end: bigint;
  /** Where reading stood then. */
  readonly position: bigint;
  /** When the broker was asked, milliseconds since the epoch: what was appended before lies below `end`. */
  readonly askedMs: number;
}

/** The partitions of one generation of the group. */
export interface Assignment {
  readonly partitions: readonly TopicPartition[];
  /** True when the same member owned partitions in the generation just before: nobody else can have read them since. */
  readonly isNextGeneration: boolean;
}

/** What a source tells its owner; no call may throw. */
export interface RecordSourceListener {
  /** A new generation; records follow, from the committed offsets, once this has resolved. */
  onAssigned(assignment: Assignment): Promise<void>;
  /** The group is about to be formed anew: the last moment to commit. */
  onRevoking(): void;
  onRecords(records: readonly KafkaRecord[]): void;
  /** The source cannot join although the brokers answer, and has given up. */
  onLost(cause: string): void;
}

/** Reads topics as a member of a consumer group, and survives its client. */
export interface RecordSource {
  /** Returns at once; joining, and joining again, goes on in the background until `stop`. */
  start(listener: RecordSourceListener): void;
  /** Null while joined and reading, else the cause in words. */
  whatIsWrong(): string | null;
  pause(partition: TopicPartition): void;
  resume(partition: TopicPartition): void;
  /** Reads a partition from the start of its log, and lets whoever owns it next begin there; what is on its way is dropped. */
  readFromStart(partition: TopicPartition): void;
  /**
   * One request for all partitions, never repeated: what came late, in another generation, would take the group back. Answers
   * false when the broker did not take it: the next round tries again.
   */
  commit(offsets: readonly CommittedOffset[]): Promise<boolean>;
  /** What the group committed of the source's topics. Throws what the broker throws. */
  committed(): Promise<readonly CommittedOffset[]>;
  /** What is known of a partition's log in this generation; null before its first answer. Costs no request. */
  logView(partition: TopicPartition): LogView | null;
  /** Leaves the group, so that others take over at once. */
  stop(): Promise<void>;
}
