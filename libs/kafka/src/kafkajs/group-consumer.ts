import kafkajs, { type Consumer, type EachBatchPayload, type Kafka } from 'kafkajs';
import { type Clock, untilTick } from '#domain/clock';
import type { CommittedOffset, LogView, RecordSourceListener, TopicPartition } from '#kafka/record-source';
import { type ConsumerSigns, judgeConsumer } from './consumer-watch.js';
import { copiedRecord } from './copied-record.js';
import { FetchPace, type Gathering } from './fetch-pace.js';
import { commitOnce, forgetMember, isFetchedIn, joinedGeneration, listenToFetches } from './group-patches.js';
import { clientRetry } from './kafka-client.js';
import { type OwnedPartitions, stickyAssigner } from './sticky-assigner.js';

// Node sees only the first of this CommonJS module's names.
const { PartitionAssigners } = kafkajs;

/** How a consumer joins; durations in milliseconds. */
export interface GroupConsumerSettings {
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly sessionTimeoutMs: number;
  readonly heartbeatMs: number;
  readonly rebalanceTimeoutMs: number;
  /** What a request for records should bring under steady load; absent: whatever there is. */
  readonly gathering?: Gathering | undefined;
}

/** What a member is in its group. */
export interface Membership extends OwnedPartitions {
  readonly memberId: string;
}

/** Before the first join. */
export const noMembership: Membership = { memberId: '', generation: -1, owned: {} };

export interface GroupConsumerDeps {
  readonly listener: RecordSourceListener;
  /** What the consumer before this one was, and who is told what this one becomes. */
  readonly membership: { readonly before: Membership; readonly joined: (now: Membership) => void };
  readonly clock: Clock;
}

/** Of one answer; a single batch may be larger. All of an answer is decoded at once, so this is memory first of all. */
const partitionBytesMax = 65_536;
const fetchBytesMax = 1_048_576;
const metadataAgeMs = 30_000;
const watchMs = 1_000;

/** One consumer of the client, from its making to its end: it is never started twice. */
export class GroupConsumer {
  readonly client: Consumer;
  private readonly ended = new AbortController();
  private membership: Membership;
  private signs: ConsumerSigns;
  /** Resolves when the owner is ready for the records of this generation. */
  private ready: Promise<void> = Promise.resolve();
  private trouble: string | null = 'not joined yet';
  /** By partition, in this generation. */
  private readonly logViews = new Map<string, LogView>();
  private readonly pace: FetchPace | null;
  private stopListening: () => void = () => undefined;

  constructor(
    kafka: Kafka,
    private readonly settings: GroupConsumerSettings,
    private readonly deps: GroupConsumerDeps,
  ) {
    this.membership = deps.membership.before;
    this.signs = { isReading: false, sinceMs: deps.clock.monotonicMs(), fetchedMs: 0, heartbeatMs: 0 };
    this.pace = settings.gathering === undefined ? null : new FetchPace(settings.gathering);
    this.client = kafka.consumer({
      groupId: settings.groupId,
      // The second lets members of an older version take part while pods are replaced.
      partitionAssigners: [stickyAssigner(() => this.membership), PartitionAssigners.roundRobin],
      sessionTimeout: settings.sessionTimeoutMs,
      heartbeatInterval: settings.heartbeatMs,
      rebalanceTimeout: settings.rebalanceTimeoutMs,
      minBytes: 1,
      maxBytesPerPartition: partitionBytesMax,
      maxBytes: fetchBytesMax,
      metadataMaxAge: metadataAgeMs,
      allowAutoTopicCreation: false,
      // It would begin again by itself, also after it was given up, and own partitions that nobody reads.
      retry: { ...clientRetry, restartOnFailure: async () => false },
    });
    this.listen();
  }

  /** Null while joined and reading, else the cause in words. */
  whatIsWrong(): string | null {
    return this.trouble;
  }

  logView({ topic, partition }: TopicPartition): LogView | null {
    return this.logViews.get(`${partition}/${topic}`) ?? null;
  }

  /** In one request, in this generation; rejects with the cause when the broker does not take it. */
  async commit(offsets: readonly CommittedOffset[]): Promise<void> {
    const topics = [...new Set(offsets.map(({ topic }) => topic))].map((topic) => {
      const ofTopic = offsets.filter((at) => at.topic === topic);
      return { topic, partitions: ofTopic.map((at) => ({ ...at, offset: String(at.offset) })) };
    });
    await commitOnce(this.membership, topics);
  }

  /** Joins and reads until the client gives up or falls silent; rejects with the cause. Resolves when stopping. */
  async run(stopping: AbortSignal): Promise<void> {
    try {
      await this.client.connect();
      await this.client.subscribe({ topics: [...this.settings.topics], fromBeginning: true });
      await this.client.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: 16,
        eachBatch: (payload) => this.hand(payload),
      });
      await this.watch(stopping);
    } finally {
      this.ended.abort();
      this.joins();
      this.deps.listener.onRevoking(); // what was read may be another owner's from now on
      this.stopListening();
      forgetMember(this.membership.memberId);
    }
  }

  private listen(): void {
    const { client } = this;
    const { listener, clock } = this.deps;
    client.on(client.events.FETCH, () => {
      this.signs = { ...this.signs, fetchedMs: clock.monotonicMs() };
    });
    client.on(client.events.HEARTBEAT, () => {
      this.signs = { ...this.signs, heartbeatMs: clock.monotonicMs() };
    });
    client.on(client.events.CRASH, ({ payload }) => {
      this.joins();
      this.trouble = `Kafka: ${payload.error.message}`;
      if (!payload.restart) this.ended.abort(new Error(this.trouble, { cause: payload.error }));
    });
    client.on(client.events.REBALANCING, () => {
      this.joins();
      listener.onRevoking();
    });
    client.on(client.events.GROUP_JOIN, ({ payload }) => {
      if (!this.ended.signal.aborted) this.join(payload.memberId, payload.memberAssignment);
    });
  }

  /** Nothing is read any more, or not yet again; a join that crashes and is tried again is the same one. */
  private joins(): void {
    if (!this.signs.isReading) return;
    this.signs = { ...this.signs, isReading: false, sinceMs: this.deps.clock.monotonicMs() };
  }

  private join(memberId: string, owned: Readonly<Record<string, readonly number[]>>): void {
    const { listener, membership, clock } = this.deps;
    const generation = joinedGeneration(memberId) ?? -1;
    const before = this.membership;
    // The same one again: it was told twice.
    const isNext = generation === before.generation + 1 || generation === before.generation;
    const isNextGeneration = before.memberId === memberId && isNext;
    if (before.memberId !== memberId) forgetMember(before.memberId);
    this.membership = { memberId, generation, owned };
    membership.joined(this.membership);
    this.listenToFetches(memberId);
    this.ready = listener.onAssigned({ partitions: flatten(owned), isNextGeneration });
    this.trouble = null;
    this.signs = { ...this.signs, isReading: true, sinceMs: clock.monotonicMs() };
  }

  private listenToFetches(memberId: string): void {
    this.stopListening();
    this.logViews.clear();
    this.stopListening = listenToFetches(memberId, {
      mayAsk: (nodeId) => this.mayAsk(nodeId),
      onAnswered: (nodeId, partitions, askedMs) => {
        const records = partitions.reduce((sum, { messages }) => sum + messages.length, 0);
        this.pace?.note(nodeId, records, this.deps.clock.monotonicMs());
        for (const { topic, partition, fetchedOffset, highWatermark } of partitions) {
          const view = { end: BigInt(highWatermark), position: BigInt(fetchedOffset), askedMs };
          this.logViews.set(`${partition}/${topic}`, view);
        }
      },
    });
  }

  private async mayAsk(nodeId: string): Promise<number> {
    const { clock } = this.deps;
    const waitMs = this.pace?.waitMs(nodeId, clock.monotonicMs()) ?? 0;
    if (waitMs > 0) await clock.wait(waitMs, this.ended.signal);
    return clock.nowMs();
  }

  private async watch(stopping: AbortSignal): Promise<void> {
    const ended = this.ended.signal;
    const eitherEnd = AbortSignal.any([ended, stopping]);
    while (!eitherEnd.aborted) {
      await untilTick(this.deps.clock, watchMs, eitherEnd);
      const state = judgeConsumer(this.signs, this.settings, this.deps.clock.monotonicMs());
      if (state.kind === 'lost' && !eitherEnd.aborted) throw new Error(state.cause);
      if (state.kind === 'silent') this.trouble ??= 'Kafka: no answer from the brokers';
      else if (this.signs.isReading) this.trouble = null;
    }
    if (ended.aborted) throw ended.reason;
  }

  /**
   * Hands on copies. The position moves in the same breath as the records are handed on, and only in the generation they were fetched in: a batch of the generation
   * before would move the position past records that this one has not read.
   */
  private async hand(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    await this.ready;
    const isOfNow = this.signs.isReading && isFetchedIn(batch, this.membership.generation);
    if (!isOfNow || !payload.isRunning()) return;
    const { topic, partition } = batch;
    this.deps.listener.onRecords(batch.messages.map((message) => copiedRecord({ topic, partition }, message)));
    payload.resolveOffset(batch.lastOffset());
  }
}

function flatten(assignment: Readonly<Record<string, readonly number[]>>): readonly TopicPartition[] {
  return Object.entries(assignment).flatMap(([topic, partitions]) =>
    partitions.map((partition) => ({ topic, partition })),
  );
}
