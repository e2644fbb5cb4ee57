import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OldRows, oldRowsOf } from '#audit/old-rows';
import type { NotificationId } from '#domain/ids';
import { createDataSource, type DataSource } from '#postgres/data-source';
import { dutyLocks, withDutyLock } from '#postgres/locks';
import { removeRows } from '../../apps/retry-scheduler/src/remove-rows.js';
import { AuditWorld, aNotification } from '../support/audit-world.js';
import { daysAgo, insertOn, keptLog, type Line, linesOf } from '../support/old-days.js';
import { until } from '../support/until.js';

const dayMs = 86_400_000;
const retention = {
  ...{ unmatchedMs: 7 * dayMs, parkedMs: 90 * dayMs, operatorLogMs: 400 * dayMs },
  ...{ progressMs: 30 * dayMs, notificationMs: 400 * dayMs },
};

describe('old rows beside the history', () => {
  let world: AuditWorld;
  let made = 0;

  beforeAll(async () => {
    world = await AuditWorld.open();
  });

  afterAll(async () => {
    await world?.close();
  });

  const query = (statement: string, parameters: readonly unknown[] = []) => world.database.query(statement, parameters);

  async function unmatched(rows: number, days: number): Promise<void> {
    made += rows;
    await query(
      `INSERT INTO unmatched_events SELECT 'events', 0, n, 'acme', '/s', n::text, 't', NULL, now() - $3 * interval '1 day'
         FROM generate_series($1::bigint, $2::bigint) AS n`,
      [made - rows, made - 1, days],
    );
  }

  async function parked(offset: number, days: number): Promise<void> {
    await query(
      `INSERT INTO parked_events VALUES ('events', 1, $1, NULL, '\\x00', '{}', 'BAD_JSON', '', NULL, now(),
         now() - $2::int * interval '1 day')`,
      [offset, days],
    );
  }

  const countOf = async (table: string) => (await query(`SELECT FROM ${table}`)).length;

  interface RoundOptions {
    readonly mode?: 'on' | 'dry-run';
    readonly store?: DataSource;
    /** Aborts after so many pages. */
    readonly pagesMax?: number;
  }

  /** A round; pages take half a second of its clock, which waits for nobody. */
  async function round({ mode = 'on', store = world.dataSource, pagesMax = Infinity }: RoundOptions = {}) {
    const { log, lines } = keptLog();
    const stop = new AbortController();
    const waits: number[] = [];
    let monotonicMs = 0;
    const clock = {
      monotonicMs: () => (monotonicMs += 500),
      wait: async (ms: number) => {
        if (waits.push(ms) >= pagesMax) stop.abort();
      },
    };
    await removeRows({ mode, tables: oldRowsOf(store, retention), clock, signal: stop.signal, log });
    return { lines, waits };
  }

  const removedOf = (lines: readonly Line[]) =>
    Object.fromEntries(linesOf(lines, 'rows.removed').map((line) => [line['table'], line['rows']]));

  it('go in pages, the oldest first, with a pause as long as each page took, and younger ones stay', async () => {
    await unmatched(2_500, 8);
    await unmatched(10, 6);
    const { lines, waits } = await round();
    expect(linesOf(lines, 'rows.removed')).toMatchObject([{ table: 'unmatched_events', rows: 2_500, isAll: true }]);
    expect(waits).toEqual([500, 500, 500, 500, 500, 500, 500, 500]); // three pages, and one of each other table
    expect(await countOf('unmatched_events')).toBe(10);
    expect((await round()).lines).toEqual([]);
    await query('DELETE FROM unmatched_events');
  });

  it('are parked events, released or not, lines of the operator log and progress nobody makes, each after its time', async () => {
    await Promise.all([parked(1, 91), parked(2, 91), parked(3, 89)]);
    await query(`UPDATE parked_events SET released_at = now() WHERE "offset" = 1`);
    await query(`INSERT INTO operator_log (at, principal, action, target)
      SELECT now() - days * interval '1 day', 'ann', 'a.b', days::text FROM unnest(ARRAY[401, 399]) AS days`);
    await query(`INSERT INTO consumer_progress SELECT 'events', days, now(), now() - days * interval '1 day'
      FROM unnest(ARRAY[31, 29]) AS days`);
    const { lines } = await round();
    expect(removedOf(lines)).toEqual({ parked_events: 2, operator_log: 1, consumer_progress: 1 });
    expect(await query('SELECT "offset" FROM parked_events')).toEqual([{ offset: '3' }]);
    expect(await query('SELECT target FROM operator_log')).toEqual([{ target: '399' }]);
    expect(await query('SELECT partition FROM consumer_progress')).toEqual([{ partition: 29 }]);
  });

  async function resend(job: string, notification: NotificationId): Promise<void> {
    await query(
      `INSERT INTO resend_jobs (id, tenant_id, request_id, principal, state) VALUES ($1::uuid, 'acme', $1::uuid::text, 'ann', 'done')
       ON CONFLICT DO NOTHING`,
      [job],
    );
    await query(
      `INSERT INTO resend_job_items (id, job_id, notification_id, state) VALUES (gen_random_uuid(), $1, $2, 'done')`,
      [job, notification],
    );
  }

  it('are re-sends whose notification was dropped, and jobs that have none left', async () => {
    const [whole, half, other] = [randomUUID(), randomUUID(), randomUUID()];
    const still = await insertOn(world, daysAgo(420)); // in DEFAULT, which serves as well as a partition
    const gone = Array.from({ length: 1_200 }, () => aNotification().id.replace(/^.{8}/, '01000000') as NotificationId);
    const young = aNotification().id; // never stored, and too young to be looked at
    await Promise.all(gone.map((id) => resend(whole, id)));
    await resend(half, gone[0] as NotificationId);
    await resend(half, still);
    await resend(other, young);
    const { lines } = await round();
    expect(removedOf(lines)).toEqual({ resend_job_items: 1_201 });
    expect(await countOf('resend_job_items')).toBe(2);
    const jobs = await query('SELECT id FROM resend_jobs ORDER BY id');
    expect(jobs).toEqual([half, other].toSorted().map((id) => ({ id })));
    expect((await round()).lines).toEqual([]);
    await query('DELETE FROM resend_job_items; DELETE FROM resend_jobs');
  });

  it('are only counted in a dry run', async () => {
    await unmatched(1_500, 8);
    const { lines } = await round({ mode: 'dry-run' });
    expect(linesOf(lines, 'rows.planned')).toMatchObject([{ table: 'unmatched_events', rows: 1_500 }]);
    expect(await countOf('unmatched_events')).toBe(1_500);
  });

  it('go once when three schedulers remove them at once, with the lock of the duty and without', async () => {
    const open = () => createDataSource({ url: world.database.url, poolMax: 4, applicationName: 'hookline.test' });
    const stores = await Promise.all([1, 2, 3].map(() => open().initialize()));
    try {
      for (const withLock of [false, true]) {
        await unmatched(4_000, 8);
        const before = await countOf('unmatched_events');
        const rounds = await Promise.all(
          stores.map((store) =>
            withLock ? withDutyLock(store, dutyLocks.removeRows, () => round({ store })) : round({ store }),
          ),
        );
        const late = await round();
        const removed = [...rounds, late].map((one) => Number(removedOf(one?.lines ?? [])['unmatched_events'] ?? 0));
        expect(removed.reduce((sum, rows) => sum + rows, 0)).toBe(before);
        expect(await countOf('unmatched_events')).toBe(0);
      }
    } finally {
      await Promise.all(stores.map((store) => store.destroy()));
    }
  });

  it('of a table that is locked wait for the next round, the others do not, and a locked row is passed over', async () => {
    await unmatched(1_100, 8);
    await parked(10, 91);
    const session = world.dataSource.createQueryRunner();
    await session.startTransaction();
    await session.query('LOCK TABLE parked_events IN ACCESS EXCLUSIVE MODE');
    await session.query('SELECT FROM unmatched_events ORDER BY seen_at LIMIT 1 FOR UPDATE');
    const { lines } = await round();
    const planned = await round({ mode: 'dry-run' });
    await session.rollbackTransaction();
    await session.release();
    expect(linesOf(lines, 'rows.kept')).toMatchObject([{ table: 'parked_events', cause: 'LOCKED' }]);
    expect(removedOf(lines)).toEqual({ unmatched_events: 1_099 });
    expect(linesOf(planned.lines, 'rows.planned')).toMatchObject([
      { table: 'unmatched_events', rows: 1 },
      { table: 'parked_events', hindered: 'LOCKED' },
    ]);
    expect(removedOf((await round()).lines)).toEqual({ unmatched_events: 1, parked_events: 1 });
  });

  it('go on where a stopped round has ended, and a page that is killed removes nothing', async () => {
    await unmatched(2_500, 8);
    const stopped = await round({ pagesMax: 1 });
    expect(linesOf(stopped.lines, 'rows.removed')).toMatchObject([{ rows: 1_000, isAll: false }]);
    await query(`CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1.5); RETURN NULL; END $$;
      CREATE TRIGGER slowly AFTER DELETE ON unmatched_events FOR EACH STATEMENT EXECUTE FUNCTION slowly()`);
    const [table] = oldRowsOf(world.dataSource, retention);
    const killed = expect((table as OldRows).removePage(null)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    const kill = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event = 'PgSleep'`;
    await until(async () => (await query(kill)).length > 0, { what: 'the page is killed' });
    await killed;
    expect(await countOf('unmatched_events')).toBe(1_500);
    await query(`CREATE OR REPLACE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql
      AS $$ BEGIN PERFORM pg_sleep(4); RETURN NULL; END $$`);
    expect(linesOf((await round()).lines, 'rows.kept')).toMatchObject([{ cause: 'TOO_SLOW' }]);
    await query('DROP TRIGGER slowly ON unmatched_events; DROP FUNCTION slowly');
    expect(removedOf((await round()).lines)).toEqual({ unmatched_events: 1_500 });
  });
});
