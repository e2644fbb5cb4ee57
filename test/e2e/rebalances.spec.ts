import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { topicNames } from '#contracts/topics';
import { recordsInTopic } from '#kafka/kafkajs/topics-command';
import { createLog } from '#telemetry/log';
import { anEvent } from '../support/builders.js';
import { aSecret, wire } from '../support/configure.js';
import { Stack } from '../support/stack.js';
import { TestApp } from '../support/start-app.js';
import { until } from '../support/until.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const eventCount = 25;
/** Several, so that their retries lie in every partition of the tier. */
const endpointCount = 8;
const retryCount = eventCount * endpointCount;
const rounds = 2;
/** All of an endpoint's first attempts fail: it is not to be spared for that. */
const noCircuits = { CIRCUIT_CONSECUTIVE: '10000', CIRCUIT_MIN_RESULTS: '10000' };

describe('retry-schedulers that join and leave while a tier waits', () => {
  let stack: Stack;
  let receiver: WebhookReceiver;

  beforeAll(async () => {
    receiver = await WebhookReceiver.start();
    // The sweep asks for nothing here, so that every delivery of a retry was released from the tier.
    const settings = { RETRY_SCHEDULE: '40s', RETRY_TIERS: '40s,80s', SWEEP_GRACE_MS: '300000', ...noCircuits };
    stack = await Stack.start(['renderer', 'dispatcher', 'retry-scheduler'], settings);
    const secret = aSecret();
    const endpoints = Array.from({ length: endpointCount }, (_, i) => {
      const url = receiver.on(`/flaky${i}`, secret, (nth) => (nth === 1 ? 500 : 200));
      return { id: `flaky${i}`, url, secret, eventTypes: ['loan.*'] };
    });
    await wire(stack, endpoints);
  });

  afterAll(async () => {
    await stack?.stop();
    await receiver?.stop();
  });

  async function countOf(from: string): Promise<number> {
    const [row] = await stack.database.query<{ n: string }>(`SELECT count(*) AS n FROM ${from}`);
    return Number(row?.n);
  }

  function recordsOf(topic: string): Promise<number> {
    const kafka = { brokers: [stack.env['KAFKA_BROKERS'] ?? ''], ssl: false };
    return recordsInTopic(kafka, topic, createLog({ app: 'test', level: 'error' }));
  }

  async function underWay(): Promise<number> {
    const { body } = await stack.app('retry-scheduler').probe('/metrics');
    return Number(/^hookline_records_under_way\S* (\d+)/m.exec(body)?.[1]);
  }

  it('release each retry about once, and keep no copy of what they gave back', async () => {
    const deliveries = topicNames.deliveries(stack.prefix);
    await stack.produce(Array.from({ length: eventCount }, () => anEvent()));
    await until(async () => (await recordsOf(topicNames.tier(stack.prefix, '40s'))) === retryCount, {
      what: 'every retry waits in its tier',
    });
    const before = await recordsOf(deliveries);

    for (let round = 0; round < rounds; round++) {
      const other = await TestApp.start('retry-scheduler', stack.env);
      await other.ready();
      expect(await other.kill('SIGTERM'), other.lines.slice(-5).join('\n')).toBe(0);
      await until(async () => (await underWay()) === retryCount, { what: 'every retry waits here again, once' });
    }

    await until(async () => (await countOf(`notifications WHERE state = 'sent'`)) === retryCount, {
      what: 'every retry is sent',
      limitMs: 90_000,
    });
    await until(async () => (await underWay()) === 0, { what: 'nothing waits any more' });
    expect((await recordsOf(deliveries)) - before).toBeLessThanOrEqual(retryCount * 1.2);
    expect(receiver.duplicates()).toEqual([]);
  });
});
