import type { DataSource } from 'typeorm';
import { storeFailure } from '#postgres/store-failure';

/** Makes the table partitions that are missing until `daysAhead` days from now. Answers how many. Throws a Failure. */
export async function ensurePartitions(dataSource: DataSource, daysAhead: number): Promise<number> {
  try {
    const [row]: readonly { made: number }[] = await dataSource.query(
      `SELECT hookline_ensure_partitions(now(), now() + $1::int * interval '1 day') AS made`,
      [daysAhead],
    );
    return row?.made ?? 0;
  } catch (error) {
    throw storeFailure(error);
  }
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
