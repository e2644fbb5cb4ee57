import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { topicNames } from '#contracts/topics';
import { partitionOfKey } from '#kafka/kafkajs/partition-of-key';
import { anEvent } from '../support/builders.js';
import { aSecret, wire } from '../support/configure.js';
import { asOperator } from '../support/kafka-admin.js';
import { Stack } from '../support/stack.js';
import { TestApp } from '../support/start-app.js';
import { until } from '../support/until.js';
import { type Behaviour, WebhookReceiver } from '../support/webhook-receiver.js';

const before = 12;
const after = 24;
const endpointCount = 8;
const eventsPerRound = 2;
const roundMs = 250;
/** Producers count with a new size within 30 s, consumers see it within 30 s. */
const moveMsMax = 180_000;

describe('deliveries that get twice the partitions under load', () => {
  let stack: Stack;
  let other: TestApp | null = null;
  let receiver: WebhookReceiver;
  const ids = Array.from({ length: endpointCount }, (_, i) => `e${i}`);

  beforeAll(async () => {
    receiver = await WebhookReceiver.start();
    stack = await Stack.start(['renderer', 'dispatcher', 'retry-scheduler']);
    const secret = aSecret();
    // Now and then a failure, so that tiers lead into the new partitions as well.
    const flaky: Behaviour = (nth, _response, request) =>
      nth === 1 && String(request.headers['webhook-id']).endsWith('7') ? 500 : 200;
    const endpoints = ids.map((id) => ({ id, url: receiver.on(`/${id}`, secret, flaky), secret }));
    await wire(
      stack,
      endpoints.map((endpoint) => ({ ...endpoint, eventTypes: ['loan.*'] })),
    );
    other = await TestApp.start('dispatcher', stack.env);
    await other.ready();
  });

  afterAll(async () => {
    await other?.kill('SIGKILL');
    await stack?.stop();
    await receiver?.stop();
  });

  it('lose nothing and repeat nothing, and are read in the new partitions from their first record', {
    timeout: 420_000,
  }, async () => {
    const topic = topicNames.deliveries(stack.prefix);
    const brokers = stack.env['KAFKA_BROKERS'] ?? '';
    const moving = ids.filter((id) => partitionOfKey(`default/${id}`, after) >= before);
    expect(moving.length).toBeGreaterThan(0);
    // A partition just made has no leader for a moment.
    const offsetsNow = () => asOperator(brokers, (admin) => admin.fetchTopicOffsets(topic)).catch(() => null);
    const sizes = () => until(offsetsNow, { what: 'offsets of every partition' });

    let produced = await load(0, () => receiver.requests.length >= 200);
    await asOperator(brokers, (admin) => admin.createPartitions({ topicPartitions: [{ topic, count: after }] }));
    let inNew = 0;
    const look = async () => {
      const all = await sizes();
      inNew = all.filter(({ partition, high }) => partition >= before && Number(high) > 0).length;
      return inNew > 0;
    };
    produced = await load(produced, look);
    const total = (await load(produced, () => receiver.requests.length > produced * endpointCount)) * endpointCount;

    const sent = async () => {
      const [row] = await stack.database.query<{ n: string }>(
        `SELECT count(*) AS n FROM notifications WHERE state = 'sent'`,
      );
      return Number(row?.n) === total;
    };
    await until(sent, { what: `${total} notifications sent`, limitMs: 120_000 });
    expect(receiver.duplicates()).toEqual([]);
    const accepted = receiver.requests.filter(({ status }) => status === 200).map(({ webhookId }) => webhookId);
    expect([accepted.length, new Set(accepted).size]).toEqual([total, total]);
    expect(inNew).toBeGreaterThan(0);
    const isReadToTheEnd = async () => {
      const groupId = `${stack.prefix}dispatcher`;
      const [offsets] = await asOperator(brokers, (admin) => admin.fetchOffsets({ groupId, topics: [topic] }));
      const committed = new Map(offsets?.partitions.map(({ partition, offset }) => [partition, offset]));
      return (await sizes()).every(({ partition, high }) => high === '0' || committed.get(partition) === high);
    };
    await until(isReadToTheEnd, { what: 'every record of every partition is committed', limitMs: 60_000 });
    expect(await stack.database.query('SELECT FROM claims')).toEqual([]);
  });

  /** Events at an even pace until something has happened; answers how many there are then, with those of before. */
  async function load(already: number, isDone: () => boolean | Promise<boolean>): Promise<number> {
    let produced = already;
    const endMs = performance.now() + moveMsMax;
    while (!(await isDone())) {
      if (performance.now() > endMs) throw new Error(`not within ${moveMsMax} ms`);
      const nextMs = performance.now() + roundMs;
      await stack.produce(Array.from({ length: eventsPerRound }, () => anEvent()));
      produced += eventsPerRound;
      await until(() => performance.now() >= nextMs, { what: 'the next round' });
    }
    return produced;
  }
});
