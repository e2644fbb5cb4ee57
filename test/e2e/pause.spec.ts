import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AdminClient, refusal } from '../support/admin-client.js';
import { anEvent } from '../support/builders.js';
import { allSeen, aSecret } from '../support/configure.js';
import { Stack } from '../support/stack.js';
import { until } from '../support/until.js';
import { type Behaviour, WebhookReceiver } from '../support/webhook-receiver.js';

const tenant = 'tenants/acme';
const eventCount = 60;
const drainPerSecond = 10;
const limitMs = 60_000;

describe('an endpoint that an operator pauses', () => {
  let stack: Stack;
  let admin: AdminClient;
  let receiver: WebhookReceiver;

  beforeAll(async () => {
    receiver = await WebhookReceiver.start();
    stack = await Stack.start(['renderer', 'dispatcher', 'retry-scheduler', 'admin']);
    admin = AdminClient.of(stack);
    await admin.apply([{ tenant: { name: tenant } }]);
  });

  afterAll(async () => {
    admin?.close();
    await stack?.stop();
    await receiver?.stop();
  });

  /** An endpoint of its own that takes the events of its name. */
  async function endpoint(id: string, behaviour: Behaviour = () => 200) {
    const secret = aSecret();
    const url = receiver.on(`/${id}`, secret, behaviour);
    const name = `${tenant}/endpoints/${id}`;
    await admin.apply([
      { endpoint: { name, url, signingSecret: secret } },
      { template: { name: `${tenant}/templates/${id}`, endpoint: id, eventTypes: [id] } },
    ]);
    await allSeen(stack);
    const produce = (count: number) =>
      stack.produce(Array.from({ length: count }, () => anEvent({ type: id, tenant: 'acme' })));
    return { name, id, produce, arrived: () => receiver.of(`/${id}`) };
  }

  async function countOf(id: string, where: string): Promise<number> {
    const [row] = await stack.database.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM v1_notifications WHERE endpoint_id = $1 AND ${where}`,
      [id],
    );
    return row?.n ?? 0;
  }

  const pause = (name: string, more: object = {}) => admin.call(admin.endpoints, 'pauseEndpoint', { name, ...more });
  const resume = (name: string, more: object = {}) => admin.call(admin.endpoints, 'resumeEndpoint', { name, ...more });

  it('gets nothing, and everything once it is resumed, at the pace that was asked for', async () => {
    const { name, id, produce, arrived } = await endpoint('paced');
    const { endpoint: paused } = await pause(name, { reason: 'their maintenance' });
    expect(paused?.pauseTime).not.toBeNull();
    await allSeen(stack);
    await produce(eventCount);
    const isHeld = async () => (await countOf(id, `waiting_reason = 'ENDPOINT_PAUSED'`)) === eventCount;
    await until(isHeld, { what: 'all are held', limitMs });
    expect(arrived()).toEqual([]);

    const { endpoint: resumed } = await resume(name, { drainPerSecond });
    expect(resumed?.pauseTime).toBeNull();
    const isDone = async () => (await countOf(id, `state = 'sent'`)) === eventCount;
    await until(isDone, { what: 'all are sent', limitMs });
    const times = arrived().map(({ atMs }) => atMs);
    expect(times).toHaveLength(eventCount);
    // The first second's worth goes at once, and what a late round makes up for together.
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(
      ((eventCount - 5 * drainPerSecond) / drainPerSecond) * 1_000,
    );
    expect(await countOf(id, 'attempt_count <> 1 OR step <> 0')).toBe(0);
    const drained = async () => {
      const [row] = await stack.database.query<{ held_since: Date | null }>(
        'SELECT held_since FROM endpoints WHERE id = $1',
        [id],
      );
      return row?.held_since === null;
    };
    await until(drained, { what: 'the drain ends', limitMs });
  });

  it('fails what it held when it is disabled meanwhile', async () => {
    const { name, id, produce, arrived } = await endpoint('given-up');
    await pause(name);
    await allSeen(stack);
    await produce(3);
    await until(async () => (await countOf(id, `waiting_reason = 'ENDPOINT_PAUSED'`)) === 3, { what: 'held', limitMs });
    await admin.call(admin.endpoints, 'updateEndpoint', { endpoint: { name, enabled: false } });
    const isFailed = async () => (await countOf(id, `failure_reason = 'ENDPOINT_DISABLED'`)) === 3;
    await until(isFailed, { what: 'they have failed', limitMs });
    expect(arrived()).toEqual([]);
  });

  it('fails at once what waits for a retry when it is disabled', async () => {
    const { name, id, produce, arrived } = await endpoint('gone-bad', (_nth, response) => {
      response.writeHead(503, { 'retry-after': '3600' }).end();
      return 'own';
    });
    await produce(2);
    const isWaiting = async () => (await countOf(id, `waiting_reason = 'RETRY_SCHEDULED'`)) === 2;
    await until(isWaiting, { what: 'both wait for their retry', limitMs });
    await admin.call(admin.endpoints, 'updateEndpoint', { endpoint: { name, enabled: false } });
    const isFailed = async () =>
      (await countOf(id, `failure_reason = 'ENDPOINT_DISABLED' AND attempt_count = 1`)) === 2;
    await until(isFailed, { what: 'they have failed', limitMs });
    expect(arrived()).toHaveLength(2);
  });

  it('is paused once, by whom and why on record, and refused what makes no sense', async () => {
    const { name } = await endpoint('recorded');
    const { endpoint: first } = await pause(name, { reason: 'ticket 4711' });
    const { endpoint: again } = await pause(name, { reason: 'again' });
    expect(again?.etag).toBe(first?.etag);
    await resume(name, { drainPerSecond: 5 });
    const lines = await stack.database.query<{ action: string; reason: string | null }>(
      'SELECT action, reason FROM operator_log WHERE target = $1 ORDER BY id',
      [name],
    );
    expect(lines.slice(-2)).toEqual([
      { action: 'endpoints.pause', reason: 'ticket 4711' },
      { action: 'endpoints.resume', reason: null },
    ]);
    expect(await refusal(pause(name, { etag: '1' }))).toMatchObject({ code: status.ABORTED });
    expect(await refusal(pause(`${tenant}/endpoints/nobody`))).toMatchObject({ code: status.NOT_FOUND });
    expect(await refusal(resume(name, { drainPerSecond: 501 }))).toMatchObject({ code: status.INVALID_ARGUMENT });
  });
});
