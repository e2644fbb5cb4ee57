import type { Message } from 'kafkajs';
import { BareBatches } from './bare-batches.js';
import { BareConsumer, bareKafka } from './bare-consumer.js';
import { BareSender, signed } from './bare-sender.js';
import { type BareRound, deliveryOf, type Running } from './bare-stages.js';
import { type BareDelivery, type BareOutcome, BareStore } from './bare-store.js';
import { deferred } from './deferred.js';

/** As many as `deliveries` has. */
export const askedPartitions = 12;

/** The topic between storing and sending. */
export function askedTopic(topic: string): string {
  return `${topic}.asked`;
}

/**
 * The product's whole path in one process: stored with payload and receipt, asked for in a second topic, claimed, sent,
 * finished. Nothing goes on before what precedes it is durable.
 */
export async function preparePath(round: BareRound): Promise<Running> {
  const { brokers, topic, endpoints, receivers, databaseUrl } = round;
  const sender = new BareSender(receivers);
  const store = new BareStore(databaseUrl, topic);
  const producer = bareKafka(brokers).producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const { promise: finished, resolve, reject } = deferred();
  let left = round.count;

  const finishes = new BareBatches<BareOutcome>((batch) => store.finish(batch), allFinished, reject);
  const claims = new BareBatches<BareDelivery>((batch) => store.claim(batch), sendAll, reject);
  const asks = new BareBatches<BareDelivery>((batch) => ask(batch), allAsked, reject, 1);
  const keeps = new BareBatches<BareDelivery>(
    (batch) => store.keep(batch),
    (batch) => asks.add(batch),
    reject,
  );
  const events = await BareConsumer.start(brokers, topic, (records) =>
    keeps.add(records.map((record) => deliveryOf(record, topic, endpoints))),
  );
  const deliveries = await BareConsumer.start(brokers, askedTopic(topic), (records) =>
    claims.add(records.map((record) => ({ ...deliveryOf(record, topic, endpoints), id: record.id ?? '' }))),
  );

  async function ask(batch: readonly BareDelivery[]): Promise<void> {
    const messages = batch.map(askOf);
    await producer.send({ topic: askedTopic(topic), messages, acks: -1 });
  }
  function allAsked(batch: readonly BareDelivery[]): void {
    for (const delivery of batch) events.finish(delivery);
  }
  function sendAll(batch: readonly BareDelivery[]): void {
    for (const delivery of batch) {
      const startedMs = performance.now();
      sender.send(signed(delivery.id, delivery.body, `/${delivery.endpoint}`), (status) =>
        finishes.add([{ delivery, status, durationMs: performance.now() - startedMs }]),
      );
    }
  }
  function allFinished(batch: readonly BareOutcome[]): void {
    for (const { delivery } of batch) deliveries.finish(delivery);
    left -= batch.length;
    if (left === 0) resolve();
  }
  const commit = async () => void (await Promise.all([events.commit(), deliveries.commit()]));
  const stop = async () => {
    await Promise.all([events.stop(), deliveries.stop(), producer.disconnect(), sender.close(), store.close()]);
  };
  return { go: () => undefined, finished: finished.then(commit), stop };
}

function askOf({ id, endpoint, number, body }: BareDelivery): Message {
  const headers = { 'notification-id': id };
  return { key: `bench/${endpoint}`, value: body, headers, partition: number % askedPartitions };
}
