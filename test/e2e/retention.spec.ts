import { spawnSync } from 'node:child_process';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { partitionName } from '#domain/table-partition';
import { createDataSource } from '#postgres/data-source';
import { AdminClient, refusal } from '../support/admin-client.js';
import { anEvent } from '../support/builders.js';
import { allSeen, aSecret } from '../support/configure.js';
import { Stack } from '../support/stack.js';
import { TestApp } from '../support/start-app.js';
import { until } from '../support/until.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const dayMs = 86_400_000;
const parent = 'tenants/acme';
const kept = {
  NOTIFICATION_MAX_AGE: '1d',
  DEDUPE_WINDOW: '1h',
  PAYLOAD_RETENTION: '2d',
  NOTIFICATION_RETENTION: '400d',
};

describe('retention', () => {
  let stack: Stack;
  let receiver: WebhookReceiver;
  let admin: AdminClient;
  const secret = aSecret();
  const fiveDaysAgo = new Date(Date.now() - 5 * dayMs).toISOString();
  const firstMs = Math.floor(Date.parse(fiveDaysAgo) / dayMs) * dayMs;

  beforeAll(async () => {
    receiver = await WebhookReceiver.start();
    stack = await Stack.start(['renderer', 'dispatcher', 'admin'], kept);
    admin = AdminClient.of(stack);
    const endpoint = (id: string, url: string) => ({
      endpoint: { name: `${parent}/endpoints/${id}`, url, signingSecret: secret },
    });
    const template = (id: string) => ({
      template: { name: `${parent}/templates/to-${id}`, endpoint: id, eventTypes: [`for.${id}`] },
    });
    await admin.apply([
      { tenant: { name: parent } },
      endpoint('good', receiver.on('/good', secret)),
      endpoint(
        'slow',
        receiver.on('/slow', secret, (nth) => (nth === 1 ? 500 : 200)),
      ),
      ...[template('good'), template('slow')],
    ]);
    await allSeen(stack);
  });

  afterAll(async () => {
    admin?.close();
    await stack?.stop();
    await receiver?.stop();
  });

  async function publish(type: string, time: string): Promise<string> {
    const event = anEvent({ tenant: 'acme', type, time });
    const value = Buffer.from(JSON.stringify(event));
    const headers = { 'content-type': 'application/cloudevents+json' };
    const { notifications } = await admin.call(admin.events, 'publishEvent', { parent, value, headers });
    return notifications[0] ?? '';
  }

  async function isSent(name: string): Promise<void> {
    const look = async () =>
      (await admin.call(admin.notifications, 'getNotification', { name })).notification?.state ===
      'NOTIFICATION_STATE_SENT';
    await until(look, { what: `${name} is sent` });
  }

  async function placeOf(name: string): Promise<string | undefined> {
    const statement = 'SELECT tableoid::regclass::text AS place FROM notifications WHERE id = $1';
    const [row] = await stack.database.query<{ place: string }>(statement, [name.split('/').at(-1)]);
    return row?.place;
  }

  function linesOf(event: string) {
    const lines = stack.app('retry-scheduler').lines.filter((line) => line.includes(`"event":"${event}"`));
    return lines.map((line): Readonly<Record<string, unknown>> => JSON.parse(line));
  }

  const partitions = (...args: readonly string[]) =>
    spawnSync(process.execPath, ['dist/apps/admin/src/partitions/main.js', ...args], {
      ...{ env: { PATH: process.env['PATH'], ...stack.env }, encoding: 'utf8', timeout: 60_000 },
    });

  it('of payloads waits for nobody: while one is read, retries are released and the rest is dropped', async () => {
    const old = await publish('for.good', fiveDaysAgo);
    await isSent(old);
    expect(await placeOf(old)).toBe(partitionName('notifications', firstMs));
    const payloads = partitionName('notification_payloads', firstMs);

    const reader = createDataSource({ url: stack.database.url, poolMax: 1, applicationName: 'hookline.test' });
    const session = (await reader.initialize()).createQueryRunner();
    await session.startTransaction();
    await session.query(`SELECT FROM ${payloads} LIMIT 1`);
    await stack.database.query(
      `INSERT INTO unmatched_events VALUES ('events', 0, 1, 'acme', '/s', '1', 't', NULL, now() - interval '8 days')`,
    );
    const [scheduler] = await stack.launch(['retry-scheduler']);
    await scheduler?.ready();
    await until(() => linesOf('retention.finished').length > 0, { what: 'the round is over' });
    expect(linesOf('partition.kept')).toMatchObject([{ partition: payloads, cause: 'LOCKED', table: payloads }]);
    expect(linesOf('partition.dropped').length).toBeGreaterThan(0);
    await until(() => linesOf('rows.removed').length > 0, { what: 'old rows are removed' });
    expect(linesOf('rows.removed')).toMatchObject([{ table: 'unmatched_events', rows: 1, isAll: true }]);
    const retried = await publish('for.slow', new Date().toISOString());
    await until(() => linesOf('retry.released').length > 0, { what: 'a retry is released' });
    await isSent(retried);
    expect(session.isTransactionActive).toBe(true);
    await session.rollbackTransaction();
    await session.release();
    await reader.destroy();
  });

  it('is left out where it is switched off, and DEFAULT is watched all the same', async () => {
    const off = await TestApp.start('retry-scheduler', { ...stack.env, RETENTION: 'off' });
    try {
      const metrics = async () => (await off.probe('/metrics')).body;
      const isWatched = async () => (await metrics()).includes('hookline_default_partition_rows{');
      await until(isWatched, { what: 'DEFAULT is watched' });
      await off.ready();
      expect(await metrics()).not.toContain('hookline_partitions_overdue');
      expect(off.lines.filter((line) => /"event":"(retention|partition|rows)\./.test(line))).toEqual([]);
    } finally {
      await off.kill('SIGTERM');
    }
  });

  it('is listed before it is done, by a command that changes nothing', () => {
    const { stdout, status: exit } = partitions('--json');
    expect(exit).toBe(0);
    const listed: {
      readonly partitions: readonly { name: string; bytes: number; wouldBeDropped: boolean }[];
      readonly oldRows: readonly object[];
    } = JSON.parse(stdout);
    expect(listed.oldRows).toContainEqual({ table: 'parked_events', keptMs: 90 * dayMs, rows: 0 });
    const due = listed.partitions.filter(({ wouldBeDropped }) => wouldBeDropped).map(({ name }) => name);
    expect(due).toContain(partitionName('notification_payloads', firstMs));
    expect(listed.partitions.every(({ bytes }) => bytes > 0)).toBe(true);
    expect(due.every((name) => name.startsWith('notification_payloads_'))).toBe(true);
    expect(partitions('--json').stdout).toBe(stdout);
    expect(partitions().stdout).toMatch(
      new RegExp(`${due[0]} .* would be dropped\n[^]*\n\\d+ tables; ${due.length} would`),
    );
    expect(partitions('--help').stdout).toContain('npm run partitions');
    expect(partitions('--drop').status).toBe(2);
  });

  it('lets a re-send of an erased payload fail with PAYLOAD_ERASED, whether it is asked before or after', async () => {
    const [row] = await stack.database.query<{ id: string }>(
      `SELECT id FROM ${partitionName('notifications', firstMs)} WHERE event_type = 'for.good'`,
    );
    const name = `${parent}/notifications/${row?.id}`;
    await stack.app('retry-scheduler').kill('SIGTERM');
    stack.app('retry-scheduler').launch();
    const dropped = () => linesOf('partition.dropped').map(({ partition }) => partition);
    await until(() => dropped().includes(partitionName('notification_payloads', firstMs)), { what: 'the drop' });
    const request = { name, requestId: 'too-late' };
    const refused = await refusal(admin.call(admin.notifications, 'resendNotification', request));
    expect(refused).toMatchObject({ code: status.FAILED_PRECONDITION, details: { reason: 'PAYLOAD_ERASED' } });

    // As one is left that was asked for in the instant before the drop.
    await stack.database.query(
      `WITH job AS (INSERT INTO resend_jobs (id, tenant_id, request_id, principal, state)
                    VALUES (gen_random_uuid(), 'acme', 'just-before', 'ann', 'running') RETURNING id)
       INSERT INTO resend_job_items (id, job_id, notification_id, state, asked_at)
       SELECT gen_random_uuid(), job.id, $1::uuid, 'requested', now() FROM job`,
      [row?.id],
    );
    const [item] = await until(
      async () => {
        const statement = `SELECT i.state, a.outcome, a.failure_reason FROM resend_job_items i
          JOIN attempts a ON a.resend_item = i.id WHERE i.notification_id = $1 AND i.state = 'done'`;
        const rows = await stack.database.query(statement, [row?.id]);
        return rows.length > 0 && rows;
      },
      { what: 'the item is done', limitMs: 60_000 },
    );
    expect(item).toEqual({ state: 'done', outcome: 'failed', failure_reason: 'PAYLOAD_ERASED' });
    await isSent(name);
  });

  it('lets no event into a day whose payloads are gone: it gets the time of its record', async () => {
    await stack.app('renderer').kill('SIGTERM');
    stack.app('renderer').launch(); // it looks for the oldest day once a minute
    await stack.app('renderer').ready();
    const late = await publish('for.good', fiveDaysAgo);
    await isSent(late);
    expect(await placeOf(late)).toBe(partitionName('notifications', Math.floor(Date.now() / dayMs) * dayMs));
    const metrics = (await stack.app('retry-scheduler').probe('/metrics')).body;
    expect(metrics).toMatch(/hookline_partitions_dropped_total\{[^}]*table="notification_payloads"[^}]*\} [1-9]/);
    expect(metrics).toMatch(/hookline_partitions_overdue\{[^}]*table="notification_payloads"[^}]*\} 0/);
    expect(metrics).toMatch(/hookline_default_partition_rows\{[^}]*table="notifications"[^}]*\} 0/);
  });
});
