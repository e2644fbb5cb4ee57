import type { DataSource } from 'typeorm';
import {
  type AttachedTable,
  firstCommonMs,
  type PartitionedTable,
  partitionRange,
  type TimeRange,
} from '#domain/table-partition';
import { storeFailure } from '#postgres/store-failure';
import { inTransaction, type Queryable, rowsOf, type Transaction } from '#postgres/transaction';

const dayMs = 86_400_000;
/** Days that were missed while no scheduler ran are made up for: their rows lie in DEFAULT. */
const daysBehindMax = 8;
/** A partition is attached only if that makes no statement wait longer than this; the next round tries again. */
const lockMsMax = 2_000;

/** A table attached to one of the partitioned tables. */
export interface TablePartition extends AttachedTable {
  /** As it stands in a statement: quoted, and with its schema where that is needed. */
  readonly sqlName: string;
  /** Whose ids it holds; null: DEFAULT, or not made by Hookline. */
  readonly range: TimeRange | null;
  /** Estimated; null before Postgres has analysed it. */
  readonly rows: number | null;
  /** With its indexes and long values; null unless asked for. */
  readonly bytes: number | null;
}

/** Which attached tables are listed. */
export interface PartitionQuery {
  readonly name?: string;
  /** Sizes wait for tables that somebody has locked. */
  readonly withBytes?: boolean;
}

interface PartitionRow {
  readonly table: PartitionedTable;
  readonly name: string;
  readonly sql_name: string;
  readonly bound: string | null;
  readonly may_be_ours: boolean;
  readonly rows: number | null;
  readonly bytes: string | null;
}

/**
 * Everything that is attached to the partitioned tables, by name. Without sizes it waits for nobody's lock: bounds name no
 * column, so they are printed without their table (`pg_get_expr` opens and locks one that is named). Throws a Failure.
 */
export async function attachedTables(
  on: Queryable,
  { name, withBytes = false }: PartitionQuery = {},
): Promise<readonly TablePartition[]> {
  const rows = await rowsOf<PartitionRow>(
    on,
    `SELECT p.relname AS table, c.relname AS name, c.oid::regclass::text AS sql_name,
            pg_get_expr(c.relpartbound, 0) AS bound,
            c.relkind = 'r' AND c.relnamespace = p.relnamespace AND NOT i.inhdetachpending AS may_be_ours,
            CASE WHEN c.reltuples >= 0 THEN c.reltuples::float8 END AS rows,
            CASE WHEN $2 THEN pg_total_relation_size(c.oid) END AS bytes
       FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent JOIN pg_class c ON c.oid = i.inhrelid
      WHERE i.inhparent = ANY(ARRAY['notifications'::regclass, 'notification_payloads'::regclass, 'attempts'::regclass])
        AND ($1::text IS NULL OR c.relname = $1)
      ORDER BY c.relname`,
    [name ?? null, withBytes],
  );
  return rows.map(({ table, name: named, sql_name: sqlName, bound, may_be_ours: mayBeOurs, rows: count, bytes }) => {
    const attached = { table, name: named, bound: bound ?? '' };
    const range = mayBeOurs ? partitionRange(attached) : null;
    return { ...attached, sqlName, range, rows: count, bytes: bytes === null ? null : Number(bytes) };
  });
}

/**
 * Makes the table partitions that are missing until `daysAhead` days from now at least, and as many behind as were missed:
 * never a day of payloads that is older than what is kept. Answers how many. Throws a Failure.
 */
export function ensurePartitions(
  dataSource: DataSource,
  daysAhead: number,
  keptMs = Number.POSITIVE_INFINITY,
): Promise<number> {
  const daysBehind = Math.min(daysBehindMax, Math.floor(keptMs / dayMs));
  return inTransaction(dataSource, async (tx) => {
    await lockParents(tx);
    const [row] = await rowsOf<{ made: number }>(
      tx,
      `SELECT hookline_ensure_partitions(now() - $1::int * interval '1 day', now() + $2::int * interval '1 day') AS made`,
      [daysBehind, daysAhead],
    );
    return row?.made ?? 0;
  });
}

/** One at a time attaches partitions, also beside `npm run migrate`. */
async function lockParents(tx: Transaction): Promise<void> {
  await rowsOf(tx, `SET LOCAL lock_timeout = ${lockMsMax}`, []);
  const statement =
    'LOCK TABLE ONLY notifications, ONLY notification_payloads, ONLY attempts IN SHARE UPDATE EXCLUSIVE MODE';
  await rowsOf(tx, statement, []);
}

/** The first instant ids have a partition for in every table, milliseconds since the epoch: older ids have no place. Throws a Failure. */
export async function oldestPartitionMs(dataSource: DataSource): Promise<number> {
  const ranges: Record<PartitionedTable, TimeRange[]> = { notifications: [], notification_payloads: [], attempts: [] };
  for (const { table, range } of await attachedTables(dataSource)) if (range !== null) ranges[table].push(range);
  const [row] = await rowsOf<{ now_ms: string }>(dataSource, 'SELECT extract(epoch FROM now()) * 1000 AS now_ms', []);
  const oldestMs = firstCommonMs(ranges, Number(row?.now_ms));
  if (oldestMs === null) throw storeFailure(new Error('the tables have no dated partition in common'));
  return oldestMs;
}
