import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anEvent } from '../support/builders.js';
import { aSecret, wire } from '../support/configure.js';
import { Stack } from '../support/stack.js';
import { until } from '../support/until.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

/** 1,024 characters of which no two are equal: an index entry over them is too large, whatever is compressed. */
const wideText = Array.from({ length: 1_024 }, (_, i) => String.fromCharCode(0x4e00 + i * 7)).join('');

const failingOnce = (nth: number) => (nth === 1 ? 500 : 200);
const structured = { 'content-type': 'application/cloudevents+json' };
/** A number that may not be seen outside of the payloads. */
const cardNumber = 4_111_111_111;

describe('an unusual event', () => {
  let stack: Stack;
  let receiver: WebhookReceiver;

  beforeAll(async () => {
    receiver = await WebhookReceiver.start();
    stack = await Stack.start(['renderer', 'dispatcher', 'retry-scheduler']);
    const secret = aSecret();
    const text = { contentType: 'text/plain', body: '{{ event.data.text }}{{ event.data.text }}' };
    await wire(stack, [
      { id: 'all', url: receiver.on('/all', secret), secret, eventTypes: ['loan.*'] },
      { id: 'text', url: receiver.on('/text', secret), secret, eventTypes: ['text'], ...text },
      { id: 'late', url: receiver.on('/late', secret, failingOnce), secret, eventTypes: ['late'], ...text },
      {
        ...{ id: 'broken', url: receiver.on('/broken', secret), secret, eventTypes: ['broken'] },
        body: '{"card": {{ event.data.card }}x}',
      },
    ]);
  });

  afterAll(async () => {
    await stack?.stop();
    await receiver?.stop();
  });

  async function becomes(event: Readonly<Record<string, unknown>>): Promise<string> {
    const find = async () => {
      const [row] = await stack.database.query<{ became: string }>(
        `SELECT state AS became FROM notifications WHERE event_id = $1 AND state <> 'pending'
         UNION ALL SELECT reason || ': ' || detail FROM parked_events WHERE position($2::bytea IN value) > 0`,
        [event['id'], Buffer.from(JSON.stringify(event['id']))],
      );
      return row?.became;
    };
    return until(find, { what: `what becomes of ${String(event['id']).slice(0, 40)}` });
  }

  /** Produces bytes to one and the same partition. */
  async function produceBytes(value: Buffer, headers: Readonly<Record<string, string>> = structured): Promise<void> {
    await stack.sink.send({ topic: stack.eventsTopic, key: null, partition: 0, value, headers });
  }

  async function parkedFor(value: Buffer): Promise<string> {
    const sql = 'SELECT detail FROM parked_events WHERE value = $1';
    const find = async () => (await stack.database.query<{ detail: string }>(sql, [value]))[0]?.detail;
    return until(find, { what: 'the parked record' });
  }

  // CloudEvents JSON format 1.0.2, 2.2: "null" MUST be treated as the equivalent of unset or omitted.
  it.each(['subject', 'time', 'dataschema', 'datacontenttype', 'tenant', 'traceparent'])(
    'with %s null counts as one without it',
    async (name) => {
      const event = anEvent({ [name]: null });
      await stack.produce([event]);
      expect(await becomes(event)).toBe('sent');
    },
  );

  // design.md 4: older than the oldest partition is kept as event_time, and the record's time makes the id.
  it.each(['1969-07-20T20:17:40Z', '0001-01-01T00:00:00Z'])('of %s is sent and keeps its time', async (time) => {
    const event = anEvent({ time });
    await stack.produce([event]);
    expect(await becomes(event)).toBe('sent');
    const [row] = await stack.database.query<{ event_time: string }>(
      `SELECT to_char(event_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS event_time FROM notifications WHERE event_id = $1`,
      [event['id']],
    );
    expect(row?.event_time).toBe(time);
  });

  it.each(['id', 'source', 'subject'])('with the widest %s harms no event beside it', async (name) => {
    const wide = anEvent({ [name]: wideText });
    const others = Array.from({ length: 60 }, () => anEvent());
    await stack.produce([...others.slice(0, 30), wide, ...others.slice(30)]);
    const became = await Promise.all(others.map(becomes));
    expect(new Set(became)).toEqual(new Set(['sent']));
    expect(await becomes(wide), 'sent, or parked with its reason').toMatch(/^sent$|^[A-Z_]+: /);
  });

  // RFC 8259, 8.1: parsers may pass a byte order mark over, senders may not add one.
  it('with a byte order mark is sent without it', async () => {
    const event = anEvent();
    await produceBytes(Buffer.from(`\ufeff${JSON.stringify(event)}`));
    expect(await becomes(event)).toBe('sent');
    const binary = anEvent({ data: { mark: 'binary' } });
    const { id, source, type, data } = binary as Readonly<Record<string, string>>;
    const headers = {
      'content-type': 'application/json',
      ce_id: id ?? '',
      ce_source: source ?? '',
      ce_type: type ?? '',
    };
    await produceBytes(Buffer.from(`\ufeff${JSON.stringify(data)}`), headers);
    expect(await becomes(binary)).toBe('sent');
    const bodies = receiver.of('/all').map(({ body }) => body.toString('utf8'));
    expect(bodies).toContain(JSON.stringify(event));
    expect(bodies.filter((body) => body.includes('"mark":"binary"'))).toHaveLength(1);
    expect(bodies.filter((body) => body.includes('\ufeff'))).toEqual([]);
  });

  it('whose string never ends is parked, and the next one is sent', async () => {
    const value = Buffer.from(`"${'\\"'.repeat(520_000)}`);
    await produceBytes(value);
    const next = anEvent();
    await produceBytes(Buffer.from(JSON.stringify(next)));
    expect(await becomes(next)).toBe('sent');
    expect(await parkedFor(value)).toBe(`the value is not valid JSON at position ${value.length}`);
  });

  it('that is not JSON leaves nothing of itself in the log and in what is said of it', async () => {
    const value = Buffer.from(`{"id":"1","card":PAN${cardNumber}"}`);
    await produceBytes(value);
    expect(await parkedFor(value)).toBe('the value is not valid JSON at position 17');
    const isParked = (line: string) => line.includes('event.parked') && line.includes('at position 17');
    await until(() => stack.app('renderer').lines.some(isParked), { what: 'its line in the log' });
    expect(stack.app('renderer').lines.filter((line) => /PAN|4111/.test(line))).toEqual([]);
  });

  it('whose rendered body is not JSON leaves nothing of it in the failure', async () => {
    const event = anEvent({ type: 'broken', data: { card: cardNumber } });
    await stack.produce([event]);
    expect(await becomes(event)).toBe('failed');
    const [row] = await stack.database.query(
      'SELECT failure_reason, failure_detail FROM notifications WHERE event_id = $1',
      [event['id']],
    );
    expect(row).toEqual({
      failure_reason: 'OUTPUT_NOT_JSON',
      failure_detail: 'the rendered body is not valid JSON at position 19 (line 1, column 1)',
    });
  });

  // As a JSON string in the delivery's record it would be six times as long, which no broker takes.
  it.each(['text', 'late'])('of 220,000 control characters is sent whole to %s', async (type) => {
    const event = anEvent({ type, data: { text: '\u0001'.repeat(110_000) } });
    await stack.produce([event]);
    expect(await becomes(event)).toBe('sent');
    const requests = receiver.of(`/${type}`);
    expect(requests.map(({ status }) => status)).toEqual(type === 'late' ? [500, 200] : [200]);
    for (const { body } of requests) expect(body.equals(Buffer.alloc(220_000, 1))).toBe(true);
  });
});
