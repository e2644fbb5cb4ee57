import { epochMs } from '../bench-clock.js';
import { bodyValue } from '../bench-events.js';
import { BareBatches } from './bare-batches.js';
import { BareConsumer, type BareRecord } from './bare-consumer.js';
import { BareSender, signed } from './bare-sender.js';
import { type BareDelivery, type BareOutcome, BareStore, deliveryId } from './bare-store.js';
import { deferred } from './deferred.js';

/**
 * `dispatch`: requests made beforehand. `kafka`: from a topic, signed. `sql`: and every step of a delivery in Postgres.
 * `path`: and what the product keeps beside: payload, receipt and a second topic between storing and sending.
 */
export type BareStage = 'dispatch' | 'kafka' | 'sql' | 'path';

/** One round. */
export interface BareRound {
  readonly stage: BareStage;
  readonly brokers: string;
  readonly databaseUrl: string;
  /** Filled by the generator; unused by `dispatch`. */
  readonly topic: string;
  readonly from: number;
  readonly count: number;
  readonly endpoints: number;
  /** `http://127.0.0.1:port` of each endpoint. */
  readonly receivers: readonly string[];
}

/** A round that is in place. */
export interface Running {
  /** Begins what does not begin by itself with the records. */
  go(): void;
  /** Every delivery is done, and its offset committed. */
  readonly finished: Promise<void>;
  stop(): Promise<void>;
}

function pathOf(n: number, endpoints: number): string {
  return `/e${n % endpoints}`;
}

export function prepareDispatch({ from, count, endpoints, receivers }: BareRound): Running {
  const requests = Array.from({ length: count }, (_, i) => {
    const n = from + i;
    const id = deliveryId('dispatch', 0, String(n), epochMs());
    return signed(id, bodyValue({ n, atMs: 0 }), pathOf(n, endpoints));
  });
  const sender = new BareSender(receivers);
  const { promise: finished, resolve } = deferred();
  let left = count;
  const go = () => {
    for (const request of requests)
      sender.send(request, () => {
        if (--left === 0) resolve();
      });
  };
  return { go, finished, stop: () => sender.close() };
}

/** Bodies begin `{"n":12,`. */
function numberOf(body: Buffer): number {
  return Number(body.toString('latin1', 5, body.indexOf(0x2c)));
}

export async function prepareKafka({ brokers, topic, count, endpoints, receivers }: BareRound): Promise<Running> {
  const sender = new BareSender(receivers);
  const { promise: finished, resolve } = deferred();
  let left = count;
  const consumer: BareConsumer = await BareConsumer.start(brokers, topic, (records) => {
    for (const record of records) {
      const { partition, offset, timestampMs, value } = record;
      const id = deliveryId(topic, partition, offset, timestampMs);
      sender.send(signed(id, value, pathOf(numberOf(value), endpoints)), () => {
        consumer.finish(record);
        if (--left === 0) resolve();
      });
    }
  });
  const stop = async () => void (await Promise.all([consumer.stop(), sender.close()]));
  return { go: () => undefined, finished: finished.then(() => consumer.commit()), stop };
}

export async function prepareSql(round: BareRound): Promise<Running> {
  const { brokers, topic, endpoints, receivers, databaseUrl } = round;
  const sender = new BareSender(receivers);
  const store = new BareStore(databaseUrl, topic);
  const { promise: finished, resolve, reject } = deferred();
  let left = round.count;
  const finishes = new BareBatches<BareOutcome>((batch) => store.finish(batch), finishedInStore, reject);
  const begins = new BareBatches<BareDelivery>((batch) => store.begin(batch), sendAll, reject);
  const consumer = await BareConsumer.start(brokers, topic, (records) =>
    begins.add(records.map((record) => deliveryOf(record, topic, endpoints))),
  );
  function sendAll(batch: readonly BareDelivery[]): void {
    for (const delivery of batch) {
      const startedMs = performance.now();
      sender.send(signed(delivery.id, delivery.body, `/${delivery.endpoint}`), (status) =>
        finishes.add([{ delivery, status, durationMs: performance.now() - startedMs }]),
      );
    }
  }
  function finishedInStore(batch: readonly BareOutcome[]): void {
    for (const { delivery } of batch) consumer.finish(delivery);
    left -= batch.length;
    if (left === 0) resolve();
  }
  const stop = async () => void (await Promise.all([consumer.stop(), sender.close(), store.close()]));
  return { go: () => undefined, finished: finished.then(() => consumer.commit()), stop };
}

export function deliveryOf(record: BareRecord, topic: string, endpoints: number): BareDelivery {
  const { partition, offset, timestampMs, value: body } = record;
  const number = numberOf(body);
  const id = deliveryId(topic, partition, offset, timestampMs);
  return { id, endpoint: `e${number % endpoints}`, number, body, partition, offset };
}
