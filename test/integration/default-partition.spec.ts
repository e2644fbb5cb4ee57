import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countDefaultRows, type MoveAnswer, moveFromDefault } from '#audit/default-rows';
import type { NotificationId } from '#domain/ids';
import { leastIdOf, type PartitionedTable, partitionedTables, partitionName } from '#domain/table-partition';
import { type Patience, watchDefault } from '../../apps/retry-scheduler/src/watch-default.js';
import { AuditWorld, accepted } from '../support/audit-world.js';
import { daysAgo, insertOn, keptLog, type Line, linesOf, placeOf } from '../support/old-days.js';
import { until } from '../support/until.js';

describe('the watch of DEFAULT', () => {
  let world: AuditWorld;
  const patience = new Map<PartitionedTable, Patience>();

  beforeAll(async () => {
    world = await AuditWorld.open();
  });

  afterAll(async () => {
    await world?.close();
  });

  async function watch(): Promise<{ readonly lines: readonly Line[]; readonly rows: number }> {
    const { log, lines } = keptLog();
    const store = world.dataSource;
    const found = await watchDefault({
      countRows: () => countDefaultRows(store),
      move: (table) => moveFromDefault(store, table),
      patience,
      log,
    });
    return { lines, rows: found.reduce((sum, { value }) => sum + value, 0) };
  }

  const moveAll = async (): Promise<readonly MoveAnswer[]> => {
    const answers: MoveAnswer[] = [];
    for (const table of partitionedTables) answers.push(await moveFromDefault(world.dataSource, table));
    return answers;
  };

  /** So many pending notifications of a day, as a burst leaves them. */
  async function fillDefault(firstMs: number, rows: number): Promise<void> {
    const id = await insertOn(world, firstMs);
    await world.database.query(
      `INSERT INTO notifications SELECT (jsonb_populate_record(n, jsonb_build_object('id', $2::text ||
              lpad(to_hex(k), 12, '0'), 'event_id', k::text))).*
         FROM notifications n, generate_series(1, $3::int) AS k WHERE n.id = $1`,
      [id, leastIdOf(firstMs + 3_600_000).slice(0, -12), rows],
    );
  }

  it('says nothing while it is empty, warns when it is not, and moves late and early days into their own', async () => {
    expect(await watch()).toEqual({ lines: [], rows: 0 });
    const days = [daysAgo(-60), daysAgo(200)];
    const ids = [await insertOn(world, days[0] ?? 0), await insertOn(world, days[1] ?? 0)];
    for (const id of ids) await world.finish(await world.claim(id), accepted);
    const { lines, rows } = await watch();
    expect(rows).toBe(6);
    expect(linesOf(lines, 'partitions.defaultNotEmpty')).toMatchObject([
      { level: 'warn', rows: { notifications: 2, notification_payloads: 2, attempts: 2 } },
    ]);
    const byAge = days.toSorted((a, b) => a - b);
    expect(linesOf(lines, 'partitions.moved')).toMatchObject(
      partitionedTables.map((table) => ({ table, rows: 2, partitions: byAge.map((ms) => placeOf(table, ms)) })),
    );
    expect(await watch()).toEqual({ lines: [], rows: 0 });
    for (const [i, id] of ids.entries()) {
      const firstMs = days[i] ?? 0;
      const [row] = await world.database.query(
        'SELECT tableoid::regclass::text AS place FROM notifications WHERE id = $1',
        [id],
      );
      expect(row).toEqual({ place: placeOf('notifications', firstMs) });
      expect(await world.course(id)).toMatchObject({ state: 'sent', attempt_count: 1 });
      expect(await world.history(id)).toEqual([[1, 'accepted']]);
    }
  });

  it('moves a day into which others write all the time, and loses none of their rows', async () => {
    const firstMs = daysAgo(-90);
    const ids: NotificationId[] = [];
    let isMoved = false;
    const write = async () => {
      while (!isMoved) {
        const id = await insertOn(world, firstMs);
        ids.push(id);
        await world.finish(await world.claim(id), accepted);
      }
    };
    const writers = Promise.all([write(), write(), write()]);
    while (ids.length < 20) await world.database.query('SELECT 1');
    const moved = await moveAll().finally(() => {
      isMoved = true;
    });
    await writers;
    for (const answer of moved) expect(answer.kind === 'moved' && answer.rows).toBeGreaterThan(20);
    expect(await watch()).toEqual({ lines: [], rows: 0 });
    const stored = await world.database.query<{ id: string }>(
      `SELECT n.id FROM ${placeOf('notifications', firstMs)} n
         JOIN ${placeOf('attempts', firstMs)} ON notification_id = n.id
         JOIN ${placeOf('notification_payloads', firstMs)} p ON p.id = n.id WHERE state = 'sent'`,
    );
    expect(stored.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
  });

  it('waits for a row that is being written, and moves it as well', async () => {
    const firstMs = daysAgo(-100);
    const id = await insertOn(world, firstMs);
    const other = `${id.slice(0, -4)}ffff`;
    const writer = world.dataSource.createQueryRunner();
    await writer.startTransaction();
    await writer.query(
      `INSERT INTO notifications SELECT (jsonb_populate_record(n, jsonb_build_object('id', $2::text))).*
         FROM notifications n WHERE id = $1`,
      [id, other],
    );
    const moving = moveFromDefault(world.dataSource, 'notifications');
    const isWaiting = async () => {
      const statement = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      return (await world.database.query(statement)).length > 0;
    };
    await until(isWaiting, { what: 'the move waits' });
    await writer.commitTransaction();
    await writer.release();
    expect(await moving).toMatchObject({ kind: 'moved', rows: 2 });
    await watch();
    expect(await watch()).toEqual({ lines: [], rows: 0 });
  });

  it('copies a great many while others claim, finish and store, who go on all the while', async () => {
    const [firstMs, rowsBefore] = [daysAgo(-140), 30_000];
    await fillDefault(firstMs, rowsBefore);
    const { query } = world.database;
    const some = 'SELECT id FROM notifications_default WHERE id >= $1 ORDER BY md5(id::text) LIMIT 3000';
    const old = [...(await query<{ id: NotificationId }>(some, [leastIdOf(firstMs)]))];
    const sent: NotificationId[] = [];
    let isMoved = false;
    const write = async () => {
      while (!isMoved) {
        for (const id of [await insertOn(world, firstMs), old.pop()?.id]) {
          if (id === undefined) continue;
          await world.finish(await world.claim(id), accepted);
          sent.push(id);
        }
      }
    };
    const writers = Promise.all([write(), write(), write(), write()]);
    const moving = moveFromDefault(world.dataSource, 'notifications').finally(() => {
      isMoved = true;
    });
    // Each of so many times a page is there and then a write ends: none waits for the move.
    const copied = async () => {
      const [copy] = await query<{ name: string }>(
        `SELECT relname AS name FROM pg_class WHERE relname ~ '_move_\\w+_0$'`,
      );
      return copy !== undefined && (await query(`SELECT FROM ${copy.name} LIMIT 1`)).length > 0;
    };
    await until(copied, { what: 'pages are copied' });
    const before = sent.length;
    await until(() => isMoved || sent.length > before + 20, { what: 'others go on' });
    const gone = { isMoved, written: sent.length - before };
    const answer = await moving;
    await writers;
    expect(gone).toMatchObject({ isMoved: false });
    expect(answer).toMatchObject({ kind: 'moved', partitions: [placeOf('notifications', firstMs)] });
    await watch();
    expect(await watch()).toEqual({ lines: [], rows: 0 });
    const place = placeOf('notifications', firstMs);
    const [counts] = await query(
      `SELECT count(*)::int AS rows, count(DISTINCT id)::int AS ids, count(*) FILTER (WHERE state = 'sent')::int AS sent,
              count(*) FILTER (WHERE id = ANY ($1) AND state = 'sent' AND attempt_count = 1)::int AS ours
         FROM ${place}`,
      [sent],
    );
    const made = sent.length - (3_000 - old.length);
    const rows = rowsBefore + 1 + made;
    expect(counts).toEqual({ rows, ids: rows, sent: sent.length, ours: sent.length });
    const indexes = `SELECT count(*)::int AS n FROM pg_index WHERE indrelid = $1::regclass AND indisvalid`;
    expect(await query(indexes, [place])).toEqual(await query(indexes, ['notifications']));
    expect(await query(`SELECT FROM pg_class WHERE relname ~ '_move_' AND relkind = 'r'`)).toEqual([]);
    expect(await query('SELECT FROM default_changes')).toEqual([]);
  });

  it('leaves a table alone that somebody uses, for ever more rounds, and begins anew after whatever it left', async () => {
    const firstMs = daysAgo(-160);
    const id = await insertOn(world, firstMs);
    const reader = world.dataSource.createQueryRunner();
    await reader.startTransaction();
    await reader.query('SELECT FROM notifications_default LIMIT 1');
    const hindered = await watch();
    expect(linesOf(hindered.lines, 'partitions.moveHindered')).toMatchObject([
      { table: 'notifications', cause: 'LOCKED', roundsLeftOut: 1 },
    ]);
    await world.finish(await world.claim(id), accepted);
    await reader.rollbackTransaction();
    await reader.release();
    const leftOut = await watch();
    expect(linesOf(leftOut.lines, 'partitions.moved')).toMatchObject([{ table: 'attempts' }]);
    const moved = await watch();
    expect(linesOf(moved.lines, 'partitions.moved')).toMatchObject([{ table: 'notifications', rows: 1 }]);
    expect(await world.course(id)).toMatchObject({ state: 'sent', attempt_count: 1 });
    expect(await watch()).toEqual({ lines: [], rows: 0 });
    expect(await world.database.query(`SELECT FROM pg_class WHERE relname ~ '_move_' AND relkind = 'r'`)).toEqual([]);
  });

  it('moves each row once when two do it at once without the lock of the duty', async () => {
    const firstMs = daysAgo(-180);
    await fillDefault(firstMs, 3_000);
    const both = [1, 2].map(() => moveFromDefault(world.dataSource, 'notifications'));
    await Promise.allSettled(both);
    patience.clear();
    await watch();
    expect(await watch()).toEqual({ lines: [], rows: 0 });
    const [counts] = await world.database.query(
      `SELECT count(*)::int AS rows, count(DISTINCT id)::int AS ids FROM ${placeOf('notifications', firstMs)}`,
    );
    expect(counts).toEqual({ rows: 3_001, ids: 3_001 });
  });

  it('goes on saying that rows lie there whose place is taken by a table that is not attached', async () => {
    const firstMs = daysAgo(-120);
    const name = partitionName('notifications', firstMs); // of the day itself, whatever the week is like
    await world.database.query(`CREATE TABLE ${name} (id uuid)`);
    await insertOn(world, firstMs);
    expect((await watch()).rows).toBe(2);
    expect(await watch()).toMatchObject({ lines: [{ rows: { notifications: 1 } }], rows: 1 });
    await world.database.query(`DROP TABLE ${name}`);
    await watch();
    expect((await watch()).rows).toBe(0);
  });
});
