import type { Admin, Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import type { Clock } from '#domain/clock';
import type { KafkaRecord } from '#domain/kafka-record';
import type { Log } from '#telemetry/log';
import { clientRetry, createKafka, type KafkaSettings } from './kafka-client.js';

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface PartitionOffset extends TopicPartition {
  readonly offset: bigint;
}

/** The log of one partition. */
export interface LogPosition extends TopicPartition {
  readonly start: bigint;
  /** The offset after the last record. */
  readonly end: bigint;
  /** What the group committed; null when it never did. */
  readonly committed: bigint | null;
}

/** What a source tells its owner; all calls are synchronous and must not throw. */
export interface RecordSourceListener {
  /** A new generation: whatever was read before and is not finished is read again from the committed offsets. */
  onAssigned(partitions: readonly TopicPartition[]): void;
  /** The group is about to be formed anew: the last moment to commit. */
  onRevoking(): void;
  onRecords(records: readonly KafkaRecord[]): void;
}

/** How a source joins its group; all durations in milliseconds. */
export interface RecordSourceSettings {
  readonly kafka: KafkaSettings;
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly sessionTimeoutMs: number;
  readonly heartbeatMs: number;
  readonly rebalanceTimeoutMs: number;
}

/** Longest wait of the broker for new records; it bounds how fast a pause ends and adds to each rebalance. */
const fetchWaitMs = 250;
const partitionBytesMax = 262_144;
const fetchBytesMax = 4_194_304;
const metadataAgeMs = 30_000;
const firstWaitMs = 500;
const waitMsMax = 5_000;
/** A consumer that neither fetched nor sent a heartbeat for a whole rebalance and this long is built anew. */
const silentMsGrace = 30_000;
const watchMs = 1_000;

/** Reads topics as a member of a consumer group; survives its client: what crashes or falls silent is built anew. */
export class KafkaRecordSource {
  private consumer: Consumer | null = null;
  private admin: Admin | null = null;
  private readonly stopping = new AbortController();
  private supervising: Promise<void> = Promise.resolve();
  private reading = false;
  private lastSignMs = 0;
  private trouble: string | null = 'not joined yet';

  constructor(
    private readonly settings: RecordSourceSettings,
    private readonly log: Log,
    private readonly clock: Clock,
  ) {}

  /** Returns at once; joining, and joining again after a crash, goes on in the background until `stop`. */
  start(listener: RecordSourceListener): void {
    this.supervising = this.supervise(listener);
  }

  /** Null while joined and reading, else the cause in words. */
  whatIsWrong(): string | null {
    return this.trouble;
  }

  pause(partition: TopicPartition): void {
    this.consumer?.pause([{ topic: partition.topic, partitions: [partition.partition] }]);
  }

  resume(partition: TopicPartition): void {
    this.consumer?.resume([{ topic: partition.topic, partitions: [partition.partition] }]);
  }

  /** One request for all partitions. Answers false when the broker did not take it: the next round tries again. */
  async commit(offsets: readonly PartitionOffset[]): Promise<boolean> {
    const { consumer } = this;
    if (consumer === null || offsets.length === 0) return false;
    try {
      await consumer.commitOffsets(offsets.map((at) => ({ ...at, offset: String(at.offset) })));
      return true;
    } catch (error) {
      this.log.debug('offsets.notCommitted', { cause: String(error) });
      return false;
    }
  }

  /** Where the log of each partition of the source's topics begins and ends, and what the group committed. */
  async logPositions(): Promise<readonly LogPosition[]> {
    const { admin, settings } = this;
    if (admin === null) return [];
    const groupOffsets = await admin.fetchOffsets({ groupId: settings.groupId, topics: [...settings.topics] });
    const committed = new Map(
      groupOffsets.flatMap(({ topic, partitions }) =>
        partitions.map(({ partition, offset }) => [`${partition}/${topic}`, BigInt(offset)] as const),
      ),
    );
    const logs = settings.topics.map(async (topic) =>
      (await admin.fetchTopicOffsets(topic)).map(({ partition, low, high }) => {
        const offset = committed.get(`${partition}/${topic}`) ?? -1n;
        return { topic, partition, start: BigInt(low), end: BigInt(high), committed: offset < 0n ? null : offset };
      }),
    );
    return (await Promise.all(logs)).flat();
  }

  /** Leaves the group (so that others take over at once) and ends the supervision. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.supervising;
    await this.close();
  }

  private async supervise(listener: RecordSourceListener): Promise<void> {
    let waitMs = firstWaitMs;
    while (!this.stopping.signal.aborted) {
      const failure = await this.run(listener).catch((error: unknown) => error);
      if (this.stopping.signal.aborted) return;
      await this.close();
      this.trouble = failure instanceof Error ? failure.message : String(failure);
      waitMs = this.reading ? firstWaitMs : Math.min(waitMs * 2, waitMsMax);
      this.reading = false;
      this.log.warn('consumer.rebuilding', { group: this.settings.groupId, cause: this.trouble, waitMs });
      await this.clock.wait(waitMs, this.stopping.signal);
    }
  }

  /** Joins and reads until the consumer crashes or falls silent; rejects with the cause. Resolves when stopping. */
  private async run(listener: RecordSourceListener): Promise<void> {
    const { settings } = this;
    const kafka = createKafka(settings.kafka, settings.groupId, this.log);
    this.admin = kafka.admin({ retry: clientRetry });
    const ended = new AbortController();
    try {
      await this.admin.connect();
      await this.checkTopics(this.admin);
      const consumer = this.createConsumer(kafka);
      this.consumer = consumer;
      this.listen(consumer, listener, ended);
      await consumer.connect();
      await consumer.subscribe({ topics: [...settings.topics], fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: true,
        partitionsConsumedConcurrently: 16,
        eachBatch: (payload) => this.hand(payload, listener),
      });
      await this.watch(ended.signal);
    } finally {
      ended.abort();
    }
  }

  private createConsumer(kafka: Kafka): Consumer {
    const { settings } = this;
    return kafka.consumer({
      groupId: settings.groupId,
      sessionTimeout: settings.sessionTimeoutMs,
      heartbeatInterval: settings.heartbeatMs,
      rebalanceTimeout: settings.rebalanceTimeoutMs,
      maxWaitTimeInMs: fetchWaitMs,
      minBytes: 1,
      maxBytesPerPartition: partitionBytesMax,
      maxBytes: fetchBytesMax,
      metadataMaxAge: metadataAgeMs,
      allowAutoTopicCreation: false,
      retry: clientRetry,
    });
  }

  /** Says which topic is missing; without this the client would wait for it without a word. */
  private async checkTopics(admin: Admin): Promise<void> {
    const known = new Set(await admin.listTopics());
    const missing = this.settings.topics.filter((topic) => !known.has(topic));
    if (missing.length > 0)
      throw new Error(`Kafka: topic ${missing.join(', ')} is missing; \`npm run topics\` makes it`);
  }

  private listen(consumer: Consumer, listener: RecordSourceListener, ended: AbortController): void {
    const sign = () => {
      this.lastSignMs = this.clock.monotonicMs();
    };
    sign();
    consumer.on(consumer.events.FETCH, sign);
    consumer.on(consumer.events.HEARTBEAT, sign);
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      this.reading = false;
      this.trouble = `Kafka: ${payload.error.message}`;
      if (!payload.restart) ended.abort(payload.error);
    });
    consumer.on(consumer.events.REBALANCING, () => {
      this.reading = false;
      listener.onRevoking();
    });
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      if (ended.signal.aborted) return;
      listener.onAssigned(flatten(payload.memberAssignment));
      this.reading = true;
      this.trouble = null;
      sign();
    });
  }

  /** Resolves when stopping; rejects when the client gave up, or has given no sign of life for too long. */
  private async watch(ended: AbortSignal): Promise<void> {
    const eitherEnd = AbortSignal.any([ended, this.stopping.signal]);
    const silentMsMax = this.settings.rebalanceTimeoutMs + silentMsGrace;
    while (!eitherEnd.aborted) {
      await this.clock.wait(watchMs, eitherEnd);
      const silentMs = this.clock.monotonicMs() - this.lastSignMs;
      if (silentMs > silentMsMax)
        throw new Error(`Kafka: the consumer gave no sign of life for ${Math.round(silentMs)} ms`);
      if (silentMs > this.settings.heartbeatMs * 2) this.trouble ??= 'Kafka: no answer from the brokers';
      else if (this.reading) this.trouble = null;
    }
    if (ended.aborted) throw ended.reason;
  }

  /** Hands on copies: a client's buffer is a view that would pin the whole answer of the broker. */
  private async hand({ batch, isRunning }: EachBatchPayload, listener: RecordSourceListener): Promise<void> {
    if (!this.reading || !isRunning()) return;
    listener.onRecords(
      batch.messages.map((message) => ({
        topic: batch.topic,
        partition: batch.partition,
        offset: BigInt(message.offset),
        timestampMs: Number(message.timestamp),
        key: copy(message.key),
        value: copy(message.value),
        headers: copyHeaders(message.headers),
      })),
    );
  }

  private async close(): Promise<void> {
    const { consumer, admin } = this;
    this.consumer = null;
    this.admin = null;
    await Promise.all([consumer?.disconnect().catch(() => undefined), admin?.disconnect().catch(() => undefined)]);
  }
}

function flatten(assignment: Readonly<Record<string, readonly number[]>>): readonly TopicPartition[] {
  return Object.entries(assignment).flatMap(([topic, partitions]) =>
    partitions.map((partition) => ({ topic, partition })),
  );
}

function copy(bytes: Buffer | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes);
}

function copyHeaders(headers: EachBatchPayload['batch']['messages'][number]['headers']): KafkaRecord['headers'] {
  const own: Record<string, Buffer | Buffer[]> = {};
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (Array.isArray(value)) own[name] = value.map((one) => Buffer.from(one));
    else if (value !== undefined) own[name] = Buffer.from(value as Buffer);
  }
  return own;
}
