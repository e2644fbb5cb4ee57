import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeDelivery } from '#contracts/delivery-record';
import { topicNames } from '#contracts/topics';
import type { EndpointId, NotificationId, TenantId } from '#domain/ids';
import { notificationId } from '#domain/notification-id';
import { partitionName } from '#domain/table-partition';
import { createDataSource } from '#postgres/data-source';
import { AuditWorld, aNotification } from '../support/audit-world.js';
import { anEvent } from '../support/builders.js';
import { allSeen, aSecret, wire } from '../support/configure.js';
import { readTopics } from '../support/read-topics.js';
import { Stack } from '../support/stack.js';
import { TestApp } from '../support/start-app.js';
import { until } from '../support/until.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const dayMs = 86_400_000;
const limitMs = 60_000;
/** For longer than Postgres lets a statement of a duty wait (10 s), so that it is stuck anew. */
const stuckMs = Number(process.env['HOOKLINE_TEST_STUCK_MS'] ?? 12_000);
const settings = {
  NOTIFICATION_MAX_AGE: '1d',
  DEDUPE_WINDOW: '1h',
  PAYLOAD_RETENTION: '2d',
  NOTIFICATION_RETENTION: '400d',
  BOOKS_INTERVAL_MS: '500', // six of them are one round
};
const heldCount = 12;
const lostCount = 12;
const tenantId = 'default' as TenantId;

describe('the duties of the retry-scheduler', () => {
  let stack: Stack;
  let receiver: WebhookReceiver;
  let world: AuditWorld;
  let schedulers: TestApp[] = [];

  beforeAll(async () => {
    receiver = await WebhookReceiver.start();
    stack = await Stack.start(['renderer', 'dispatcher'], settings);
    world = await AuditWorld.open(stack.database);
    const secret = aSecret();
    const flaky = receiver.on('/flaky', secret, (nth) => (nth === 1 ? 500 : 200));
    await wire(stack, [
      { id: 'flaky', secret, url: flaky, eventTypes: ['flaky'] },
      { id: 'good', secret, url: receiver.on('/good', secret), eventTypes: ['good'] },
      ...['paused', 'resumed', 'asleep', 'failing'].map((id) => ({
        ...{ id, secret, url: receiver.on(`/${id}`, secret), eventTypes: [id] },
      })),
    ]);
  });

  afterAll(async () => {
    await stopSchedulers();
    await world?.close();
    await stack?.stop();
    await receiver?.stop();
  });

  async function startSchedulers(count: number, more: Readonly<Record<string, string>> = {}): Promise<void> {
    const env = { ...stack.env, ...more };
    schedulers = await Promise.all(Array.from({ length: count }, () => TestApp.start('retry-scheduler', env)));
    await Promise.all(schedulers.map((app) => app.ready()));
  }

  async function stopSchedulers(): Promise<void> {
    await Promise.all(schedulers.splice(0).map((app) => app.kill('SIGTERM')));
  }

  /** The lines of this name that the schedulers have written, all together. */
  function said(event: string): readonly Readonly<Record<string, unknown>>[] {
    const lines = schedulers.flatMap((app) => app.lines.filter((line) => line.includes(`"event":"${event}"`)));
    return lines.map((line): Readonly<Record<string, unknown>> => JSON.parse(line));
  }

  const failedDuties = () => new Set(said('duty.failed').map(({ duty }) => duty));
  const query = <T>(sql: string, parameters: readonly unknown[] = []) => stack.database.query<T>(sql, parameters);

  async function countOf(where: string): Promise<number> {
    const [row] = await query<{ n: number }>(`SELECT count(*)::int AS n FROM v1_notifications WHERE ${where}`);
    return row?.n ?? 0;
  }

  async function hold(id: string, count: number): Promise<void> {
    await query('UPDATE endpoints SET paused_at = now(), held_since = now() WHERE id = $1', [id]);
    await allSeen(stack);
    await stack.produce(Array.from({ length: count }, () => anEvent({ type: id })));
    const isHeld = async () =>
      (await countOf(`endpoint_id = '${id}' AND waiting_reason = 'ENDPOINT_PAUSED'`)) === count;
    await until(isHeld, { what: 'all are held', limitMs });
  }

  /** Every dispatcher knows it by then: what is released before would be held once more. */
  async function letGo(id: string): Promise<void> {
    await query('UPDATE endpoints SET paused_at = NULL WHERE id = $1', [id]);
    await allSeen(stack);
  }

  /** Holds what several duties need, and what nothing on the way of a notification does, until it is called. */
  async function lock(): Promise<() => Promise<void>> {
    const blocker = createDataSource({ url: stack.database.url, poolMax: 1, applicationName: 'hookline.test' });
    const session = (await blocker.initialize()).createQueryRunner();
    await session.startTransaction();
    await session.query('LOCK TABLE failing_endpoints, attempts_default, payload_drops IN ACCESS EXCLUSIVE MODE');
    await session.query('SELECT FROM receipt_generation FOR UPDATE');
    return async () => {
      await session.rollbackTransaction();
      await session.release();
      await blocker.destroy();
    };
  }

  it('delay no retry and no release, however long some of them are stuck on a lock', async () => {
    await hold('paused', heldCount);
    await query(`UPDATE receipt_generation SET since = now() - interval '2 hours'`);
    const unlock = await lock();
    const lockedMs = performance.now();
    try {
      await startSchedulers(1);
      await letGo('paused');
      const isReleased = async () => (await countOf(`endpoint_id = 'paused' AND state = 'sent'`)) === heldCount;
      await until(isReleased, { what: 'what was held goes on', limitMs });
      const accepted = () => receiver.of('/flaky').filter(({ status }) => status === 200).length;
      for (let retried = 1; performance.now() - lockedMs < stuckMs || retried < 4; retried++) {
        await stack.produce([anEvent({ type: 'flaky' })]);
        await until(() => accepted() === retried, { what: 'the retry is released', limitMs });
      }
      const isStuck = () => ['default', 'disable', 'receipts', 'books'].every((duty) => failedDuties().has(duty));
      await until(isStuck, { what: 'they are stuck', limitMs, detail: () => [...failedDuties()].join() });
      expect(failedDuties().size).toBe(4);
      // Retention waits for no lock longer than a moment: it says what it leaves.
      expect(said('partition.kept').map(({ cause }) => cause)).toContain('LOCKED');
      expect(await readingOf('failures_total', 'disable')).toBeGreaterThan(0);
      expect(await readingOf('last_success_timestamp_seconds', 'disable')).toBe(0);
      expect(await readingOf('last_success_timestamp_seconds', 'sweep')).toBeGreaterThan(Date.now() / 1_000 - 60);
      expect(await readingOf('duration_seconds', 'held')).toBeGreaterThanOrEqual(0);
      expect(await readingOf('duration_seconds', 'disable')).toBeNull();
    } finally {
      await unlock();
    }
    const goesOn = async () => ((await readingOf('last_success_timestamp_seconds', 'disable')) ?? 0) > 0;
    await until(goesOn, { what: 'the duty goes on by itself', limitMs });
    await stopSchedulers();
  });

  it('are done once by three schedulers that begin together', async () => {
    await hold('resumed', heldCount);
    await letGo('resumed');
    await hold('asleep', 1);
    const lost = await Promise.all(Array.from({ length: lostCount }, () => insertLost()));
    await query(`UPDATE notifications SET created_at = now() - interval '2 days' WHERE endpoint_id = 'asleep'`);
    await query(
      `INSERT INTO failing_endpoints (tenant_id, endpoint_id, since, last_failed_at, attempts, notification_ids)
       VALUES ('default', 'failing', now() - interval '6 days', now(), 30, ARRAY[gen_random_uuid(), gen_random_uuid()])`,
    );
    await query(`UPDATE receipt_generation SET since = now() - interval '2 hours'`);
    const missing = partitionName('notifications', Math.floor(Date.now() / dayMs) * dayMs + 9 * dayMs);
    await query(`DROP TABLE ${missing}`);
    const aheadMs = Date.now() + 40 * dayMs;
    const ahead = aNotification({ tenantId, failureReason: 'TEMPLATE_ERROR', content: null });
    await world.insert({ ...ahead, id: notificationId({ ...ahead, timeMs: aheadMs }) });

    await startSchedulers(3);
    const settled = async () =>
      (await countOf(`endpoint_id = 'resumed' AND state = 'sent'`)) === heldCount &&
      (await countOf(`endpoint_id = 'good' AND state = 'sent'`)) === lostCount &&
      ['endpoint.autoDisabled', 'receipts.switched', 'partitions.made', 'partitions.moved', 'held.expired'].every(
        (event) => said(event).length > 0,
      ) &&
      said('retention.finished').length > 0;
    const detail = () => schedulers.flatMap((app) => app.lines.slice(-10)).join('\n');
    await until(settled, { what: 'everything is done', limitMs, detail });
    await stopSchedulersKeepingLines();

    expect(said('endpoint.autoDisabled')).toHaveLength(1);
    expect(said('receipts.switched')).toHaveLength(1);
    expect(said('partitions.made')).toMatchObject([{ made: 1 }]);
    expect(said('partitions.moved')).toMatchObject([{ rows: 1 }]);
    expect(said('held.expired')).toMatchObject([{ notifications: 1 }]);
    const dropped = said('partition.dropped').map(({ partition }) => partition);
    expect(new Set(dropped).size).toBe(dropped.length);
    expect(said('duty.failed')).toEqual([]);

    const operatorEvents = topicNames.operatorEvents(stack.prefix);
    const records = await readTopics(stack, [topicNames.deliveries(stack.prefix), operatorEvents]);
    const asked = records.flatMap((record) => {
      if (record.topic === operatorEvents) return [];
      const decoded = decodeDelivery(record);
      return decoded.kind === 'delivery' ? [decoded.delivery] : [];
    });
    const askedFor = (one: NotificationId, by: string) =>
      asked.filter(({ notificationId: of, askedBy }) => of === one && askedBy === by).length;
    expect(lost.map((one) => askedFor(one, 'sweep'))).toEqual(lost.map(() => 1));
    const held = await query<{ id: NotificationId }>(`SELECT id FROM notifications WHERE endpoint_id = 'resumed'`);
    expect(held.map(({ id: one }) => askedFor(one, 'release'))).toEqual(held.map(() => 1));
    expect(await countOf(`endpoint_id = 'asleep' AND failure_reason = 'EXPIRED'`)).toBe(1);
    expect(receiver.duplicates()).toEqual([]);
    const told = records.filter((record) => record.topic === operatorEvents);
    const disabled = told.filter(({ value }) => String(value).includes('hookline.endpoint.disabled'));
    expect(disabled).toHaveLength(1);
  });

  it('are left to others where they are switched off', async () => {
    await startSchedulers(1, { DUTIES_OFF: 'retention, receipts' });
    const names = ['sweep', 'held', 'expire', 'disable', 'refused', 'partitions', 'default', 'rows', 'books'];
    const doneOf = (duty: string) => readingOf('last_success_timestamp_seconds', duty);
    const areDone = async () => (await Promise.all(names.map(doneOf))).every((at) => (at ?? 0) > 0);
    await until(areDone, { what: 'the others are done', limitMs });
    expect(await Promise.all(['retention', 'receipts'].map(doneOf))).toEqual([null, null]);
  });

  /** Of the first scheduler; null: it says nothing of it. */
  async function readingOf(metric: string, duty: string): Promise<number | null> {
    const body = (await schedulers[0]?.probe('/metrics'))?.body ?? '';
    const found = new RegExp(`^hookline_duty_${metric}\\{[^}]*duty="${duty}"[^}]*\\} (\\S+)`, 'm').exec(body);
    return found === null ? null : Number(found[1]);
  }

  /** A notification that is long due and has no record anywhere. */
  async function insertLost(): Promise<NotificationId> {
    const one = await world.insert({ tenantId, endpointId: 'good' as EndpointId });
    await query(`UPDATE notifications SET next_attempt_at = now() - interval '1 minute' WHERE id = $1`, [one]);
    return one;
  }

  /** What they have said is looked at afterwards. */
  async function stopSchedulersKeepingLines(): Promise<void> {
    await Promise.all(schedulers.map((app) => app.kill('SIGTERM')));
  }
});
