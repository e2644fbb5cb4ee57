import { afterEach, describe, expect, it } from 'vitest';
import { anEvent } from '../support/builders.js';
import { aSecret, wire } from '../support/configure.js';
import { Stack } from '../support/stack.js';
import { adminQuery } from '../support/test-database.js';
import { until } from '../support/until.js';
import { later, WebhookReceiver } from '../support/webhook-receiver.js';

const eventCount = 3_000;
const endpointCount = 8;
const hangingCount = 2_000;
const healthyCount = 50;
/** Of a tenant whose endpoints could take more than all places, with more for each than a partition keeps in memory. */
const slowCount = 8;
const slowEventsOfEach = 450;
const freshCount = 6;
const freshEventsOfEach = 20;
/** The receiver may be on a busy machine too: that it answers late, or nothing for a while, is not what is looked at. */
const patient = {
  ATTEMPT_TIMEOUT_MS: '15000',
  CONNECT_TIMEOUT_MS: '5000',
  LEASE_MARGIN_MS: '15000',
  UNHINTED_DELAY_MS: '60000',
};

describe('endpoints with much to do', () => {
  const open: { stop(): unknown }[] = [];

  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.stop();
  });

  async function setup(settings: Readonly<Record<string, string>>) {
    const receiver = await WebhookReceiver.start();
    open.push(receiver);
    const stack = await Stack.start(['renderer', 'dispatcher', 'retry-scheduler'], settings);
    open.push(stack);
    return { receiver, stack, secret: aSecret() };
  }

  /** Lets no outcome be recorded for longer than an endpoint may stand still, as a database does on a busy machine. */
  function delayOutcomes(stack: Stack): Promise<void> {
    const delay = `DO $$ BEGIN LOCK TABLE attempts IN EXCLUSIVE MODE; PERFORM pg_sleep(3); END $$`;
    return adminQuery(stack.database.url, delay);
  }

  async function countOf(stack: Stack, state: string, endpoint: string): Promise<number> {
    const [row] = await stack.database.query<{ n: number }>(
      'SELECT count(*)::int AS n FROM notifications WHERE state = $1 AND endpoint_id LIKE $2',
      [state, endpoint],
    );
    return row?.n ?? 0;
  }

  /** What the dispatcher has counted as held; a counter that never counted is not listed. */
  async function heldBy(stack: Stack): Promise<number> {
    const { status, body } = await stack.app('dispatcher').probe('/metrics');
    expect(status).toBe(200);
    const lines = [...body.matchAll(/^hookline_held_total\S* (\d+)/gm)];
    return lines.reduce((sum, [, value]) => sum + Number(value), 0);
  }

  it('holds, loses and repeats nothing of 3,000 events for 8 healthy endpoints while our own database is slow', async () => {
    const { receiver, stack, secret } = await setup({ ...patient, SPILL_AFTER_MS: '1000' });
    const numbers = Array.from({ length: endpointCount }, (_, n) => n);
    const urlOf = (n: number) => receiver.on(`/healthy${n}`, secret, later(20));
    await wire(
      stack,
      numbers.map((n) => ({ id: `healthy${n}`, secret, url: urlOf(n), eventTypes: [`t${n}`], concurrency: 20 })),
    );
    const produced = stack.produce(
      Array.from({ length: eventCount }, (_, n) => anEvent({ type: `t${n % endpointCount}` })),
    );
    await until(() => receiver.requests.length > 0, { what: 'the first request' });
    await Promise.all([produced, delayOutcomes(stack)]);
    const isDone = async () => (await countOf(stack, 'sent', '%')) === eventCount;
    await until(isDone, { what: 'all are sent', limitMs: 120_000 });

    expect(receiver.duplicates()).toEqual([]);
    expect(await stack.database.query('SELECT outcome, count(*)::int AS n FROM attempts GROUP BY 1')).toEqual([
      { outcome: 'accepted', n: eventCount },
    ]);
    expect(await heldBy(stack)).toBe(0);
  });

  it('lets an endpoint go on while 2,000 notifications wait for another one that hangs', async () => {
    const { receiver, stack, secret } = await setup(patient);
    await wire(stack, [
      { id: 'hanging', secret, url: receiver.on('/hanging', secret, () => 'own'), eventTypes: ['hanging'] },
      { id: 'healthy', secret, url: receiver.on('/healthy', secret), eventTypes: ['healthy'] },
    ]);
    await stack.produce(Array.from({ length: hangingCount }, () => anEvent({ type: 'hanging' })));
    const isWaiting = async () => (await countOf(stack, 'pending', 'hanging')) === hangingCount;
    await until(isWaiting, { what: 'all wait for the hanging endpoint', limitMs: 60_000 });
    await until(async () => (await heldBy(stack)) > 0, { what: 'the hanging endpoint is held', limitMs: 60_000 });

    await stack.produce(Array.from({ length: healthyCount }, () => anEvent({ type: 'healthy' })));
    const isDone = async () => (await countOf(stack, 'sent', 'healthy')) === healthyCount;
    await until(isDone, { what: 'all of the healthy endpoint are sent', limitMs: 60_000 });
    expect(await countOf(stack, 'pending', 'hanging')).toBe(hangingCount);
    expect(receiver.duplicates()).toEqual([]);
  });

  it('answers all of one tenant while another one, with a backlog in many partitions, has taken all it can and is answered nothing', async () => {
    const settings = {
      ...patient,
      ATTEMPT_TIMEOUT_MS: '30000',
      DRAIN_TIMEOUT_MS: '40000',
      DISPATCH_CONCURRENCY: '100',
    };
    const { receiver, stack, secret } = await setup(settings);
    let getOn = (): void => undefined;
    const hangs = new Promise<void>((resolve) => {
      getOn = resolve;
    });
    const slow = (id: string) =>
      receiver.on(`/${id}`, secret, async () => {
        await hangs;
        return 200;
      });
    const slowIds = Array.from({ length: slowCount }, (_, n) => `slow${n}`);
    const freshIds = Array.from({ length: freshCount }, (_, n) => `fresh${n}`);
    await wire(stack, [
      ...slowIds.map((id) => ({ id, tenant: 'acme', secret, url: slow(id), eventTypes: [id], concurrency: 20 })),
      ...freshIds.map((id) => ({ id, tenant: 'bank', secret, url: receiver.on(`/${id}`, secret), eventTypes: [id] })),
    ]);
    const backlog = Array.from({ length: slowEventsOfEach }, () => slowIds).flat();
    await stack.produce(backlog.map((type) => anEvent({ type, tenant: 'acme' })));
    await until(() => receiver.requests.length >= 95, { what: 'nearly all places are taken', limitMs: 60_000 });
    await until(async () => (await countOf(stack, 'pending', 'slow%')) === backlog.length, {
      ...{ what: 'all wait for the slow tenant', limitMs: 60_000 },
    });

    const fresh = Array.from({ length: freshEventsOfEach }, () => freshIds).flat();
    await stack.produce(fresh.map((type) => anEvent({ type, tenant: 'bank' })));
    const isDone = async () => (await countOf(stack, 'sent', 'fresh%')) === fresh.length;
    await until(isDone, { what: 'all of the other tenant are sent', limitMs: 60_000 });
    // Nor has any met its deadline: no place of the slow tenant was left meanwhile.
    const finished = `SELECT 1 FROM v1_attempts a JOIN v1_notifications n ON n.id = a.notification_id
      WHERE a.state = 'finished' AND n.endpoint_id LIKE 'slow%'`;
    expect(await stack.database.query(finished), 'attempts of the slow tenant that are over').toHaveLength(0);
    expect(await countOf(stack, 'pending', 'slow%')).toBe(backlog.length);
    getOn();
    const areAllDone = async () => (await countOf(stack, 'sent', 'slow%')) === backlog.length;
    await until(areAllDone, { what: 'all of the slow tenant are sent', limitMs: 90_000 });
    // On a slow machine some of the slow ones have met their deadline meanwhile, and are sent again.
    expect(receiver.duplicates().filter(({ path }) => path.startsWith('/fresh'))).toEqual([]);
  });

  it('lets what was held of an endpoint go on as soon as that gets on, without the sweep', async () => {
    const { receiver, stack, secret } = await setup({ ...patient, SWEEP_INTERVAL_MS: '600000' });
    let getOn = (): void => undefined;
    const hangs = new Promise<void>((resolve) => {
      getOn = resolve;
    });
    const url = receiver.on('/stalling', secret, async () => {
      await hangs;
      return 200;
    });
    await wire(stack, [{ id: 'stalling', secret, url, eventTypes: ['stalling'] }]);
    await stack.produce(Array.from({ length: hangingCount }, () => anEvent({ type: 'stalling' })));
    const held = async () => {
      const [row] = await stack.database.query<{ n: number }>(
        `SELECT count(*)::int AS n FROM notifications WHERE waiting_reason = 'ENDPOINT_FULL'`,
      );
      return (row?.n ?? 0) > hangingCount - 200;
    };
    await until(held, { what: 'nearly all are held', limitMs: 14_000 });
    getOn();
    const isDone = async () => (await countOf(stack, 'sent', 'stalling')) === hangingCount;
    await until(isDone, { what: 'all are sent', limitMs: 60_000 });
    expect(receiver.duplicates()).toEqual([]);
    expect(await stack.database.query('SELECT outcome, count(*)::int AS n FROM attempts GROUP BY 1')).toEqual([
      { outcome: 'accepted', n: hangingCount },
    ]);
  });
});
