import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anEvent } from '../support/builders.js';
import { allSeen, aSecret, wire } from '../support/configure.js';
import { Stack } from '../support/stack.js';
import { until } from '../support/until.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

interface Parked {
  readonly offset: string;
  readonly reason: string;
  readonly detail: string;
  readonly value: Buffer;
}

describe('bad input', () => {
  let stack: Stack;
  let receiver: WebhookReceiver;

  beforeAll(async () => {
    receiver = await WebhookReceiver.start();
    stack = await Stack.start(['renderer', 'dispatcher']);
    const secret = aSecret();
    await wire(stack, [
      { id: 'ok', url: receiver.on('/ok', secret), secret, eventTypes: ['loan.*'], tenant: 'acme' },
      { id: 'gone', url: receiver.on('/gone', secret, () => 410), secret, eventTypes: ['closing'], tenant: 'acme' },
      {
        id: 'wrong',
        url: receiver.on('/wrong', secret),
        secret,
        eventTypes: ['wrong'],
        tenant: 'acme',
        body: '{"a": {{ event.data.a }} 1}',
      },
    ]);
  });

  afterAll(async () => {
    await stack?.stop();
    await receiver?.stop();
  });

  it('is parked byte for byte with its reason and position, and the next record is delivered', async () => {
    const structured = { 'content-type': 'application/cloudevents+json' };
    const garbage: readonly (readonly [Buffer, Readonly<Record<string, string>>, string])[] = [
      [Buffer.from([0xff, 0xfe, 0x00]), structured, 'NOT_UTF8'],
      [Buffer.from('{"half": '), structured, 'NOT_JSON'],
      [Buffer.from('{"id":"1","type":"loan.x"}'), structured, 'MISSING_ATTRIBUTE'],
      [Buffer.alloc(1_048_577, 0x20), structured, 'TOO_LARGE'],
      [Buffer.from(JSON.stringify(anEvent({ tenant: 'nobody' }))), structured, 'UNKNOWN_TENANT'],
      [Buffer.from(JSON.stringify(anEvent())), structured, 'UNKNOWN_TENANT'],
      [Buffer.from(JSON.stringify(anEvent({ tenant: 'acme' }))), { ...structured, ce_id: '1' }, 'MIXED_MODE'],
    ];
    const locations = [];
    for (const [value, headers] of garbage)
      locations.push(
        await stack.sink.sendAndLocate({ topic: stack.eventsTopic, key: null, partition: 0, value, headers }),
      );
    const good = anEvent({ tenant: 'acme' });
    await stack.sink.send({
      topic: stack.eventsTopic,
      key: null,
      partition: 0,
      value: Buffer.from(JSON.stringify(good)),
      headers: structured,
    });

    await until(() => receiver.of('/ok').length === 1, { what: 'the good event behind them' });
    const parked = await stack.database.query<Parked>(
      'SELECT "offset", reason, detail, value FROM parked_events ORDER BY "offset"',
    );
    expect(parked.map(({ reason }) => reason)).toEqual(garbage.map(([, , reason]) => reason));
    expect(parked.map(({ offset }) => BigInt(offset))).toEqual(locations.map(({ offset }) => offset));
    for (const [i, { value }] of parked.entries()) expect(value.equals(garbage[i]?.[0] ?? Buffer.alloc(0))).toBe(true);
  });

  it('of a template fails its notification with the reason, keeps the event, and sends nothing', async () => {
    await stack.produce([anEvent({ tenant: 'acme', type: 'wrong' })]);
    const find = () =>
      stack.database.query<{ failure_reason: string; event_bytes: Buffer }>(
        `SELECT failure_reason, event_bytes FROM notifications WHERE endpoint_id = 'wrong' AND state = 'failed'`,
      );
    const [row] = await until(async () => ((await find()).length > 0 ? find() : null), {
      what: 'the failed notification',
    });
    expect(row?.failure_reason).toBe('OUTPUT_NOT_JSON');
    expect(JSON.parse(String(row?.event_bytes))).toMatchObject({ type: 'wrong' });
    expect(receiver.of('/wrong')).toHaveLength(0);
  });

  it('410 fails the notification, switches the endpoint off, and later events fail without an attempt', async () => {
    await stack.produce([anEvent({ tenant: 'acme', type: 'closing' })]);
    const isDisabled = async () =>
      (await stack.database.query(`SELECT FROM endpoints WHERE id = 'gone' AND NOT enabled`)).length === 1;
    await until(isDisabled, { what: 'the endpoint is switched off' });
    await allSeen(stack);
    await stack.produce([anEvent({ tenant: 'acme', type: 'closing' })]);
    const reasons = async () => {
      const rows = await stack.database.query<{ failure_reason: string }>(
        `SELECT failure_reason FROM notifications WHERE endpoint_id = 'gone' AND state = 'failed' ORDER BY created_at`,
      );
      return rows.length === 2 ? rows.map((row) => row.failure_reason) : null;
    };
    expect(await until(reasons, { what: 'two failed notifications' })).toEqual(['GONE', 'ENDPOINT_DISABLED']);
    expect(receiver.of('/gone')).toHaveLength(1);
  });

  it('of an operator: a wrong configuration stops the start and names every wrong variable', () => {
    const env = {
      PATH: process.env['PATH'] ?? '',
      KAFKA_BROKERS: 'nowhere',
      RETRY_TIERS: '30s,5s',
      ATTEMPT_TIMEOUT_MS: '1',
    };
    const { status, stderr } = spawnSync(process.execPath, ['dist/apps/dispatcher/src/main.js'], {
      env,
      encoding: 'utf8',
    });
    expect(status).toBe(2);
    for (const name of ['KAFKA_BROKERS', 'RETRY_TIERS', 'ATTEMPT_TIMEOUT_MS', 'DATABASE_URL', 'KEK_FILE'])
      expect(stderr).toContain(name);
    expect(stderr).not.toContain('at ');
  });
});
