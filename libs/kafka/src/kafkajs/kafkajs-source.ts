import type { Admin } from 'kafkajs';
import type { Clock } from '#domain/clock';
import type {
  CommittedOffset,
  LogView,
  RecordSource,
  RecordSourceListener,
  TopicPartition,
} from '#kafka/record-source';
import type { Log } from '#telemetry/log';
import { Connections } from './broker-socket.js';
import { GroupConsumer, type GroupConsumerSettings, type Membership, noMembership } from './group-consumer.js';
import { patchConsumerGroups } from './group-patches.js';
import { clientRetry, createKafka, type KafkaSettings } from './kafka-client.js';
import { topicSizes } from './topic-inspection.js';

/** How a source joins its group; all durations in milliseconds. */
export interface RecordSourceSettings extends GroupConsumerSettings {
  readonly kafka: KafkaSettings;
}

const firstWaitMs = 500;
const waitMsMax = 5_000;
/** A group is left politely within this, or not at all: brokers that do not answer must not hold up a stop or a rebuild. */
const closeMsMax = 5_000;
/** After so many in a row the source gives up. */
const failedRebuildsMax = 3;
/** A rebuild tries to join for so long, with one client after the other: a broker just started answers before its coordinator does. */
const rebuildMs = 40_000;
/** A join is parked for as long as the rebalance timeout; whatever is unanswered for this much longer never will be. */
const unansweredGraceMs = 15_000;

/** The brokers answer, and it has not joined since then; the rebuilds before this one failed. */
interface Rebuild {
  readonly failedBefore: number;
  readonly sinceMs: number;
}

/**
 * Reads topics as a member of a consumer group; survives its client: what crashes, or falls silent, is built anew from a
 * new `Kafka` instance. While the brokers are away it tries for ever; when they answer and three rebuilds in a
 * row could not join, it gives up.
 */
export class KafkajsSource implements RecordSource {
  private consumer: GroupConsumer | null = null;
  private admin: Admin | null = null;
  private connections = new Connections();
  private readonly stopping = new AbortController();
  private supervising: Promise<void> = Promise.resolve();
  private membership: Membership = noMembership;
  /** Why there is no consumer; what a consumer says of itself comes first. */
  private trouble: string | null = 'not joined yet';
  /** Null while joined, and while the brokers are away: that proves nothing against the consumer. */
  private rebuild: Rebuild | null = null;

  constructor(
    private readonly settings: RecordSourceSettings,
    private readonly log: Log,
    private readonly clock: Clock,
  ) {}

  start(listener: RecordSourceListener): void {
    patchConsumerGroups();
    this.supervising = this.supervise(listener);
  }

  whatIsWrong(): string | null {
    return this.consumer === null ? this.trouble : this.consumer.whatIsWrong();
  }

  pause({ topic, partition }: TopicPartition): void {
    this.tell((client) => client.pause([{ topic, partitions: [partition] }]));
  }

  resume({ topic, partition }: TopicPartition): void {
    this.tell((client) => client.resume([{ topic, partitions: [partition] }]));
  }

  /** An offset below the log's start is out of its range, and the client goes to the earliest. */
  readFromStart({ topic, partition }: TopicPartition): void {
    this.tell((client) => client.seek({ topic, partition, offset: '0' }));
    void this.commit([{ topic, partition, offset: 0n, metadata: '' }]);
  }

  /** Answers false while there is no group to tell: what is paused is told again with the next assignment. */
  private tell(change: (client: GroupConsumer['client']) => void): boolean {
    if (this.consumer === null) return false;
    try {
      change(this.consumer.client);
      return true;
    } catch (error) {
      this.log.debug('consumer.notTold', { cause: String(error) });
      return false;
    }
  }

  async commit(offsets: readonly CommittedOffset[]): Promise<boolean> {
    const { consumer } = this;
    if (consumer === null || offsets.length === 0) return false;
    try {
      await consumer.commit(offsets);
      return true;
    } catch (error) {
      this.log.debug('offsets.notCommitted', { cause: String(error) });
      return false;
    }
  }

  async committed(): Promise<readonly CommittedOffset[]> {
    const { admin, settings } = this;
    if (admin === null) throw new Error('Kafka: not connected');
    const topics = await admin.fetchOffsets({ groupId: settings.groupId, topics: [...settings.topics] });
    return topics.flatMap(({ topic, partitions }) =>
      partitions.flatMap(({ partition, offset, metadata }) =>
        BigInt(offset) < 0n ? [] : [{ topic, partition, offset: BigInt(offset), metadata: metadata ?? '' }],
      ),
    );
  }

  logView(partition: TopicPartition): LogView | null {
    return this.consumer?.logView(partition) ?? null;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.atMost(closeMsMax, this.supervising); // a join may be parked for as long as the rebalance timeout
    await this.close();
  }

  private async supervise(listener: RecordSourceListener): Promise<void> {
    let waitMs = firstWaitMs;
    while (!this.stopping.signal.aborted) {
      const before = this.membership;
      const failure = await this.run(listener).catch((error: unknown) => error);
      if (this.stopping.signal.aborted) return;
      this.trouble = failure instanceof Error ? failure.message : String(failure);
      this.connections.cut(this.trouble); // the client would wait for answers that never come
      await this.close();
      waitMs = this.membership !== before ? firstWaitMs : Math.min(waitMs * 2, waitMsMax);
      const failedRebuilds = this.failedRebuilds();
      const { trouble: cause } = this;
      this.log.warn('consumer.rebuilding', { group: this.settings.groupId, cause, waitMs, failedRebuilds });
      if (failedRebuilds >= failedRebuildsMax) return listener.onLost(cause);
      await this.clock.wait(waitMs, this.stopping.signal);
    }
  }

  /** In a row, after a try that failed; a rebuild whose time is over has failed, and the next one begins. */
  private failedRebuilds(): number {
    const nowMs = this.clock.monotonicMs();
    if (this.rebuild !== null && nowMs - this.rebuild.sinceMs >= rebuildMs)
      this.rebuild = { failedBefore: this.rebuild.failedBefore + 1, sinceMs: nowMs };
    return this.rebuild?.failedBefore ?? 0;
  }

  /** Joins and reads until the consumer crashes or falls silent; rejects with the cause. Resolves when stopping. */
  private async run(listener: RecordSourceListener): Promise<void> {
    const { settings, log, clock } = this;
    const unansweredMsMax = settings.rebalanceTimeoutMs + unansweredGraceMs;
    const { connections } = this;
    const kafka = createKafka({ unansweredMsMax, ...settings.kafka, connections }, settings.groupId, log);
    const { rebuild } = this;
    this.rebuild = null;
    this.admin = kafka.admin({ retry: clientRetry });
    await this.admin.connect();
    await this.checkTopics(this.admin);
    this.rebuild = rebuild ?? { failedBefore: 0, sinceMs: clock.monotonicMs() };
    const membership = {
      before: this.membership,
      joined: (now: Membership) => {
        this.membership = now;
        this.rebuild = null;
      },
    };
    this.consumer = new GroupConsumer(kafka, settings, { listener, membership, clock });
    await this.consumer.run(this.stopping.signal);
  }

  /**
   * Says which topic is missing; without this the client would wait for it without a word. Asks for these topics alone: the
   * client takes a list of all for refused while one partition of anybody's topic has no leader.
   */
  private async checkTopics(admin: Admin): Promise<void> {
    const { topics } = this.settings;
    const sizes = await topicSizes(
      admin,
      topics.map((name) => ({ name })),
    );
    const missing = topics.filter((topic) => sizes.get(topic)?.kind === 'missing');
    if (missing.length > 0)
      throw new Error(`Kafka: topic ${missing.join(', ')} is missing; \`npm run topics\` makes it`);
  }

  private async close(): Promise<void> {
    const { consumer, admin, connections } = this;
    this.consumer = null;
    this.admin = null;
    this.connections = new Connections();
    await this.atMost(closeMsMax, Promise.allSettled([consumer?.client.disconnect(), admin?.disconnect()]));
    connections.end();
  }

  private async atMost(ms: number, ending: Promise<unknown>): Promise<void> {
    const timer = new AbortController();
    await Promise.race([ending, this.clock.wait(ms, timer.signal)]);
    timer.abort();
  }
}
