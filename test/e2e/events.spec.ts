import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { topicNames } from '#contracts/topics';
import { headerText } from '#domain/kafka-record';
import { anEvent } from '../support/builders.js';
import { aSecret, wire } from '../support/configure.js';
import { readTopics } from '../support/read-topics.js';
import { Stack } from '../support/stack.js';
import { until } from '../support/until.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const structured = { 'content-type': 'application/cloudevents+json' };
const dayMs = 86_400_000;

interface Stored {
  readonly id: string;
  readonly tenant_id: string;
  readonly event_time: Date | null;
  readonly trace_parent: string | null;
  readonly source_topic: string;
  readonly source_partition: number;
  readonly source_offset: string;
}

/** `design.md`, 4, written down once more, by hand. */
function documentedId(values: readonly string[], timeMs: number): string {
  const hash = createHash('sha256')
    .update(Buffer.from(values.join('\0'), 'utf8'))
    .digest('hex');
  const variant = ((Number.parseInt(hash.slice(4, 6), 16) & 0x3f) | 0x80).toString(16);
  const hex = `${timeMs.toString(16).padStart(12, '0')}7${hash.slice(1, 4)}${variant}${hash.slice(6, 20)}`;
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function timeOf(id: string): number {
  return Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);
}

describe('an event', () => {
  let stack: Stack;
  let receiver: WebhookReceiver;
  let made = 0;

  beforeAll(async () => {
    receiver = await WebhookReceiver.start();
    stack = await Stack.start(['renderer', 'dispatcher', 'retry-scheduler']);
    const [secret, acme, globex] = [aSecret(), aSecret(), aSecret()];
    await wire(stack, [
      { id: 'any', url: receiver.on('/any', secret), secret, eventTypes: ['sdk'] },
      {
        id: 'flaky',
        url: receiver.on('/flaky', secret, (nth) => (nth === 1 ? 500 : 200)),
        secret,
        eventTypes: ['traced'],
      },
      { id: 'lines', url: receiver.on('/lines', secret), secret, eventTypes: ['order.line.*', '*.closed'] },
      { id: 'orders', tenant: 'acme', url: receiver.on('/acme', acme), secret: acme, eventTypes: ['*'] },
      { id: 'orders', tenant: 'globex', url: receiver.on('/globex', globex), secret: globex, eventTypes: ['order.*'] },
    ]);
  });

  afterAll(async () => {
    await stack?.stop();
    await receiver?.stop();
  });

  async function write(value: string, headers: Readonly<Record<string, string>>, key: string | null = null) {
    return stack.sink.sendAndLocate({ topic: stack.eventsTopic, key, value: Buffer.from(value), headers });
  }

  async function storedOf(eventId: string): Promise<Stored> {
    const find = async () => {
      const rows = await stack.database.query<Stored>(
        `SELECT * FROM notifications WHERE event_id = $1 AND state = 'sent'`,
        [eventId],
      );
      return rows.length > 0 && rows;
    };
    const rows = await until(find, { what: `the sent notification of ${eventId}` });
    expect(rows).toHaveLength(1);
    return rows[0] ?? expect.fail();
  }

  const newId = () => `ev-${made++}`;
  const source = '/lending/test';

  it.each([
    ['structured', 'application/cloudevents+json'],
    ['structured, with a charset', 'application/cloudevents+json; charset=UTF-8'],
    ['structured, in capitals', 'Application/CloudEvents+JSON;charset="utf-8"'],
    ['structured, without a content type', null],
  ])('is delivered byte for byte: %s', async (_, contentType) => {
    const id = newId();
    const value = `{"data":{"x":[1.10]},"time":"2026-11-24T10:00:00+01:00","type":"sdk",\n"subject":"s","source":"${source}","id":"${id}","specversion":"1.0"}`;
    await write(value, contentType === null ? {} : { 'content-type': contentType });
    const { id: webhookId } = await storedOf(id);
    expect(receiver.requests.find((request) => request.webhookId === webhookId)?.body.toString()).toBe(value);
  });

  it.each([
    ['binary', 'application/json'],
    ['binary, with a charset', 'application/json; charset=utf-8'],
    ['binary, of a JSON dialect', 'application/vnd.acme+json'],
  ])('is delivered as its envelope: %s', async (_, contentType) => {
    const id = newId();
    const attributes = { ce_type: 'sdk', ce_id: id, ce_source: source, ce_specversion: '1.0' };
    await write('{"x": 1.10}', { ...attributes, 'content-type': contentType }, `key-${id}`);
    const { id: webhookId } = await storedOf(id);
    expect(receiver.requests.find((request) => request.webhookId === webhookId)?.body.toString()).toBe(
      `{"specversion":"1.0","id":"${id}","source":"${source}","type":"sdk","datacontenttype":"${contentType}","data":{"x": 1.10}}`,
    );
  });

  it('has the documented id, from its own time with 0 to 9 digits of a second, floored to milliseconds', async () => {
    const fractions = ['', '.1', '.12', '.123', '.1239', '.12399', '.123999', '.1239999', '.12399999', '.123999999'];
    const day = new Date().toISOString().slice(0, 10);
    const ids = await Promise.all(
      fractions.map(async (fraction) => {
        const id = newId();
        const event = { specversion: '1.0', id, source, type: 'sdk', time: `${day}T00:00:01${fraction}Z`, data: 1 };
        await write(JSON.stringify(event), structured);
        return id;
      }),
    );
    for (const [i, eventId] of ids.entries()) {
      const ms = Number((fractions[i] ?? '').slice(1).padEnd(3, '0').slice(0, 3));
      const timeMs = Date.parse(`${day}T00:00:01Z`) + ms;
      const { id, event_time } = await storedOf(eventId);
      expect(id).toBe(documentedId(['default', source, eventId, 'to-any'], timeMs));
      expect(event_time?.getTime()).toBe(timeMs);
    }
  });

  it('of a source and an id beyond ASCII has the documented id as well', async () => {
    const [eventId, own] = [`ключ-${newId()}-😀`, '/Zoë/王'];
    const time = new Date().toISOString();
    await write(JSON.stringify({ specversion: '1.0', id: eventId, source: own, type: 'sdk', time }), structured);
    const { id } = await storedOf(eventId);
    expect(id).toBe(documentedId(['default', own, eventId, 'to-any'], Date.parse(time)));
  });

  it.each([
    ['none', null],
    ['one of 40 days ago', new Date(Date.now() - 40 * dayMs).toISOString()],
    ['one of 1999', '1999-12-31T23:59:59.999Z'],
    ['one of tomorrow', new Date(Date.now() + dayMs).toISOString()],
    ['one of the year 9999', '9999-12-31T23:59:59Z'],
  ])('whose time cannot make an id takes the record for it and keeps its own: %s', async (_, time) => {
    const eventId = newId();
    const beforeMs = Date.now();
    await write(
      JSON.stringify({ specversion: '1.0', id: eventId, source, type: 'sdk', ...(time === null ? {} : { time }) }),
      structured,
    );
    const { id, event_time } = await storedOf(eventId);
    expect(timeOf(id)).toBeGreaterThanOrEqual(beforeMs - 1_000);
    expect(timeOf(id)).toBeLessThan(Date.now() + 1_000);
    expect(id).toBe(documentedId(['default', source, eventId, 'to-any'], timeOf(id)));
    expect(event_time).toEqual(time === null ? null : new Date(time));
  });

  it.each(['header', 'attribute', 'binary attribute'])(
    'carries its traceparent (%s) into deliveries, tiers and rows, but not to the receiver',
    async (where) => {
      const eventId = newId();
      const trace = `00-${createHash('sha256').update(eventId).digest('hex').slice(0, 32)}-b7ad6b7169203331-01`;
      const attributes = { specversion: '1.0', id: eventId, source, type: 'traced' };
      if (where === 'header') await write(JSON.stringify(attributes), { ...structured, traceparent: trace });
      else if (where === 'attribute') await write(JSON.stringify({ ...attributes, traceparent: trace }), structured);
      else {
        const headers = Object.entries({ ...attributes, traceparent: trace }).map(([name, text]) => [
          `ce_${name}`,
          text,
        ]);
        await write('{}', { ...Object.fromEntries(headers), 'content-type': 'application/json' });
      }
      const { id, trace_parent } = await storedOf(eventId);
      expect(trace_parent).toBe(trace);
      const topics = [topicNames.deliveries(stack.prefix), topicNames.tier(stack.prefix, '1s')];
      const records = (await readTopics(stack, topics)).filter(
        (record) => headerText(record, 'notification-id') === id,
      );
      const asks = records.map((record) => `${record.topic} ${headerText(record, 'attempt')}`);
      // A tier may be passed twice: a record that woke a millisecond early waits again.
      expect([...new Set(asks)].sort()).toEqual([`${topics[0]} 1`, `${topics[0]} 2`, `${topics[1]} 2`]);
      for (const record of records) expect(headerText(record, 'traceparent')).toBe(trace);
      const requests = receiver.requests.filter(({ webhookId }) => webhookId === id);
      expect(requests).toHaveLength(2);
      for (const { headers } of requests) expect(headers).not.toHaveProperty('traceparent');
    },
  );

  it('of one tenant reaches nothing of another one that owns the same endpoint slug', async () => {
    const events = ['acme', 'globex'].flatMap((tenant) =>
      Array.from({ length: 20 }, () => anEvent({ tenant, type: 'order.created' })),
    );
    const twin = anEvent({ tenant: 'acme', type: 'order.created' });
    await stack.produce([...events, twin, { ...twin, tenant: 'globex' }]);
    const counts = () => [receiver.of('/acme').length, receiver.of('/globex').length];
    await until(() => counts()[0] === 21 && counts()[1] === 21, { what: '21 requests each' });
    for (const [path, tenant] of [
      ['/acme', 'acme'],
      ['/globex', 'globex'],
    ] as const)
      for (const { body, signatureValid } of receiver.of(path)) {
        expect(JSON.parse(body.toString())).toMatchObject({ tenant });
        expect(signatureValid).toBe(true);
      }
    expect(new Set(receiver.requests.map(({ webhookId }) => webhookId)).size).toBeGreaterThanOrEqual(42);
  });

  it('is matched by patterns; what matches nothing is kept with its position and counted', async () => {
    const types = ['order.line.added', 'order.line.a.b', 'loan.closed', 'order.line.', 'order.lines', 'closed'];
    const events = types.map((type) => anEvent({ type, subject: `of-${type}` }));
    await stack.produce(events);
    const seen = () => receiver.of('/lines').map(({ body }) => (JSON.parse(body.toString()) as { type: string }).type);
    await until(() => seen().length >= 3, { what: 'three requests' });
    const unmatched = () =>
      stack.database.query<{ event_type: string; event_id: string; topic: string; offset: string }>(
        'SELECT topic, partition, "offset", event_type, event_id, tenant_id, subject FROM unmatched_events ORDER BY event_id',
      );
    await until(async () => (await unmatched()).length === 3, { what: 'three unmatched events' });
    expect(seen().sort()).toEqual(['loan.closed', 'order.line.a.b', 'order.line.added']);
    const rows = await unmatched();
    expect(rows.map(({ event_type }) => event_type).sort()).toEqual(['closed', 'order.line.', 'order.lines']);
    for (const row of rows) {
      const event = events.find(({ id }) => id === row.event_id);
      expect(row).toMatchObject({ topic: stack.eventsTopic, tenant_id: 'default', subject: event?.['subject'] });
    }
  });

  it('is entered in the books at its offset, and its notification says where it stands', async () => {
    const eventId = newId();
    const at = await write(
      JSON.stringify({ specversion: '1.0', id: eventId, source, type: 'sdk' }),
      structured,
      'some-key',
    );
    expect(await storedOf(eventId)).toMatchObject({
      source_topic: stack.eventsTopic,
      source_partition: at.partition,
      source_offset: String(at.offset),
    });
    const isEntered = async () => {
      const [row] = await stack.database.query<{ matched: number }>(
        'SELECT get_bit(matched, $3) AS matched FROM books WHERE topic = $1 AND partition = $2 AND page = 0',
        [stack.eventsTopic, at.partition, Number(at.offset)],
      );
      return row?.matched === 1;
    };
    await until(isEntered, { what: 'the line in the books, which may follow the notification' });
  });
});
