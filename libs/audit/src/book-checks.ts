/** When the books were looked at, and what the last whole look counted. */
import type { DataSource } from 'typeorm';
import { inTransaction, rowsOf } from '#postgres/transaction';
import { endPass } from './book-passes.js';
import type { NotificationCounts } from './notification-audit.js';

/** A line was looked at. `unlisted`: differences without a place in the list; null leaves their number. Throws a Failure. */
export async function saveCheck(dataSource: DataSource, line: 'events' | 'notifications', unlisted: number | null) {
  await rowsOf(
    dataSource,
    `INSERT INTO book_checks AS c (line, checked_at, unlisted) VALUES ($1, now(), coalesce($2::int, 0))
     ON CONFLICT (line) DO UPDATE SET checked_at = now(), unlisted = coalesce($2::int, c.unlisted)`,
    [line, unlisted],
  );
}

/** Deleted rows that were looked into, as Postgres counts them; null: never. Throws a Failure. */
export async function loadLookedInto(dataSource: DataSource): Promise<number | null> {
  const statement = `SELECT looked_into FROM book_checks WHERE line = 'notifications'`;
  const [row] = await rowsOf<{ looked_into: string | null }>(dataSource, statement, []);
  return row === undefined || row.looked_into === null ? null : Number(row.looked_into);
}

/** Throws a Failure. */
export async function saveLookedInto(dataSource: DataSource, deletedRows: number): Promise<void> {
  await rowsOf(dataSource, `UPDATE book_checks SET looked_into = $1 WHERE line = 'notifications'`, [deletedRows]);
}

const columns = {
  created: 'created',
  sent: 'sent',
  pending: 'pending',
  failed: 'failed',
  cancelled: 'cancelled',
  attempted: 'attempted',
  waiting: 'waiting',
  endedWithout: 'ended_without',
} as const satisfies Readonly<Record<keyof NotificationCounts, string>>;
const fields = Object.keys(columns) as (keyof NotificationCounts)[];

/** What a pass over all notifications counted, by tenant, in place of what the one before did; the pass ends. Throws a Failure. */
export function saveNotificationCounts(
  dataSource: DataSource,
  counts: ReadonlyMap<string, NotificationCounts>,
  unlisted: number,
): Promise<void> {
  const tenants = [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const arrays = fields.map((_, n) => `$${n + 2}::bigint[]`).join(', ');
  const names = fields.map((field) => columns[field]).join(', ');
  return inTransaction(dataSource, async (tx) => {
    await rowsOf(tx, 'DELETE FROM notification_ledgers', []);
    await rowsOf(
      tx,
      `INSERT INTO notification_ledgers (tenant_id, ${names}) SELECT * FROM unnest($1::text[], ${arrays}) ON CONFLICT DO NOTHING`,
      [tenants.map(([tenant]) => tenant), ...fields.map((field) => tenants.map(([, count]) => count[field]))],
    );
    const statement = `UPDATE book_checks SET counted_at = now(), unlisted = $1 WHERE line = 'notifications'`;
    await rowsOf(tx, statement, [unlisted]);
    await endPass(tx);
  });
}
