/**
 * What kafkajs 2.2.4 does not tell of a consumer group and the engine must know: which generation a member joined, in
 * which generation a batch was fetched, what an answer without records says of the log, and a commit that is not repeated. And one wait for both what is
 * idle and what is paused is either too short or too long. All of it is in its internals (the package has no `exports`
 * map); the version is pinned, and the tests of the source fail when the internals change.
 */
import { loadInternal, once } from './client-internals.js';

interface BrokerClass {
  readonly prototype: { joinGroup(request: object): Promise<JoinAnswer> };
}
interface JoinAnswer {
  readonly generationId: number;
  readonly memberId: string;
}
interface ConsumerGroupClass {
  readonly prototype: {
    joinAndSync(this: ConsumerGroup): Promise<void>;
    fetch(this: ConsumerGroup, nodeId: string): Promise<readonly FetchedPartition[]>;
  };
}
interface ConsumerGroup {
  /** Changes when a join is answered, well before what is assigned is known. */
  readonly generationId: number;
  readonly memberId: string;
  /** Holds where reading stands; another one with each assignment. */
  readonly offsetManager: object;
  /** One request, in the generation it is called in. */
  commitOffsets(offsets: { readonly topics: readonly TopicOffsets[] }): Promise<void>;
  readonly subscriptionState: { paused(): readonly unknown[] };
  maxWaitTime: number;
}

/** What is to be committed of one topic. */
export interface TopicOffsets {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number; readonly offset: string; readonly metadata: string }[];
}

/** What one answer says of one partition, with records or without. */
export interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  /** Where it was read from. */
  readonly fetchedOffset: string;
  /** The offset after the last record that all replicas have, when the broker answered. */
  readonly highWatermark: string;
  readonly messages: readonly unknown[];
}

/** Told of each answer, before its records are handed on; must not throw. */
export interface FetchListener {
  /** Resolves when the broker may be asked, with the time, milliseconds since the epoch, that is given back with the answer. */
  mayAsk(nodeId: string): Promise<number>;
  onAnswered(nodeId: string, partitions: readonly FetchedPartition[], askedMs: number): void;
}

/**
 * How long a broker may wait for records, in milliseconds. A partition that is resumed is asked for only after that answer,
 * or after as long a wait when all are paused: so it is short while some are and records come, longer for those of a tier
 * that are paused for hours, and longest for a consumer that only idles. Rebalances and the end of a consumer wait as well.
 */
const waitsMs = { pausedAndBusy: 25, paused: 250, idle: 1_000 } as const;
/** So long after its last records a consumer counts as busy. */
const busyMs = 1_000;

const listeners = new Map<string, FetchListener>();
const generations = new Map<string, number>();
/** Weak: a join may end after its consumer was given up. */
const groups = new Map<string, WeakRef<ConsumerGroup>>();
const fetchedFrom = new WeakMap<object, { readonly group: ConsumerGroup; readonly positions: object }>();
/** When each group was asked what it answered with records last. */
const busyAt = new WeakMap<ConsumerGroup, number>();

/** Must be called before the first consumer is made. */
export const patchConsumerGroups = once(() => {
  const broker: BrokerClass = loadInternal('kafkajs/src/broker');
  const group: ConsumerGroupClass = loadInternal('kafkajs/src/consumer/consumerGroup');
  const { joinGroup } = broker.prototype;
  broker.prototype.joinGroup = async function (request) {
    const answer = await joinGroup.call(this, request);
    generations.set(answer.memberId, answer.generationId);
    return answer;
  };
  const { fetch, joinAndSync } = group.prototype;
  group.prototype.joinAndSync = async function () {
    await joinAndSync.call(this);
    groups.set(this.memberId, new WeakRef(this));
  };
  group.prototype.fetch = async function (nodeId) {
    const { generationId: generation, offsetManager: positions } = this;
    const listener = listeners.get(this.memberId);
    const askedMs = (await listener?.mayAsk(nodeId)) ?? 0;
    this.maxWaitTime = waitOf(this, askedMs);
    const batches = await fetch.call(this, nodeId);
    // Another broker's fetch may have joined anew meanwhile: positions of the generation before mean nothing now.
    if (this.generationId !== generation || this.offsetManager !== positions) return [];
    for (const batch of batches) fetchedFrom.set(batch, { group: this, positions });
    if (batches.some(({ messages }) => messages.length > 0)) busyAt.set(this, askedMs);
    listener?.onAnswered(nodeId, batches, askedMs);
    return batches;
  };
});

function waitOf(group: ConsumerGroup, nowMs: number): number {
  if (group.subscriptionState.paused().length === 0) return waitsMs.idle;
  return nowMs - (busyAt.get(group) ?? 0) < busyMs ? waitsMs.pausedAndBusy : waitsMs.paused;
}

/** The generation a member joined last. The client may say twice that it joined: two of its fetches found out together. */
export function joinedGeneration(memberId: string): number | null {
  return generations.get(memberId) ?? null;
}

/** Of a member that will join no more. */
export function forgetMember(memberId: string): void {
  generations.delete(memberId);
  groups.delete(memberId);
}

/**
 * Commits in one request, or not at all: rejects with what the broker answers, or when the member is in another generation.
 * The client's own commit is repeated for seconds, each time in the generation of that time: so it passes the broker's
 * check although somebody has committed further since, and takes the group back.
 */
export async function commitOnce(
  { memberId, generation }: { readonly memberId: string; readonly generation: number },
  topics: readonly TopicOffsets[],
): Promise<void> {
  const group = groups.get(memberId)?.deref();
  if (group?.generationId !== generation) throw new Error(`Kafka: not a member of generation ${generation}`);
  await group.commitOffsets({ topics });
}

/**
 * Whether a batch was fetched from positions of this generation that still hold. The generation alone does not say: it
 * is there when a join is answered, while other brokers' fetches go on from the positions of the one before, and the same
 * one may be told twice, with new positions each time.
 */
export function isFetchedIn(batch: object, generation: number): boolean {
  const at = fetchedFrom.get(batch);
  return at !== undefined && at.group.generationId === generation && at.group.offsetManager === at.positions;
}

/** Tells the listener of all that a member fetches; answers how to stop it. */
export function listenToFetches(memberId: string, listener: FetchListener): () => void {
  listeners.set(memberId, listener);
  return () => void listeners.delete(memberId);
}
