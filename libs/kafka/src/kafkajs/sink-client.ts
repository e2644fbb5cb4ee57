/**
 * Writes through the brokers of kafkajs 2.2.4, not through its producer. That one takes a whole request for refused when
 * one partition of it is, and cannot look up a topic while another one is missing or has a partition without a leader;
 * and what it repeats itself may be lost. Here each answer is kept whole, with the error of each partition and topic.
 * What is used is internal (the package has no `exports` map); the version is pinned, and the tests of the sink fail when
 * the internals change.
 */
import type { Socket } from 'node:net';
import type { Kafka } from 'kafkajs';
import type { Clock } from '#domain/clock';
import type { OutgoingRecord } from '#domain/kafka-record';
import type { Log } from '#telemetry/log';
import { Connections } from './broker-socket.js';
import { loadInternal } from './client-internals.js';
import { createKafka, type KafkaSettings } from './kafka-client.js';
import { noLeader } from './leaderless-partitions.js';

/** What a broker says of a topic. */
export interface FoundTopic {
  /** Node ids by partition, or `noLeader`. */
  readonly leaders: readonly number[];
  /** Why it cannot be written to. */
  readonly refusal: Error | null;
  /** When it was asked for, on the monotonic clock. */
  readonly readMs: number;
}

/** What is to be written to one partition. */
export interface PartitionRecords {
  readonly topic: string;
  readonly partition: number;
  readonly messages: readonly OutgoingRecord[];
}

/** What a broker says of what was to be written to one partition. */
export interface PartitionAnswer {
  readonly topic: string;
  readonly partition: number;
  readonly refusal: Error | null;
  /** Of the first record, if there is no refusal. */
  readonly baseOffset: bigint;
}

interface Request {
  readonly request: { readonly apiKey: number };
  readonly response: { readonly parse: (decoded: object) => Promise<object> };
}
interface ConnectionPool {
  send(request: Request): Promise<object>;
  readonly pool: readonly { readonly socket?: Socket }[];
}
interface TopicAnswer {
  readonly topicName: string;
  readonly partitions: readonly { partition: number; errorCode: number; baseOffset: string }[];
}
interface Broker {
  isConnected(): boolean;
  readonly connectionPool: ConnectionPool;
  produce(request: object): Promise<{ readonly topics: readonly TopicAnswer[] }>;
}
interface TopicMetadata {
  readonly topic: string;
  readonly topicErrorCode: number;
  readonly partitionMetadata: readonly { readonly partitionId: number; readonly leader: number }[];
}
interface BrokerPool {
  readonly connectionPoolBuilder: { build: (at?: object) => Promise<ConnectionPool> };
  readonly brokers: Readonly<Record<number, Broker>>;
  readonly metadata: { readonly topicMetadata: readonly TopicMetadata[] } | null;
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  refreshMetadata(topics: readonly string[]): Promise<unknown>;
  /** What is asked for metadata. */
  findConnectedBroker: () => Promise<Broker>;
  findBroker(at: { readonly nodeId: number }): Promise<Broker>;
}
type CreateCluster = (options: object) => { readonly brokerPool: BrokerPool };

/** Longer than the client's own timeout of a request; nobody parks a request of a producer. */
const unansweredMsMax = 20_000;
/** For all replicas to have the records. Less than the client waits for an answer: so it is said of which partition. */
const replicasMsMax = 10_000;
const closeMsMax = 5_000;

const neverRead: FoundTopic = { leaders: [], refusal: null, readMs: Number.NEGATIVE_INFINITY };

/** What producing needs to know and ask of the brokers, on connections of its own. */
export class SinkClient {
  private readonly pool: BrokerPool;
  private readonly connections = new Connections();
  /** Every topic that was asked for; they are few. */
  private readonly found = new Map<string, FoundTopic>();
  /** Brokers that did not answer last time. */
  private readonly silent = new Set<number>();
  private reads = 0;
  private connecting: Promise<void> | null = null;
  private reading: Promise<void> | null = null;

  constructor(
    settings: KafkaSettings,
    clientId: string,
    log: Log,
    private readonly clock: Clock,
  ) {
    const { connections } = this;
    const pool = brokerPoolOf(createKafka({ unansweredMsMax, ...settings, connections }, clientId, log));
    this.pool = pool;
    const usual = pool.findConnectedBroker.bind(pool);
    pool.findConnectedBroker = async () => (await this.brokerThatAnswers()) ?? usual();
  }

  /** Whether a broker did not answer when it was asked last. */
  isSilent(nodeId: number): boolean {
    return this.silent.has(nodeId);
  }

  /** Once it resolves, each topic was asked for at this instant or later. Throws only when no broker answers. */
  async topics(names: Iterable<string>, sinceMs: number): Promise<ReadonlyMap<string, FoundTopic>> {
    for (const name of names) if (!this.found.has(name)) this.found.set(name, neverRead);
    for (const name of names) while ((this.found.get(name) ?? neverRead).readMs < sinceMs) await this.ask();
    return this.found;
  }

  /** Asks for all topics known; one asking is shared by all who want it. Throws when no broker answers. */
  ask(): Promise<void> {
    this.reading ??= this.read().finally(() => {
      this.reading = null;
    });
    return this.reading;
  }

  /** Asks the leader of them all. Throws when it does not answer. */
  async produce(nodeId: number, partitions: readonly PartitionRecords[]): Promise<readonly PartitionAnswer[]> {
    const byTopic = new Map<string, PartitionRecords[]>();
    for (const one of partitions) {
      const ofTopic = byTopic.get(one.topic);
      if (ofTopic === undefined) byTopic.set(one.topic, [one]);
      else ofTopic.push(one);
    }
    const topicData = [...byTopic].map(([topic, ofTopic]) => ({ topic, partitions: ofTopic }));
    try {
      const broker = await this.pool.findBroker({ nodeId });
      const { topics } = await broker.produce({ acks: -1, timeout: replicasMsMax, topicData });
      this.silent.delete(nodeId);
      return topics.flatMap(answersOf);
    } catch (error) {
      this.silent.add(nodeId);
      await this.cut(nodeId);
      throw error;
    }
  }

  /** Lets what is under way end, within five seconds. */
  async close(): Promise<void> {
    const timer = new AbortController();
    const ended = this.pool.disconnect().catch(() => undefined);
    await Promise.race([ended, this.clock.wait(closeMsMax, timer.signal)]);
    timer.abort();
    this.connections.end();
  }

  /** Ends the connections to a broker: what else waits there hears of it, and the next try makes new ones. */
  private async cut(nodeId: number): Promise<void> {
    const sockets = (this.pool.brokers[nodeId]?.connectionPool.pool ?? []).flatMap(({ socket }) => socket ?? []);
    const open = sockets.filter(({ closed }) => !closed);
    const closing = open.map((socket) => new Promise((closed) => socket.once('close', closed)));
    for (const socket of open) socket.destroy(new Error('an answer did not come'));
    await Promise.all(closing); // until then the client counts them as connected
  }

  /** One after the other, those with a connection first; null when none is left. */
  private async brokerThatAnswers(): Promise<Broker | null> {
    const { brokers } = this.pool;
    const all = Object.keys(brokers).map(Number);
    const inTurn = all.map((_, i) => all[(i + this.reads) % all.length] ?? noLeader);
    this.reads++;
    const isConnected = (nodeId: number) => Number(brokers[nodeId]?.isConnected() ?? false);
    for (const nodeId of inTurn.toSorted((one, other) => isConnected(other) - isConnected(one))) {
      const broker = this.isSilent(nodeId) ? null : await this.pool.findBroker({ nodeId }).catch(() => null);
      if (broker !== null) return broker;
    }
    return null;
  }

  private async read(): Promise<void> {
    await this.connect();
    const readMs = this.clock.monotonicMs();
    const names = [...this.found.keys()];
    await this.pool.refreshMetadata(names);
    const answered = new Map(this.pool.metadata?.topicMetadata.map((one) => [one.topic, one]));
    for (const name of names) {
      const { topicErrorCode = 0, partitionMetadata = [] } = answered.get(name) ?? {};
      const leaders = partitionMetadata.map(() => noLeader);
      for (const { partitionId, leader } of partitionMetadata) leaders[partitionId] = leader;
      const refusal = refusalOf(topicErrorCode) ?? (leaders.length === 0 ? protocolError.noTopic : null);
      this.found.set(name, { leaders, refusal, readMs });
    }
  }

  /** Resolves once connected; after a failure the next call tries again. */
  private connect(): Promise<void> {
    this.connecting ??= this.pool.connect().catch((error: unknown) => {
      this.connecting = null;
      throw error;
    });
    return this.connecting;
  }
}

function answersOf({ topicName: topic, partitions }: TopicAnswer): readonly PartitionAnswer[] {
  return partitions.map(({ partition, errorCode, baseOffset }) => ({
    ...{ topic, partition, refusal: refusalOf(errorCode), baseOffset: BigInt(baseOffset) },
  }));
}

/** Connects, and learns of brokers as the client's producer would; its answers are kept whole. */
function brokerPoolOf(kafka: Kafka): BrokerPool {
  const name = 'private:Kafka:createCluster';
  const key = Object.getOwnPropertySymbols(kafka).find(({ description }) => description === name);
  if (key === undefined) throw new Error(`kafkajs has no ${name}`);
  const createCluster = (kafka as unknown as Record<symbol, CreateCluster | undefined>)[key];
  const pool = createCluster?.({ allowAutoTopicCreation: false }).brokerPool;
  if (pool === undefined) throw new Error('kafkajs makes no broker pool');
  const { connectionPoolBuilder } = pool;
  const build = connectionPoolBuilder.build.bind(connectionPoolBuilder);
  connectionPoolBuilder.build = async (at) => keepAnswersWhole(await build(at));
  return pool;
}

/** Without the client's own look at an answer, which throws the first error in it. */
function keepAnswersWhole(connectionPool: ConnectionPool): ConnectionPool {
  const keys: { readonly Produce: number; readonly Metadata: number } = loadInternal(
    'kafkajs/src/protocol/requests/apiKeys',
  );
  const send = connectionPool.send.bind(connectionPool);
  connectionPool.send = (asked) => {
    const { apiKey } = asked.request;
    if (apiKey !== keys.Produce && apiKey !== keys.Metadata) return send(asked);
    return send({ ...asked, response: { ...asked.response, parse: async (decoded) => decoded } });
  };
  return connectionPool;
}

const { createErrorFromCode }: { readonly createErrorFromCode: (code: number) => Error } =
  loadInternal('kafkajs/src/protocol/error');

/** What is known without asking the broker that would say it. */
export const protocolError = { noTopic: createErrorFromCode(3), noLeader: createErrorFromCode(5) } as const;

function refusalOf(errorCode: number): Error | null {
  return errorCode === 0 ? null : createErrorFromCode(errorCode);
}
