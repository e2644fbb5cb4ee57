import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { topicNames } from '#contracts/topics';
import { createKafka } from '#kafka/kafkajs/kafka-client';
import { createLog } from '#telemetry/log';
import { anEvent } from '../support/builders.js';
import { allSeen, aSecret, wire } from '../support/configure.js';
import { readTopics } from '../support/read-topics.js';
import { Stack } from '../support/stack.js';
import { until } from '../support/until.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const gzip = 1;

describe('a record that another client may write', () => {
  let stack: Stack;
  let receiver: WebhookReceiver;

  beforeAll(async () => {
    receiver = await WebhookReceiver.start();
  });

  beforeEach(async () => {
    await stack?.stop();
    stack = await Stack.start(['renderer', 'dispatcher']);
    const secret = aSecret();
    await wire(stack, [{ id: 'ok', url: receiver.on('/ok', secret), secret, eventTypes: ['loan.*'], tenant: 'acme' }]);
    await allSeen(stack);
  });

  afterAll(async () => {
    await stack?.stop();
    await receiver?.stop();
  });

  it.each([
    ['without a value', { note: null }],
    ['twice, once without a value', { note: [null, 'x'] }],
    ['named like what every object has', { constructor: 'x', toString: 'y', valueOf: null }],
  ])('with a header %s is read, and so is the next one', async (_, headers) => {
    const seen = receiver.of('/ok').length;
    const events = [anEvent({ tenant: 'acme' }), anEvent({ tenant: 'acme' })];
    for (const [i, event] of events.entries()) {
      const own = i === 0 ? headers : {};
      await stack.sink.send({
        topic: stack.eventsTopic,
        key: null,
        partition: 0,
        value: Buffer.from(JSON.stringify(event)),
        headers: { 'content-type': 'application/cloudevents+json', ...own } as Record<string, string>,
      });
    }
    await until(() => receiver.of('/ok').length === seen + 2, { what: 'both events', limitMs: 20_000 });
  });

  it('larger than any topic takes, once it is unpacked, is parked, and the next one is delivered', async () => {
    const seen = receiver.of('/ok').length;
    const kafka = createKafka(
      { brokers: String(stack.env['KAFKA_BROKERS']).split(','), ssl: false },
      'upstream',
      createLog({ app: 'test', level: 'error' }),
    );
    const upstream = kafka.producer();
    await upstream.connect();
    await upstream.send({
      topic: stack.eventsTopic,
      compression: gzip,
      messages: [{ partition: 0, key: null, value: Buffer.alloc(3_000_000, 0x20) }],
    });
    await upstream.disconnect();
    await stack.sink.send({
      topic: stack.eventsTopic,
      key: null,
      partition: 0,
      value: Buffer.from(JSON.stringify(anEvent({ tenant: 'acme' }))),
      headers: { 'content-type': 'application/cloudevents+json' },
    });
    await until(() => receiver.of('/ok').length === seen + 1, { what: 'the good event behind it' });
    const parked = await stack.database.query<{ reason: string; bytes: number }>(
      'SELECT reason, length(value) AS bytes FROM parked_events',
    );
    expect(parked).toEqual([{ reason: 'TOO_LARGE', bytes: 3_000_000 }]);
    const [deadLetter] = await until(
      async () => {
        const all = await readTopics(stack, [topicNames.deadLetters(stack.prefix)]);
        return all.length > 0 && all;
      },
      { what: 'its dead letter' },
    );
    expect(deadLetter?.value).toBeNull();
    expect(String(deadLetter?.headers['dead-letter-value-bytes'])).toBe('3000000');
  });
});
