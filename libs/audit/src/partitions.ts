import type { DataSource } from 'typeorm';
import { storeFailure } from '#postgres/store-failure';
import { inTransaction, rowsOf } from '#postgres/transaction';

/** Days that were missed while no scheduler ran are made up for: their rows lie in DEFAULT. */
const daysBehind = 8;
/** A partition is attached only if that makes no statement wait longer than this; the next round tries again. */
const lockMsMax = 2_000;

/** Makes the table partitions that are missing until `daysAhead` days from now. Answers how many. Throws a Failure. */
export function ensurePartitions(dataSource: DataSource, daysAhead: number): Promise<number> {
  return inTransaction(dataSource, async (tx) => {
    await rowsOf(tx, `SET LOCAL lock_timeout = ${lockMsMax}`, []);
    const [row] = await rowsOf<{ made: number }>(
      tx,
      `SELECT hookline_ensure_partitions(now() - $1::int * interval '1 day', now() + $2::int * interval '1 day') AS made`,
      [daysBehind, daysAhead],
    );
    return row?.made ?? 0;
  });
}

/** The first instant of the oldest attached partition, milliseconds since the epoch: older ids have no place. Throws a Failure. */
export async function oldestPartitionMs(dataSource: DataSource): Promise<number> {
  try {
    const [row]: readonly { day: string | null }[] = await dataSource.query(
      `SELECT min(substring(inhrelid::regclass::text FROM '\\d{8}$')) AS day
         FROM pg_inherits WHERE inhparent = 'notifications'::regclass`,
    );
    const day = row?.day;
    if (day === null || day === undefined) throw new Error('the table notifications has no dated partition');
    return Date.parse(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T00:00:00Z`);
  } catch (error) {
    throw storeFailure(error);
  }
}
