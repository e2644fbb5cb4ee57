/**
 * Looks into logs through a client of its own. kafkajs 2.2.4 reads only as a member of a group, so a slice is fetched
 * through the cluster that its consumers use, and filtered by the same code: what a consumer would be given is in it.
 */
import type { Admin } from 'kafkajs';
import { Failure } from '#domain/failure';
import type { LogLook, LogSlice, PartitionOffsets } from '#kafka/log-look';
import type { TopicPartition } from '#kafka/record-source';
import type { Log } from '#telemetry/log';
import { innerCluster, loadInternal } from './client-internals.js';
import { type ClientMessage, copiedRecord } from './copied-record.js';
import { clientRetry, createKafka, type KafkaSettings } from './kafka-client.js';

type RawMessage = ClientMessage & {
  /** Of the batch it came in; absent in what brokers before 0.11 wrote. */
  readonly batchContext?: { readonly firstOffset: string; readonly lastOffsetDelta: number };
};
interface FetchedPartition {
  readonly partition: number;
  readonly messages: readonly RawMessage[];
}
interface InnerBroker {
  fetch(
    request: object,
  ): Promise<{ readonly responses: readonly { readonly partitions: readonly FetchedPartition[] }[] }>;
}
interface InnerCluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addTargetTopic(topic: string): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Readonly<Record<string, readonly number[]>>;
  findBroker(of: { readonly nodeId: string }): Promise<InnerBroker>;
}
type Batch = new (
  topic: string,
  fetchedOffset: string,
  partition: FetchedPartition,
) => { readonly messages: readonly ClientMessage[] };

const ConsumerBatch: Batch = loadInternal('kafkajs/src/consumer/batch');

const readCommitted = 1;
const sliceBytesMax = 1_048_576;
/** A broker gives the first batch whole, however little is asked for (KIP-74). */
const batchBytes = 1;
const sliceMsMax = 1_000;

export class KafkajsLogLook implements LogLook {
  private client: { readonly admin: Admin; readonly cluster: InnerCluster } | null = null;

  constructor(
    private readonly settings: KafkaSettings,
    private readonly clientId: string,
    private readonly log: Log,
  ) {}

  /** The group is asked first: what it has read lies below the ends that are asked for after it. */
  offsets(topics: readonly string[], groupId: string): Promise<readonly PartitionOffsets[]> {
    return this.ask(async ({ admin }) => {
      const committed = new Map<string, bigint>();
      for (const { topic, partitions } of await admin.fetchOffsets({ groupId, topics: [...topics] }))
        for (const { partition, offset } of partitions) committed.set(`${topic}/${partition}`, BigInt(offset));
      const all: PartitionOffsets[] = [];
      for (const topic of topics)
        for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
          const offset = committed.get(`${topic}/${partition}`) ?? -1n;
          const where = { topic, partition, start: BigInt(low), end: BigInt(high) };
          all.push({ ...where, committed: offset < 0n ? null : offset });
        }
      return all.toSorted((a, b) => a.topic.localeCompare(b.topic) || a.partition - b.partition);
    });
  }

  read({ topic, partition }: TopicPartition, from: bigint, howMuch: 'slice' | 'batch' = 'slice'): Promise<LogSlice> {
    return this.ask(async ({ cluster }) => {
      const broker = await leaderOf(cluster, { topic, partition });
      const fetchOffset = String(from);
      const maxBytes = howMuch === 'batch' ? batchBytes : sliceBytesMax;
      const answer = await orOutside(() =>
        broker.fetch({
          ...{ maxWaitTime: sliceMsMax, minBytes: 1, maxBytes, isolationLevel: readCommitted },
          topics: [{ topic, partitions: [{ partition, fetchOffset, maxBytes }] }],
        }),
      );
      if (answer === 'outside') return { records: [], next: from, isOutside: true };
      const [fetched] = answer.responses.flatMap(({ partitions }) => partitions);
      if (fetched === undefined) throw new Error(`${topic}/${partition} was not answered`);
      const { messages } = new ConsumerBatch(topic, fetchOffset, fetched);
      const records = messages.map((message) => copiedRecord({ topic, partition }, message));
      return { records, next: endOf(fetched, from), isOutside: false };
    });
  }

  async close(): Promise<void> {
    const { client } = this;
    this.client = null;
    if (client !== null) await Promise.allSettled([client.admin.disconnect(), client.cluster.disconnect()]);
  }

  /** A client that failed is not asked again: what it believes of the brokers may be what was wrong. */
  private async ask<T>(question: (client: NonNullable<KafkajsLogLook['client']>) => Promise<T>): Promise<T> {
    try {
      return await question(await this.connected());
    } catch (error) {
      await this.close();
      const said = error instanceof Error ? error.message : String(error);
      throw new Failure('BROKER_UNAVAILABLE', `Kafka: ${said}`, { retryable: true, cause: error });
    }
  }

  private async connected() {
    if (this.client !== null) return this.client;
    const kafka = createKafka(this.settings, this.clientId, this.log);
    const admin = kafka.admin({ retry: clientRetry });
    const cluster = innerCluster<InnerCluster>(kafka, { isolationLevel: readCommitted });
    this.client = { admin, cluster };
    await Promise.all([admin.connect(), cluster.connect()]);
    return this.client;
  }
}

async function leaderOf(cluster: InnerCluster, { topic, partition }: TopicPartition): Promise<InnerBroker> {
  await cluster.addTargetTopic(topic);
  await cluster.refreshMetadataIfNecessary();
  const [nodeId] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
  if (nodeId === undefined) throw new Error(`${topic}/${partition} has no leader`);
  return cluster.findBroker({ nodeId });
}

/** A broker that says that it has no such offset is there, and has answered. */
async function orOutside<T>(fetch: () => Promise<T>): Promise<T | 'outside'> {
  try {
    return await fetch();
  } catch (error) {
    if (error instanceof Error && 'type' in error && error.type === 'OFFSET_OUT_OF_RANGE') return 'outside';
    throw error;
  }
}

/** After the last batch that came whole: compaction may have left its last offset without a record. */
function endOf({ messages }: FetchedPartition, from: bigint): bigint {
  let end = from;
  for (const { offset, batchContext } of messages) {
    const last =
      batchContext === undefined
        ? BigInt(offset)
        : BigInt(batchContext.firstOffset) + BigInt(batchContext.lastOffsetDelta);
    if (last >= end) end = last + 1n;
  }
  return end;
}
