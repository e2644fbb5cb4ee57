/**
 * What kafkajs 2.2.4 does not tell of a consumer group and the engine must know: which generation a member joined, and in
 * which generation a batch was fetched. Both are read from its internals (the package has no `exports` map); the version
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
  readonly prototype: { fetch(this: { readonly generationId: number }, nodeId: string): Promise<readonly object[]> };
}

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
    const batches = await fetch.call(this, nodeId);
    // Another broker's fetch may have joined anew meanwhile: positions of the generation before mean nothing now.
    if (this.generationId !== generation) return [];
    for (const batch of batches) fetchedIn.set(batch, generation);
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
