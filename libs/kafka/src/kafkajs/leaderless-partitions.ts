/**
 * kafkajs 2.2.4 takes what a broker says of all topics for refused when one partition of one has no leader: a consumer then
 * reads none of them any more, and cannot join. Here it is told of the leader -1, which no broker is, and reads the others.
 *
 * A partition is without a leader for a moment whenever its topic was just created or its leader has just gone; that is
 * refused as before, and the client asks again. It is borne once it has lasted: from then on leaders are asked for each
 * second, so that the partition is read soon after it is led again.
 */
import type { Clock } from '#domain/clock';
import { loadInternal, once } from './client-internals.js';

interface TopicMetadata {
  readonly topic: string;
  readonly topicErrorCode: number;
  readonly partitionMetadata: readonly PartitionMetadata[];
}
interface PartitionMetadata {
  readonly partitionErrorCode: number;
  readonly partitionId: number;
  readonly leader: number;
}
interface MetadataAnswer {
  readonly topicMetadata: readonly TopicMetadata[];
}
interface Asked {
  readonly request: { readonly apiKey: number };
  readonly response: { readonly parse: (decoded: MetadataAnswer) => Promise<MetadataAnswer> };
}
interface ConnectionPoolClass {
  readonly prototype: { send(asked: Asked): Promise<unknown> };
}
interface BrokerPool {
  readonly metadata: MetadataAnswer | null;
  /** Milliseconds since the epoch. */
  metadataExpireAt: number | null;
  refreshMetadata(topics: readonly string[]): Promise<void>;
}
interface AskedTopic {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number }[];
}
interface TopicOffsets {
  readonly topic: string;
}
/** Each consumer has its own. */
interface Cluster {
  readonly findTopicPartitionMetadata: (topic: string) => readonly PartitionMetadata[];
  fetchTopicsOffset: (topics: readonly AskedTopic[]) => Promise<readonly TopicOffsets[]>;
}
interface ConsumerGroupClass {
  readonly prototype: { connect(this: { readonly cluster: Cluster }): Promise<void> };
}

/** Kafka protocol guide, error codes: LEADER_NOT_AVAILABLE. */
const leaderNotAvailable = 5;
/** In the place of a leader's node id. */
export const noLeader = -1;
const borneAfterMs = 3_000;
const askAgainMs = 1_000;

/** Must be called before the first client is made. */
export const bearLeaderless = once((clock: Clock) => {
  bearInMetadata(new LeaderlessPartitions(clock));
  askSoonAgain(clock);
  askNobodyForOffsets();
});

/** Since when partitions have had no leader, by what brokers said of them. */
export class LeaderlessPartitions {
  private readonly sinceMs = new Map<string, number>();

  constructor(private readonly clock: Pick<Clock, 'monotonicMs'>) {}

  /** Whether nothing is wrong but partitions that have had no leader for three seconds. */
  isBorne({ topicMetadata }: MetadataAnswer): boolean {
    const nowMs = this.clock.monotonicMs();
    const found = topicMetadata.flatMap(({ topic, topicErrorCode, partitionMetadata }) => [
      topicErrorCode === 0,
      ...partitionMetadata.map((partition) => this.isPartitionBorne(topic, partition, nowMs)),
    ]);
    return found.every(Boolean);
  }

  private isPartitionBorne(topic: string, { partitionId, partitionErrorCode }: PartitionMetadata, nowMs: number) {
    const id = `${partitionId}/${topic}`;
    const sinceMs = this.sinceMs.get(id) ?? nowMs;
    if (partitionErrorCode === leaderNotAvailable) this.sinceMs.set(id, sinceMs);
    else this.sinceMs.delete(id);
    return partitionErrorCode === 0 || nowMs - sinceMs >= borneAfterMs;
  }
}

function bearInMetadata(leaderless: LeaderlessPartitions): void {
  const pool: ConnectionPoolClass = loadInternal('kafkajs/src/network/connectionPool');
  const { Metadata }: { readonly Metadata: number } = loadInternal('kafkajs/src/protocol/requests/apiKeys');
  const { send } = pool.prototype;
  pool.prototype.send = function (asked) {
    if (asked.request.apiKey !== Metadata) return send.call(this, asked);
    const { response } = asked;
    const parse = async (decoded: MetadataAnswer) => (leaderless.isBorne(decoded) ? decoded : response.parse(decoded));
    return send.call(this, { ...asked, response: { ...response, parse } });
  };
}

function askSoonAgain(clock: Clock): void {
  const pool: { readonly prototype: BrokerPool } = loadInternal('kafkajs/src/cluster/brokerPool');
  const { refreshMetadata } = pool.prototype;
  pool.prototype.refreshMetadata = async function (topics) {
    await refreshMetadata.call(this, topics);
    const partitions = this.metadata?.topicMetadata.flatMap(({ partitionMetadata }) => partitionMetadata) ?? [];
    if (partitions.some(isLeaderless)) this.metadataExpireAt = clock.nowMs() + askAgainMs;
  };
}

/**
 * Where a partition begins that nothing was committed of, only its leader can say: until there is one, a consumer does not
 * read it. Whoever else asks for offsets is told of the error.
 */
function askNobodyForOffsets(): void {
  const group: ConsumerGroupClass = loadInternal('kafkajs/src/consumer/consumerGroup');
  const { connect } = group.prototype;
  group.prototype.connect = async function () {
    const { cluster } = this;
    const fetchTopicsOffset = cluster.fetchTopicsOffset.bind(cluster);
    cluster.fetchTopicsOffset = async (topics) => {
      const led = topics.map((asked) => ({ ...asked, partitions: asked.partitions.filter(isLedBy(cluster, asked)) }));
      const answered = await fetchTopicsOffset(led);
      const unanswered = topics.filter(({ topic }) => answered.every((one) => one.topic !== topic));
      return [...answered, ...unanswered.map(({ topic }) => ({ topic, partitions: [] }))];
    };
    await connect.call(this);
  };
}

function isLedBy(cluster: Cluster, { topic }: AskedTopic): (asked: { readonly partition: number }) => boolean {
  const leaderless = new Set(
    cluster
      .findTopicPartitionMetadata(topic)
      .filter(isLeaderless)
      .map(({ partitionId }) => partitionId),
  );
  return ({ partition }) => !leaderless.has(partition);
}

function isLeaderless({ leader }: PartitionMetadata): boolean {
  return leader === noLeader;
}
