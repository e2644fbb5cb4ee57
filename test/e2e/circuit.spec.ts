import { afterEach, describe, expect, it } from 'vitest';
import { topicNames } from '#contracts/topics';
import { anEvent } from '../support/builders.js';
import { aSecret, wire } from '../support/configure.js';
import { readTopics } from '../support/read-topics.js';
import { Stack } from '../support/stack.js';
import { until } from '../support/until.js';
import { later, WebhookReceiver } from '../support/webhook-receiver.js';

const eventCount = 60;
const concurrency = 4;
const openMs = 3_000;
/** A fifth less of it by chance. */
const openMsMin = openMs * 0.8;
const settings = {
  CIRCUIT_OPEN_MS: String(openMs),
  RETRY_SCHEDULE: '1s,1s,2s,5s,5s,5s',
  RETRY_TIERS: '1s,5s',
  DISPATCH_CONCURRENCY: '100',
};
const limitMs = 60_000;

describe('the circuit of an endpoint', () => {
  const open: { stop(): unknown }[] = [];

  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.stop();
  });

  /** An endpoint that answers whatever `status` says, after a moment. */
  async function setup() {
    const receiver = await WebhookReceiver.start();
    open.push(receiver);
    const stack = await Stack.start(['renderer', 'dispatcher', 'retry-scheduler'], settings);
    open.push(stack);
    const world = { receiver, stack, status: 500, atOnce: 0, atOnceMax: 0 };
    const secret = aSecret();
    const url = receiver.on('/sick', secret, async (...request) => {
      world.atOnceMax = Math.max(world.atOnceMax, ++world.atOnce);
      const status = await later(20, () => world.status)(...request);
      world.atOnce--;
      return status;
    });
    await wire(stack, [{ id: 'sick', secret, url, eventTypes: ['sick'], concurrency }]);
    return world;
  }

  function produceTo(stack: Stack, type: string, count: number): Promise<void> {
    return stack.produce(Array.from({ length: count }, () => anEvent({ type })));
  }

  async function circuitOf(stack: Stack): Promise<string | undefined> {
    const [row] = await stack.database.query<{ state: string }>('SELECT state FROM v1_endpoint_circuits');
    return row?.state;
  }

  async function countOf(stack: Stack, where: string): Promise<number> {
    const [row] = await stack.database.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM v1_notifications WHERE ${where}`,
    );
    return row?.n ?? 0;
  }

  /** Of the topic `operator-events`. */
  async function toldOf(stack: Stack): Promise<readonly string[]> {
    const records = await readTopics(stack, [topicNames.operatorEvents(stack.prefix)]);
    return records.map(({ value }) => (JSON.parse(String(value)) as { type: string }).type);
  }

  async function isOpen({ stack }: { readonly stack: Stack }): Promise<void> {
    await until(async () => (await circuitOf(stack)) === 'open', { what: 'the circuit is open', limitMs });
  }

  async function expectAllSentOnce({ stack, receiver }: { stack: Stack; receiver: WebhookReceiver }): Promise<void> {
    const isDone = async () => (await countOf(stack, `state = 'sent'`)) === eventCount;
    const detail = async () =>
      JSON.stringify([
        await stack.database.query('SELECT state, waiting_reason, count(*) FROM v1_notifications GROUP BY 1, 2'),
        await stack.database.query('SELECT * FROM endpoint_circuits'),
      ]);
    await until(isDone, { what: 'all are sent', limitMs, detail });
    expect(receiver.duplicates()).toEqual([]);
    const gaps = await stack.database.query(
      'SELECT FROM attempts GROUP BY notification_id HAVING max(number) <> count(*) OR min(number) <> 1',
    );
    expect(gaps).toEqual([]);
  }

  it('opens when it fails, holds what is for it, probes with one request, and lets the rest go on in steps', async () => {
    const world = await setup();
    const { stack, receiver } = world;
    await produceTo(stack, 'sick', eventCount);
    await isOpen(world);
    const openedAtMs = Date.now();
    const isHeld = async () => (await countOf(stack, `waiting_reason = 'CIRCUIT_OPEN'`)) >= eventCount - 20;
    await until(isHeld, { what: 'the rest is held', limitMs });
    const before = receiver.requests.length;
    expect(before).toBeLessThanOrEqual(10 + concurrency);

    await until(() => receiver.requests.length > before, { what: 'the probe', limitMs });
    expect(Date.now() - openedAtMs).toBeGreaterThan(openMsMin - 500);
    // It failed: the circuit is open for twice as long, and nothing else was sent.
    await isOpen(world);
    expect(receiver.requests.length).toBe(before + 1);
    const [row] = await stack.database.query<{ open_count: number }>('SELECT open_count FROM v1_endpoint_circuits');
    expect(row?.open_count).toBe(2);

    world.status = 200;
    world.atOnceMax = 0;
    const probed = receiver.requests.length;
    await until(() => receiver.requests.length > probed, { what: 'the next probe', limitMs });
    await expectAllSentOnce(world);
    expect(world.atOnceMax).toBeLessThanOrEqual(concurrency);
    await until(async () => (await circuitOf(stack)) === undefined, { what: 'the circuit is forgotten', limitMs });
    expect(await countOf(stack, 'waiting_reason IS NOT NULL')).toBe(0);
    await until(async () => (await toldOf(stack)).length >= 2, { what: 'operators are told', limitMs });
    expect(await toldOf(stack)).toEqual(['hookline.circuit.opened', 'hookline.circuit.closed']);
  });

  it('is known to whoever owns the endpoint next', async () => {
    const world = await setup();
    const { stack, receiver } = world;
    await produceTo(stack, 'sick', eventCount);
    await isOpen(world);
    await stack.database.query(
      `UPDATE endpoint_circuits SET probe_at = now() + interval '1 hour', version = version + 1`,
    );
    const dispatcher = stack.app('dispatcher');
    await dispatcher.kill('SIGKILL');
    dispatcher.launch();
    await dispatcher.ready();
    const knows = async () => (await countOf(stack, `waiting_reason = 'CIRCUIT_OPEN'`)) === eventCount;
    await until(knows, { what: 'all of them are held', limitMs });
    const before = receiver.requests.length;
    world.status = 200;
    const changedAt = new Date();
    const hasLooked = async () => {
      const reported = await stack.database.query(
        `SELECT FROM consumer_progress WHERE topic = $1 AND reported_at > $2::timestamptz + $3 * interval '1 millisecond'`,
        [topicNames.deliveries(stack.prefix), changedAt, openMs],
      );
      return reported.length > 0;
    };
    await until(hasLooked, { what: 'the dispatcher has worked for as long as a circuit is open', limitMs });
    expect(receiver.requests.length).toBe(before);
    // As an operator resets it.
    await stack.database.query(`UPDATE endpoint_circuits SET state = 'closed', version = version + 1`);
    await expectAllSentOnce(world);
  });
});
