import type { Message, ProducerBatch, RecordMetadata } from 'kafkajs';
import type { Clock } from '#domain/clock';
import { Failure } from '#domain/failure';
import type { OutgoingRecord } from '#domain/kafka-record';
import type { RecordLocation, RecordSink } from '#kafka/record-sink';
import type { Log } from '#telemetry/log';
import type { KafkaSettings } from './kafka-client.js';
import { partitionOfKey } from './partition-of-key.js';
import { metadataAgeMs, SinkClient } from './sink-client.js';

interface Placed {
  readonly record: OutgoingRecord;
  readonly partition: number;
}

interface PartitionCount {
  readonly count: number;
  /** What the topic has grown to; null: it has not. */
  readonly next: number | null;
  readonly readMs: number;
}

/** Bytes of one request, below the broker's limit for the batch of one partition. */
const requestBytesMax = 900_000;
const recordOverheadBytes = 512;
const firstWaitMs = 200;
const waitMsMax = 5_000;
/** Partition counts are read again after this: a topic may have grown. */
const partitionsAgeMs = 15_000;
const tooLarge: ReadonlySet<string> = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);

/**
 * Produces records: what resolves is on the brokers' disks. kafkajs 2.2.4 loses records silently when a leader moves
 * during a retry of a multi-partition send, and when an idempotent producer sends concurrently; therefore one write
 * is in flight, it is not idempotent, and **every partition of the answer is verified and what is missing sent again**.
 * A record may so be written twice, which every reader bears. While the brokers are away the promises stay open. A write
 * that no broker answered is repeated on new connections: the client would find out about dead ones one after the other.
 */
export class KafkajsSink implements RecordSink {
  private client: SinkClient;
  private readonly partitionCounts = new Map<string, PartitionCount>();
  private readonly stopping = new AbortController();
  private rotation = 0;

  constructor(
    private readonly settings: KafkaSettings,
    private readonly clientId: string,
    private readonly log: Log,
    private readonly clock: Clock,
  ) {
    this.client = new SinkClient(settings, clientId, log);
  }

  async write(records: readonly OutgoingRecord[]): Promise<readonly (RecordLocation | Failure)[]> {
    const written = new Map<OutgoingRecord, RecordLocation | Failure>();
    for (const chunk of chunksOf(records)) await this.writeChunk(chunk, written);
    return records.map((record) => written.get(record) ?? stopped());
  }

  async partitionsOf(topic: string): Promise<number> {
    const known = this.partitionCounts.get(topic);
    const nowMs = this.clock.monotonicMs();
    if (known !== undefined && nowMs - known.readMs < ageOf(known)) return known.count;
    await this.client.connect();
    const { topics } = await this.client.admin.fetchTopicMetadata({ topics: [topic] });
    const count = topics[0]?.partitions.length ?? 0;
    if (count === 0) throw new Error(`Kafka: topic ${topic} has no partitions`);
    // kafkajs drops what is for a partition its producer has not heard of: a new number counts once it must have.
    const isNews = known !== undefined && count > known.count && known.next !== count;
    const counted = isNews ? { count: known.count, next: count, readMs: nowMs } : { count, next: null, readMs: nowMs };
    this.partitionCounts.set(topic, counted);
    return counted.count;
  }

  async whatIsWrong(): Promise<string | null> {
    try {
      await this.client.connect();
      await this.client.admin.describeCluster();
      return null;
    } catch (error) {
      return `Kafka: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.client.close();
  }

  /** Repeats what the answer does not confirm until nothing is left; gives up only when stopping. */
  private async writeChunk(
    chunk: readonly OutgoingRecord[],
    written: Map<OutgoingRecord, RecordLocation | Failure>,
  ): Promise<void> {
    let rest = chunk;
    for (let waitMs = firstWaitMs; rest.length > 0 && !this.stopping.signal.aborted; ) {
      const error = await this.writeOnce(rest, written).catch((cause: unknown) => cause);
      rest = rest.filter((record) => !written.has(record));
      if (rest.length === 0) return;
      if (isTooLarge(error)) return this.writeHalves(rest, error, written);
      this.log.warn('produce.retrying', {
        records: rest.length,
        waitMs,
        cause: String(error ?? 'unconfirmed partition'),
      });
      if (!isAnswer(error)) this.renewClient();
      await this.clock.wait(waitMs, this.stopping.signal);
      waitMs = Math.min(waitMs * 2, waitMsMax);
    }
  }

  private renewClient(): void {
    if (this.stopping.signal.aborted) return;
    void this.client.close();
    this.client = new SinkClient(this.settings, this.clientId, this.log);
  }

  private async writeHalves(
    records: readonly OutgoingRecord[],
    cause: unknown,
    written: Map<OutgoingRecord, RecordLocation | Failure>,
  ): Promise<void> {
    const [only] = records;
    if (only !== undefined && records.length === 1) {
      const message = `the broker takes no record of ${only.value?.length ?? 0} bytes for ${only.topic}`;
      written.set(only, new Failure('BROKER_UNAVAILABLE', message, { retryable: false, cause }));
      return;
    }
    const middle = Math.ceil(records.length / 2);
    await this.writeChunk(records.slice(0, middle), written);
    await this.writeChunk(records.slice(middle), written);
  }

  private async writeOnce(
    records: readonly OutgoingRecord[],
    written: Map<OutgoingRecord, RecordLocation | Failure>,
  ): Promise<undefined> {
    await this.client.connect();
    const counts = new Map<string, number>();
    for (const topic of new Set(records.map((record) => record.topic)))
      counts.set(topic, await this.partitionsOf(topic));
    const placed = records.map((record) => ({ record, partition: this.place(record, counts.get(record.topic) ?? 1) }));
    const answer = await this.client.producer.sendBatch({ acks: -1, topicMessages: topicMessages(placed) });
    confirm(placed, answer, written);
  }

  private place({ key, partition }: OutgoingRecord, partitions: number): number {
    if (partition !== undefined) return partition;
    if (key !== null) return partitionOfKey(key, partitions);
    this.rotation = (this.rotation + 1) % partitions;
    return this.rotation;
  }
}

function ageOf({ next }: PartitionCount): number {
  return next === null ? partitionsAgeMs : metadataAgeMs;
}

function topicMessages(placed: readonly Placed[]): NonNullable<ProducerBatch['topicMessages']> {
  const byTopic = new Map<string, Message[]>();
  for (const { record, partition } of placed) {
    const messages = byTopic.get(record.topic) ?? [];
    messages.push({ key: record.key, value: record.value, headers: record.headers, partition });
    byTopic.set(record.topic, messages);
  }
  return [...byTopic].map(([topic, messages]) => ({ topic, messages }));
}

/** Marks as written what the answer names, partition by partition: the n-th record of it stands at base + n. */
function confirm(
  placed: readonly Placed[],
  answer: readonly RecordMetadata[],
  written: Map<OutgoingRecord, RecordLocation | Failure>,
): void {
  const nextOffsets = new Map(
    answer
      .filter(({ errorCode, baseOffset }) => errorCode === 0 && baseOffset !== undefined)
      .map(({ topicName, partition, baseOffset }) => [`${partition}/${topicName}`, BigInt(baseOffset ?? 0)]),
  );
  for (const { record, partition } of placed) {
    const at = `${partition}/${record.topic}`;
    const offset = nextOffsets.get(at);
    if (offset === undefined) continue;
    written.set(record, { partition, offset });
    nextOffsets.set(at, offset + 1n);
  }
}

function* chunksOf(records: readonly OutgoingRecord[]): Generator<readonly OutgoingRecord[]> {
  let chunk: OutgoingRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    const size = (record.value?.length ?? 0) + recordOverheadBytes;
    if (chunk.length > 0 && bytes + size > requestBytesMax) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(record);
    bytes += size;
  }
  yield chunk;
}

/** Whether a broker has said something, if only that it refuses. */
function isAnswer(error: unknown): boolean {
  return error === undefined || (error instanceof Error && protocolErrorOf(error) !== null);
}

/** What of the protocol a broker answered; the client wraps it once its retries are used up. */
function protocolErrorOf(error: Error): string | null {
  if ('type' in error && typeof error.type === 'string') return error.type;
  return error.cause instanceof Error ? protocolErrorOf(error.cause) : null;
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && tooLarge.has(protocolErrorOf(error) ?? '');
}

function stopped(): Failure {
  return new Failure('BROKER_UNAVAILABLE', 'the producer was stopped before the record was written', {
    retryable: true,
  });
}
