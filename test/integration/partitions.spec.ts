import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { moveFromDefault } from '#audit/default-rows';
import { attachedTables, ensurePartitions, oldestPartitionMs } from '#audit/partitions';
import { notificationId } from '#domain/notification-id';
import {
  leastIdOf,
  type PartitionedTable,
  partitionName,
  type TimeRange,
  widestRangeOf,
} from '#domain/table-partition';
import { AuditWorld, accepted, aNotification } from '../support/audit-world.js';
import { daysAgo, makeDay } from '../support/old-days.js';

const dayMs = 86_400_000;
const parents = ['notifications', 'notification_payloads', 'attempts'] as const;

describe('table partitions', () => {
  let world: AuditWorld;

  beforeAll(async () => {
    world = await AuditWorld.open();
  });

  afterAll(async () => {
    await world?.close();
  });

  async function partitionsOf(parent: string): Promise<readonly string[]> {
    const rows = await world.database.query<{ name: string }>(
      'SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = $1::regclass ORDER BY 1',
      [parent],
    );
    return rows.map(({ name }) => name);
  }

  /** The tables a notification, its payload and its attempts lie in. */
  async function placesOf(id: string): Promise<readonly string[]> {
    const rows = await world.database.query<{ place: string }>(
      `SELECT tableoid::regclass::text AS place FROM notifications WHERE id = $1
       UNION ALL SELECT tableoid::regclass::text FROM notification_payloads WHERE id = $1
       UNION ALL SELECT tableoid::regclass::text FROM attempts WHERE notification_id = $1`,
      [id],
    );
    return rows.map(({ place }) => place);
  }

  function dayName(ms: number): string {
    return new Date(ms).toISOString().slice(0, 10).replaceAll('-', '');
  }

  it('exist from the first migration, at least 14 days ahead, and nothing lies in DEFAULT', async () => {
    for (const parent of parents) {
      const names = await partitionsOf(parent);
      for (let day = -8; day <= 14; day++) expect(names).toContain(`${parent}_${dayName(Date.now() + day * dayMs)}`);
    }
    expect(dayName(await oldestPartitionMs(world.dataSource))).toBe(dayName(Date.now() - 8 * dayMs));
    const id = await world.insert();
    await world.finish(await world.claim(id), accepted);
    expect(await placesOf(id)).toEqual(parents.map((parent) => `${parent}_${dayName(Date.now())}`));
  });

  it('are made ahead once, also by two schedulers at once; the day of rows in DEFAULT is made when they are moved', async () => {
    const timeMs = Date.now() + 20 * dayMs;
    const base = aNotification();
    const id = notificationId({ ...base, timeMs });
    await world.insert({ ...base, id });
    await world.finish(await world.claim(id), accepted);
    expect(await placesOf(id)).toEqual(parents.map((parent) => `${parent}_default`));

    const made = await Promise.allSettled([
      ensurePartitions(world.dataSource, 21),
      ensurePartitions(world.dataSource, 21),
    ]);
    expect(made.some(({ status }) => status === 'fulfilled')).toBe(true);
    expect(await ensurePartitions(world.dataSource, 21)).toBe(0);
    expect(await placesOf(id)).toEqual(parents.map((parent) => `${parent}_default`));
    for (const parent of parents)
      expect(await moveFromDefault(world.dataSource, parent)).toMatchObject({ kind: 'moved', rows: 1 });
    expect(await placesOf(id)).toEqual(parents.map((parent) => `${parent}_${dayName(timeMs)}`));
    expect(await world.course(id)).toMatchObject({ state: 'sent', attempt_count: 1 });
    for (const parent of parents)
      expect(await world.database.query(`SELECT FROM ${parent}_default`), parent).toHaveLength(0);
  });

  it('carry the indexes and the limits of their table', async () => {
    const name = `notifications_${dayName(Date.now() + 20 * dayMs)}`;
    const indexes = await world.database.query<{ of: string; n: string }>(
      'SELECT tablename AS of, count(*) AS n FROM pg_indexes WHERE tablename IN ($1, $2) GROUP BY 1',
      ['notifications', name],
    );
    expect(new Set(indexes.map(({ n }) => n)).size).toBe(1);
    expect(indexes).toHaveLength(2);
    await expect(world.database.query(`UPDATE ${name} SET state = 'pending', next_attempt_at = NULL`)).rejects.toThrow(
      /check constraint/,
    );
  });

  /** What Hookline made of a table, oldest first. */
  async function rangesOf(parent: PartitionedTable): Promise<readonly TimeRange[]> {
    const attached = await attachedTables(world.dataSource);
    const ranges = attached.flatMap(({ table, range }) => (table === parent && range !== null ? [range] : []));
    return ranges.toSorted((a, b) => a.fromMs - b.fromMs);
  }

  const daysOf = ({ fromMs, toMs }: TimeRange) => (toMs - fromMs) / dayMs;

  it('are days before the change and weeks after it, without a gap or an overlap, and still 14 days ahead', async () => {
    await ensurePartitions(world.dataSource, 40);
    for (const parent of parents) {
      const ranges = await rangesOf(parent);
      for (const [i, { toMs }] of ranges.slice(0, -1).entries()) expect(ranges[i + 1]?.fromMs, parent).toBe(toMs);
      expect(ranges.at(-1)?.toMs).toBeGreaterThan(Date.now() + 40 * dayMs);
      const old = ranges.filter(({ toMs }) => toMs <= Date.now() + 14 * dayMs);
      expect(old.map(daysOf)).toEqual(old.map(() => 1));
      const young = ranges.filter(({ fromMs }) => fromMs > Date.now() + 22 * dayMs);
      const width = parent === 'notification_payloads' ? 1 : 7;
      expect(young.map(daysOf)).toEqual(young.map(() => width));
      expect(young.every((one) => one.fromMs === widestRangeOf(parent, one.fromMs).fromMs)).toBe(true);
    }
    expect(dayName(await oldestPartitionMs(world.dataSource))).toBe(dayName(Date.now() - 8 * dayMs));
  });

  it('take what other partitions, whoever made them, and tables with the name of a day leave of a week', async () => {
    const monday = widestRangeOf('attempts', daysAgo(300)).fromMs;
    const day = (n: number) => monday + n * dayMs;
    const { query } = world.database;
    const attach = (name: string, from: string, to: string) =>
      query(`CREATE TABLE ${name} PARTITION OF attempts FOR VALUES FROM (${from}) TO (${to})`);
    await attach('their_old_attempts', 'MINVALUE', `'${leastIdOf(day(-200))}'`);
    await attach('their_attempts', `'${leastIdOf(day(1))}'`, `'${leastIdOf(day(1.5))}'`);
    await query(`CREATE TABLE ${partitionName('attempts', day(5))} (id uuid)`); // as one that somebody has detached
    await makeDay(world, day(3));
    const isOfWeek = ({ fromMs }: TimeRange) => fromMs >= day(0) && fromMs < day(7);
    expect((await rangesOf('attempts')).filter(isOfWeek)).toEqual([{ fromMs: day(2), toMs: day(5) }]);
    expect((await rangesOf('notifications')).filter(isOfWeek)).toEqual([{ fromMs: day(0), toMs: day(7) }]);
    expect((await rangesOf('notification_payloads')).filter(isOfWeek)).toEqual([{ fromMs: day(3), toMs: day(4) }]);
    await makeDay(world, day(6));
    await makeDay(world, day(1));
    await makeDay(world, day(-300));
    expect((await rangesOf('attempts')).filter(isOfWeek)).toEqual([
      { fromMs: day(2), toMs: day(5) },
      { fromMs: day(6), toMs: day(7) },
    ]);
    await query(`DROP TABLE their_attempts, their_old_attempts, ${partitionName('attempts', day(5))}`);
  });
});
