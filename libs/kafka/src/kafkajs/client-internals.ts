import { createRequire } from 'node:module';
import type { Kafka } from 'kafkajs';

/**
 * Loads an inner module of kafkajs, which has no `exports` map. What is changed in there is named where it is changed; the
 * version is pinned, and the tests of each change fail when the internals do.
 */
export const loadInternal = createRequire(import.meta.url);

/** A change to the client's classes, which all of its instances share: the first call makes it, further calls do nothing. */
export function once<Given extends readonly unknown[]>(change: (...given: Given) => void): (...given: Given) => void {
  let isMade = false;
  return (...given) => {
    if (isMade) return;
    isMade = true;
    change(...given);
  };
}

/** What admin, consumers and producers of a client speak to brokers through; nothing it exports does what one of them does not. */
export function innerCluster<Cluster>(kafka: Kafka, options: { readonly isolationLevel?: number } = {}): Cluster {
  const create = Object.getOwnPropertySymbols(kafka).find(
    ({ description }) => description === 'private:Kafka:createCluster',
  );
  if (create === undefined) throw new Error('kafkajs is not the version this was written for (2.2.4)');
  const { [create]: make } = kafka as unknown as Readonly<Record<symbol, (options: object) => Cluster>>;
  if (make === undefined) throw new Error('kafkajs is not the version this was written for (2.2.4)');
  return make({ allowAutoTopicCreation: false, ...options });
}
