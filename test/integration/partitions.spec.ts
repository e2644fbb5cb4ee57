import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensurePartitions, oldestPartitionMs } from '#audit/partitions';
import { notificationId } from '#domain/notification-id';
import { AuditWorld, accepted, aNotification } from '../support/audit-world.js';

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

  it('are made ahead once, also by two schedulers at once, and rows found in DEFAULT are moved into theirs', async () => {
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
});
