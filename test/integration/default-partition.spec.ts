import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countDefaultRows, daysInDefault, moveFromDefault } from '#audit/partitions';
import type { NotificationId } from '#domain/ids';
import { partitionName } from '#domain/table-partition';
import { watchDefault } from '../../apps/retry-scheduler/src/watch-default.js';
import { AuditWorld, accepted } from '../support/audit-world.js';
import { daysAgo, insertOn, keptLog, type Line, linesOf, placeOf } from '../support/old-days.js';
import { until } from '../support/until.js';

describe('the watch of DEFAULT', () => {
  let world: AuditWorld;

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
      daysInDefault: (daysMax) => daysInDefault(store, daysMax),
      move: (firstMs) => moveFromDefault(store, firstMs),
      log,
    });
    return { lines, rows: found.reduce((sum, { value }) => sum + value, 0) };
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
    expect(linesOf(lines, 'partitions.moved')).toMatchObject(
      days.map((firstMs) => ({ day: new Date(firstMs).toISOString().slice(0, 10), rows: 3 })),
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
    const moved = await moveFromDefault(world.dataSource, firstMs).finally(() => {
      isMoved = true;
    });
    await writers;
    expect(moved).toBeGreaterThan(20);
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
    const moving = moveFromDefault(world.dataSource, firstMs);
    const isWaiting = async () => {
      const statement = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      return (await world.database.query(statement)).length > 0;
    };
    await until(isWaiting, { what: 'the move waits' });
    await writer.commitTransaction();
    await writer.release();
    expect(await moving).toBe(3);
    expect(await watch()).toEqual({ lines: [], rows: 0 });
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
