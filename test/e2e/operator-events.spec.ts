import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { topicNames } from '#contracts/topics';
import { recordsInTopic } from '#kafka/kafkajs/topics-command';
import { createLog } from '#telemetry/log';
import { anEvent } from '../support/builders.js';
import { aSecret, wire } from '../support/configure.js';
import { readTopics } from '../support/read-topics.js';
import { Stack } from '../support/stack.js';
import { until } from '../support/until.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const limitMs = 60_000;
const eventCount = 5;
/** Circuits stay closed: what fails is told one by one. */
const settings = { RETRY_SCHEDULE: '1s,1s', CIRCUIT_CONSECUTIVE: '10000', CIRCUIT_MIN_RESULTS: '10000' };

interface Told {
  readonly type: string;
  readonly data: { readonly endpoint: string };
}

describe('operator events', () => {
  let stack: Stack;
  let receiver: WebhookReceiver;
  let topic: string;

  beforeAll(async () => {
    receiver = await WebhookReceiver.start();
    stack = await Stack.start(['renderer', 'dispatcher', 'retry-scheduler'], settings);
    topic = topicNames.operatorEvents(stack.prefix);
  });

  afterAll(async () => {
    await stack?.stop();
    await receiver?.stop();
  });

  async function toldOf(endpoint: string): Promise<readonly string[]> {
    const records = await readTopics(stack, [topic]);
    const told = records.map(({ value }) => JSON.parse(String(value)) as Told);
    return told.filter(({ data }) => data.endpoint === endpoint).map(({ type }) => type);
  }

  function notificationsOf(endpoint: string, of: 'operators' | 'upstream') {
    return stack.database.query<{ event_type: string; state: string; failure_reason: string | null }>(
      `SELECT event_type, state, failure_reason FROM v1_notifications
        WHERE endpoint_id = $1 AND (source_topic = $2) = $3 ORDER BY id`,
      [endpoint, topic, of === 'operators'],
    );
  }

  /** Everything that was told has been read: each record has its verdict. */
  async function allRead(): Promise<void> {
    const kafka = { brokers: (stack.env['KAFKA_BROKERS'] ?? '').split(','), ssl: false };
    const told = await recordsInTopic(kafka, topic, createLog({ app: 'test', level: 'error' }));
    const read = async () => {
      const [row] = await stack.database.query<{ n: number }>(
        'SELECT coalesce(sum(bit_count(matched | unmatched | duplicate | parked)), 0)::int AS n FROM books WHERE topic = $1',
        [topic],
      );
      return (row?.n ?? 0) >= told;
    };
    await until(read, { what: 'all operator events are read', limitMs });
  }

  it('come as webhooks to a template that names them, and not to one for everything', async () => {
    const secret = aSecret();
    await wire(stack, [
      { id: 'dead', secret, url: receiver.on('/dead', secret, () => 500), eventTypes: ['dead'] },
      { id: 'pager', secret, url: receiver.on('/pager', secret), eventTypes: ['hookline.notification.*'] },
      { id: 'greedy', secret, url: receiver.on('/greedy', secret), eventTypes: ['*'] },
    ]);
    await stack.produce([anEvent({ type: 'dead' })]);
    await until(() => receiver.of('/pager').length > 0, { what: 'the webhook', limitMs });
    const [request] = receiver.of('/pager');
    expect(request?.signatureValid).toBe(true);
    expect(JSON.parse(String(request?.body))).toMatchObject({
      ...{ type: 'hookline.notification.exhausted', source: 'hookline/dispatcher', tenant: 'default' },
      data: { endpoint: 'dead', attempts: 3 },
    });
    await allRead();
    expect(await notificationsOf('greedy', 'operators')).toEqual([]);
    expect(await stack.database.query('SELECT FROM unmatched_events WHERE topic = $1', [topic])).toEqual([]);
  });

  it('never bring forth another one: an endpoint that fails for all it gets is told of what upstream sends it', async () => {
    const secret = aSecret();
    const url = receiver.on('/always', secret, () => 500);
    await wire(stack, [{ id: 'always', secret, url, eventTypes: ['always', 'hookline.*'] }]);
    await stack.produce(Array.from({ length: eventCount }, () => anEvent({ type: 'always' })));
    const isOver = async () => {
      const ofThem = await notificationsOf('always', 'operators');
      const all = [...ofThem, ...(await notificationsOf('always', 'upstream'))];
      return ofThem.length >= eventCount && all.every(({ state }) => state === 'failed');
    };
    const detail = async () => JSON.stringify(await notificationsOf('always', 'operators'));
    await until(isOver, { what: 'everything has failed', limitMs, detail });
    // A dispatcher that stops has written what it tells.
    await stack.app('dispatcher').kill('SIGTERM');
    await allRead();
    const told = await toldOf('always');
    expect(told.filter((type) => type === 'hookline.notification.exhausted')).toHaveLength(eventCount);
    const ofThem = await notificationsOf('always', 'operators');
    expect(ofThem.map(({ event_type }) => event_type).toSorted()).toEqual(told.toSorted());
    expect(ofThem.every(({ state }) => state !== 'sent')).toBe(true);
    stack.app('dispatcher').launch();
    await stack.app('dispatcher').ready();
  });

  it('of the installation belong to no tenant, and hold up nothing', async () => {
    const shrunk = anEvent({ type: 'hookline.log.shrunk', data: { topic: 'x', partition: 0 } });
    const headers = { 'content-type': 'application/cloudevents+json' };
    await stack.sink.send({ topic, key: null, value: Buffer.from(JSON.stringify(shrunk)), headers });
    await allRead();
    const parked = await stack.database.query('SELECT reason FROM v1_parked_events WHERE topic = $1', [topic]);
    expect(parked).toEqual([]);
    expect(await stack.database.query('SELECT FROM v1_notifications WHERE event_id = $1', [shrunk['id']])).toEqual([]);
  });
});
