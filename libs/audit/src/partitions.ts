import type { DataSource } from 'typeorm';
import type { NotificationId } from '#domain/ids';
import { notificationTimeMs } from '#domain/notification-id';
import {
  type AttachedTable,
  firstCommonMs,
  leastIdOf,
  type PartitionedTable,
  partitionedTables,
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

/** Rows of DEFAULT are counted no further than this: one is too many. */
export const defaultRowsMax = 10_000;

/** Rows in the DEFAULT of each table, up to `defaultRowsMax`. Throws a Failure. */
export function countDefaultRows(dataSource: DataSource): Promise<Readonly<Record<PartitionedTable, number>>> {
  return inTransaction(dataSource, async (tx) => {
    await rowsOf(tx, `SET LOCAL lock_timeout = ${lockMsMax}`, []);
    const count = (table: PartitionedTable) =>
      `(SELECT count(*) FROM (SELECT FROM ${table}_default LIMIT ${defaultRowsMax}) AS few)::int AS ${table}`;
    const [row] = await rowsOf<Record<PartitionedTable, number>>(
      tx,
      `SELECT ${partitionedTables.map(count).join(', ')}`,
      [],
    );
    return row ?? { notifications: 0, notification_payloads: 0, attempts: 0 };
  });
}

const greatestId = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
const keyOf = (table: PartitionedTable) => (table === 'attempts' ? 'notification_id' : 'id');

/** The days rows in DEFAULT belong to, newest first, at most so many: each is found by a key, whatever lies there. Throws a Failure. */
export async function daysInDefault(dataSource: DataSource, daysMax: number): Promise<readonly number[]> {
  const last = (table: PartitionedTable) =>
    `(SELECT ${keyOf(table)} AS id FROM ${table}_default WHERE ${keyOf(table)} < $1 ORDER BY 1 DESC LIMIT 1)`;
  const statement = `${partitionedTables.map(last).join(' UNION ALL ')} ORDER BY id DESC LIMIT 1`;
  const days: number[] = [];
  while (days.length < daysMax) {
    const below = days.length === 0 ? greatestId : leastIdOf(days.at(-1) ?? 0);
    const [row] = await rowsOf<{ id: NotificationId }>(dataSource, statement, [below]);
    if (row === undefined) break;
    days.push(Math.floor(notificationTimeMs(row.id) / dayMs) * dayMs);
  }
  return days;
}

/** Moving a day's rows may take long; nothing can be written to DEFAULT meanwhile. */
const moveMsMax = 60_000;

/**
 * Makes a day's partitions and moves what lies in DEFAULT into them, all in one transaction. DEFAULT is locked before its
 * rows are taken: a row that came in between would forbid the partition. A new partition reaches over no day whose rows lie
 * in DEFAULT as well, so no more than a day's rows are moved at once. Answers how many. Throws a Failure.
 */
export function moveFromDefault(dataSource: DataSource, firstMs: number): Promise<number> {
  return inTransaction(dataSource, async (tx) => {
    await rowsOf(tx, `SET LOCAL statement_timeout = ${moveMsMax}`, []);
    await lockParents(tx);
    const defaults = ['notifications', 'notification_payloads', 'attempts'].map((table) => `ONLY ${table}_default`);
    await rowsOf(tx, `LOCK TABLE ${defaults.join(', ')} IN ACCESS EXCLUSIVE MODE`, []);
    const before = await rowsOfDay(tx, firstMs);
    const day = 'to_timestamp($1::float8 / 1000)';
    await rowsOf(tx, `SELECT hookline_ensure_partitions(${day}, ${day})`, [firstMs]);
    return before - (await rowsOfDay(tx, firstMs));
  });
}

async function rowsOfDay(tx: Transaction, firstMs: number): Promise<number> {
  const count = (table: PartitionedTable) =>
    `(SELECT count(*) FROM ${table}_default WHERE ${keyOf(table)} >= $1 AND ${keyOf(table)} < $2)`;
  const [row] = await rowsOf<{ rows: number }>(
    tx,
    `SELECT (${partitionedTables.map(count).join(' + ')})::int AS rows`,
    [leastIdOf(firstMs), leastIdOf(firstMs + dayMs)],
  );
  return row?.rows ?? 0;
}
