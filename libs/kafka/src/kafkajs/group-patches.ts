/**
 * What kafkajs 2.2.4 does not tell of a consumer group and the engine must know: which generation a member joined, in
 * which generation a batch was fetched, and what an answer without records says of the log. Both are read from its internals (the package has no `exports` map); the version
 * is pinned, and the tests of the source fail when the internals change.
 */
import { createRequire } from 'node:module';

interface BrokerClass {
  readonly prototype: { joinGroup(request: object): Promise<JoinAnswer> };
}
interface JoinAnswer {
  readonly generationId: number;
  readonly memberId: string;
}
interface ConsumerGroupClass {
  readonly prototype: {
    fetch(
      this: { readonly generationId: number; readonly memberId: string },
      nodeId: string,
    ): Promise<readonly FetchedPartition[]>;
  };
}

/** What one answer says of one partition, with records or without. */
export interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  /** Where it was read from. */
  readonly fetchedOffset: string;
  /** The offset after the last record that all replicas have, when the broker answered. */
  readonly highWatermark: string;
}

/** Told of each answer, before its records are handed on; must not throw. */
export interface FetchListener {
  /** Before the broker was asked: what it is passed on as is given back with the answer. */
  onAsked(): number;
  onAnswered(partitions: readonly FetchedPartition[], asked: number): void;
}

const listeners = new Map<string, FetchListener>();
const generations = new Map<string, number>();
const fetchedIn = new WeakMap<object, number>();
let isPatched = false;

/** Must be called before the first consumer is made; further calls do nothing. */
export function patchConsumerGroups(): void {
  if (isPatched) return;
  isPatched = true;
  const require = createRequire(import.meta.url);
  const broker: BrokerClass = require('kafkajs/src/broker');
  const group: ConsumerGroupClass = require('kafkajs/src/consumer/consumerGroup');
  const { joinGroup } = broker.prototype;
  broker.prototype.joinGroup = async function (request) {
    const answer = await joinGroup.call(this, request);
    generations.set(answer.memberId, answer.generationId);
    return answer;
  };
  const { fetch } = group.prototype;
  group.prototype.fetch = async function (nodeId) {
    const generation = this.generationId;
    const listener = listeners.get(this.memberId);
    const asked = listener?.onAsked() ?? 0;
    const batches = await fetch.call(this, nodeId);
    // Another broker's fetch may have joined anew meanwhile: positions of the generation before mean nothing now.
    if (this.generationId !== generation) return [];
    for (const batch of batches) fetchedIn.set(batch, generation);
    listener?.onAnswered(batches, asked);
    return batches;
  };
}

/** The generation a member joined last; it is told once. */
export function takeGeneration(memberId: string): number | null {
  const generation = generations.get(memberId) ?? null;
  generations.delete(memberId);
  return generation;
}

/** The generation in which a batch was fetched. */
export function generationOf(batch: object): number | null {
  return fetchedIn.get(batch) ?? null;
}

/** Tells the listener of all that a member fetches; answers how to stop it. */
export function listenToFetches(memberId: string, listener: FetchListener): () => void {
  listeners.set(memberId, listener);
  return () => void listeners.delete(memberId);
}
