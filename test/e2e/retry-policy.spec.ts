import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { topicNames } from '#contracts/topics';
import { recordsInTopic } from '#kafka/kafkajs/topics-command';
import { createLog } from '#telemetry/log';
import { anEvent } from '../support/builders.js';
import { allSeen, aSecret, wire } from '../support/configure.js';
import { Stack } from '../support/stack.js';
import { until } from '../support/until.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

/** Hops of a delay of 1,300 ms: 1s, then what is left of it in the shortest tier. */
const tiers = '100ms,500ms,1s';
const scheduleMs = [700, 1_300];
const retried = 150;
const heapOf = 1_200;
const unreadMax = 500;
/** Records of finishes that were stored together are put into a tier together. */
const togetherMs = 1_000;
/** What a machine with much else to do may add to the promised 250 ms and 1 %. */
const marginMs = 3_000;
const limitMs = 90_000;

interface AttemptSeen {
  readonly id: string;
  readonly number: number;
  readonly finished_ms: number;
}

describe('retries', () => {
  let stack: Stack;
  let receiver: WebhookReceiver;
  const secret = aSecret();

  beforeAll(async () => {
    receiver = await WebhookReceiver.start();
    stack = await Stack.start(['renderer', 'dispatcher', 'retry-scheduler'], {
      RETRY_TIERS: tiers,
      RETRY_SCHEDULE: '1h',
      // Only the tiers bring anything back, and no circuit holds it.
      SWEEP_INTERVAL_MS: '600000',
      CIRCUIT_CONSECUTIVE: '10000',
      CIRCUIT_MIN_RESULTS: '10000',
      ATTEMPT_TIMEOUT_MS: '10000',
    });
  });

  afterAll(async () => {
    await stack?.stop();
    await receiver?.stop();
  });

  /** An endpoint whose first so many requests of each notification fail. */
  async function failing(id: string, failures: number): Promise<void> {
    const url = receiver.on(`/${id}`, secret, (nth) => (nth <= failures ? 500 : 200));
    await wire(stack, [{ id, secret, url, eventTypes: [id] }]);
  }

  async function say(
    table: 'tenants' | 'endpoints' | 'webhook_templates',
    id: string,
    delays: readonly number[] | null,
  ) {
    await stack.database.query(`UPDATE ${table} SET retry_schedule_ms = $2 WHERE id = $1`, [id, delays]);
    await allSeen(stack);
  }

  async function count(what: string): Promise<number> {
    const [row] = await stack.database.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${what}`);
    return row?.n ?? 0;
  }

  function deliveriesWritten(): Promise<number> {
    const kafka = { brokers: (stack.env['KAFKA_BROKERS'] ?? '').split(','), ssl: false };
    return recordsInTopic(kafka, topicNames.deliveries(stack.prefix), createLog({ app: 'test', level: 'error' }));
  }

  /** What the scheduler said of each record that went to `deliveries`: when it was due, and when it was written. */
  function released() {
    const said = stack.app('retry-scheduler').lines.filter((line) => line.includes('"event":"retry.released"'));
    return said
      .map((line): { from: string; to: string; dueMs: number; time: string } => JSON.parse(line))
      .filter(({ to }) => to === topicNames.deliveries(stack.prefix))
      .map(({ from, dueMs, time }) => ({ from, dueMs, atMs: Date.parse(time) }));
  }

  it('follow the schedule of the template, else of the endpoint, else of the tenant, as it is at that moment', async () => {
    await failing('chosen', 100);
    await say('tenants', 'default', [3_600_001]);
    const waitOf = async () => {
      const before = await count('attempts');
      await stack.produce([anEvent({ type: 'chosen' })]);
      await until(async () => (await count('attempts')) > before, { what: 'an attempt on record' });
      const [row] = await stack.database.query<{ ms: number }>(
        `SELECT round(extract(epoch FROM n.next_attempt_at - a.finished_at) * 1000)::int AS ms
           FROM attempts a JOIN notifications n ON n.id = a.notification_id ORDER BY a.finished_at DESC LIMIT 1`,
      );
      return row?.ms;
    };
    expect(await waitOf(), "the tenant's").toBe(3_600_001);
    await say('endpoints', 'chosen', [3_600_002, 5]);
    expect(await waitOf(), "the endpoint's").toBe(3_600_002);
    await say('webhook_templates', 'to-chosen', [3_600_003]);
    expect(await waitOf(), "the template's").toBe(3_600_003);
    await say('webhook_templates', 'to-chosen', null);
    await say('endpoints', 'chosen', null);
    await say('tenants', 'default', null);
    expect(await waitOf(), "the installation's").toBe(3_600_000);
    const versions = await stack.database.query("SELECT active_version FROM webhook_templates WHERE id = 'to-chosen'");
    expect(versions).toEqual([{ active_version: 1 }]);
  });

  it('are never early at the receiver, and leave their tiers in time', async () => {
    await failing('twice', scheduleMs.length);
    await say('webhook_templates', 'to-twice', scheduleMs);
    await stack.produce(Array.from({ length: retried }, () => anEvent({ type: 'twice' })));
    const isDone = async () =>
      (await count(`notifications WHERE endpoint_id = 'twice' AND state = 'sent'`)) === retried;
    await until(isDone, { what: 'all are sent', limitMs });

    const attempts = await stack.database.query<AttemptSeen>(
      `SELECT a.notification_id AS id, a.number, (extract(epoch FROM a.finished_at) * 1000)::float8 AS finished_ms
         FROM attempts a JOIN notifications n ON n.id = a.notification_id WHERE n.endpoint_id = 'twice'`,
    );
    const endedMs = new Map(attempts.map(({ id, number, finished_ms }) => [`${id} ${number}`, finished_ms]));
    const retries = receiver.of('/twice').filter(({ attempt }) => attempt > 1);
    expect(retries).toHaveLength(retried * scheduleMs.length);
    for (const { webhookId, attempt, atMs } of retries) {
      const dueMs = (endedMs.get(`${webhookId} ${attempt - 1}`) ?? Number.NaN) + (scheduleMs[attempt - 2] ?? 0);
      expect(atMs + 1, 'whole milliseconds').toBeGreaterThanOrEqual(dueMs);
    }
    // Lines are gathered for a moment before they are written.
    await until(() => released().length >= retries.length, { what: 'all releases are said' });
    const latenessMs = released().map(({ dueMs, atMs }) => atMs - dueMs);
    expect(Math.min(...latenessMs)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...latenessMs)).toBeLessThanOrEqual(250 + 13 + marginMs);
    expect(receiver.duplicates()).toEqual([]);
  });

  it('that fell due while the scheduler was down go on in order, 500 unread at most', async () => {
    await failing('heap', 1);
    await say('webhook_templates', 'to-heap', [1_000]);
    expect(await stack.app('retry-scheduler').kill('SIGTERM')).toBe(0);
    await stack.produce(Array.from({ length: heapOf }, () => anEvent({ type: 'heap' })));
    const due = `notifications WHERE endpoint_id = 'heap' AND step = 1 AND next_attempt_at < now() - interval '1 second'`;
    await until(async () => (await count(due)) === heapOf, { what: 'all are due, for longer than any tier', limitMs });
    expect(await stack.app('dispatcher').kill('SIGTERM')).toBe(0);

    const [before, startedMs] = [await deliveriesWritten(), Date.now()];
    for (const app of await stack.launch(['retry-scheduler'])) await app.ready();
    const waiting = async () =>
      /^hookline_releases_waiting\S* (\d+)/m.exec((await stack.app('retry-scheduler').probe('/metrics')).body)?.[1];
    const isPaced = async () => (await waiting()) === String(heapOf - unreadMax);
    await until(isPaced, {
      what: 'the others wait for a reader',
      limitMs,
      detail: async () => String(await waiting()),
    });
    expect((await deliveriesWritten()) - before).toBe(unreadMax);

    for (const app of await stack.launch(['dispatcher'])) await app.ready();
    const isDone = async () => (await count(`notifications WHERE endpoint_id = 'heap' AND state = 'sent'`)) === heapOf;
    await until(isDone, { what: 'all are sent', limitMs });
    // Some of the heap is held for a moment and comes through the shortest tier once more.
    const ofHeap = () => released().filter(({ dueMs }) => dueMs < startedMs);
    await until(() => ofHeap().length >= heapOf, { what: 'all releases are said' });
    expect(ofHeap()).toHaveLength(heapOf);
    // In the order of their tier: what was put into it together may stand in any order there.
    for (const tier of new Set(ofHeap().map(({ from }) => from))) {
      const dueMs = ofHeap().flatMap((one) => (one.from === tier ? [one.dueMs] : []));
      const outOfOrderMs = dueMs.map((ms, at) => Math.max(...dueMs.slice(0, at + 1)) - ms);
      expect(Math.max(...outOfOrderMs), tier).toBeLessThan(togetherMs);
    }
    expect(receiver.duplicates()).toEqual([]);
  });
});
