/**
 * Rows of tables that are no history of notifications: they go one by one, in pages, oldest first, each page a transaction
 * of its own that waits for nobody. Killed between two pages, or run by several at once: what is gone is gone, a page that
 * another has locked is passed over, and the next round goes on.
 */
import type { DataSource } from 'typeorm';
import type { OldRowRetention } from '#domain/old-row-retention';
import { leastIdOf } from '#domain/table-partition';
import { inTransaction, rowsOf, type Transaction } from '#postgres/transaction';
import { type HinderedBy, shortLocks, unlessLocked } from './unless-locked.js';

/** A page that takes longer than this is given up, milliseconds; nobody waits for its rows but who changes one of them. */
const statementMsMax = 2_000;
/** Rows to be removed are counted no further than this. */
export const oldRowsMax = 100_000;

/** A table whose rows are kept for a time. */
export interface OldRows {
  readonly table: string;
  /** Rows are kept for this, milliseconds. */
  readonly keptMs: number;
  /** Removes the next rows after a cursor; null: from the oldest. Throws a Failure. */
  readonly removePage: (after: string | null) => Promise<RemovedPage>;
  /** How many there are, up to `oldRowsMax`, or what hindered counting. Throws a Failure. */
  readonly count: () => Promise<number | HinderedBy>;
}

/** What became of a page; `next`: where to go on, null when that was the last one. */
export type RemovedPage =
  | { readonly kind: 'removed'; readonly rows: number; readonly next: string | null }
  | { readonly kind: 'hindered'; readonly by: HinderedBy };

/** A table whose rows are old when one of their columns is. */
interface AgedTable {
  readonly table: string;
  /** A `timestamptz` that does not change once the row is old. */
  readonly since: string;
  readonly keptMs: (retention: OldRowRetention) => number;
  /** Rows of a page: fewer where one of them may be a megabyte. */
  readonly pageRows: number;
}

/**
 * Add a table by a line; it needs a B-tree index that begins with `since`, unless it holds some thousand rows only.
 * `consumer_progress` has a row for each partition that somebody reads; one that nobody has reported for weeks is of a topic
 * that is no more, and would hold back whoever waits for all that is known to be read.
 */
const agedTables: readonly AgedTable[] = [
  { table: 'unmatched_events', since: 'seen_at', keptMs: ({ unmatchedMs }) => unmatchedMs, pageRows: 1_000 },
  { table: 'parked_events', since: 'parked_at', keptMs: ({ parkedMs }) => parkedMs, pageRows: 50 },
  { table: 'operator_log', since: 'at', keptMs: ({ operatorLogMs }) => operatorLogMs, pageRows: 1_000 },
  { table: 'endpoint_minutes', since: 'minute', keptMs: ({ notificationMs }) => notificationMs, pageRows: 1_000 },
  { table: 'consumer_progress', since: 'reported_at', keptMs: ({ progressMs }) => progressMs, pageRows: 1_000 },
];

/** Every table whose old rows are removed. */
export function oldRowsOf(dataSource: DataSource, retention: OldRowRetention): readonly OldRows[] {
  return [
    ...agedTables.map((table) => agedRows(dataSource, table, table.keptMs(retention))),
    resendRows(dataSource, retention.notificationMs),
  ];
}

/** Each page begins where the last one ended: what was removed lies in the index until nobody's snapshot can see it. */
function agedRows(dataSource: DataSource, { table, since, pageRows }: AgedTable, keptMs: number): OldRows {
  const isOld = (kept: string) => `${since} < now() - ${kept}::float8 * interval '1 millisecond'`;
  const statement = `
    WITH gone AS (
      DELETE FROM ${table} WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM ${table} WHERE ${isOld('$1')} AND ${since} >= $2::timestamptz
         ORDER BY ${since} LIMIT ${pageRows} FOR UPDATE SKIP LOCKED))
      RETURNING ${since})
    SELECT count(*)::int AS rows, max(${since})::text AS last FROM gone`;
  const page = async (tx: Transaction, after: string | null): Promise<RemovedPage> => {
    const [row] = await rowsOf<{ rows: number; last: string | null }>(tx, statement, [keptMs, after ?? '-infinity']);
    const { rows, last } = row ?? { rows: 0, last: null };
    return { kind: 'removed', rows, next: rows < pageRows ? null : last };
  };
  const few = `SELECT count(*)::int AS rows FROM (SELECT FROM ${table} WHERE ${isOld('$1')} LIMIT ${oldRowsMax}) AS few`;
  return {
    ...{ table, keptMs },
    removePage: (after) => hurried(dataSource, (tx) => page(tx, after)),
    count: () => counted(dataSource, few, keptMs),
  };
}

const resendPageRows = 1_000;
/** The least id of an event as old as `$1` milliseconds. */
const leastKept = `(lpad(to_hex((extract(epoch FROM now()) * 1000 - $1::float8)::bigint), 12, '0') || repeat('0', 20))::uuid`;
const isWithout = 'NOT EXISTS (SELECT FROM notifications n WHERE n.id = i.notification_id)';

/**
 * A re-send is kept as long as its notification, however old, and its job as long as an item. By the time in their ids, so
 * that no item is looked at before its notification may be gone.
 */
function resendRows(dataSource: DataSource, keptMs: number): OldRows {
  const few = `SELECT count(*)::int AS rows FROM (
    SELECT FROM resend_job_items i WHERE notification_id < ${leastKept} AND ${isWithout} LIMIT ${oldRowsMax}) AS few`;
  return {
    ...{ table: 'resend_job_items', keptMs },
    removePage: (after) => hurried(dataSource, (tx) => removeResends(tx, keptMs, after)),
    count: () => counted(dataSource, few, keptMs),
  };
}

async function removeResends(tx: Transaction, keptMs: number, after: string | null): Promise<RemovedPage> {
  const items = await rowsOf<{ id: string; notification_id: string; job_id: string; is_without: boolean }>(
    tx,
    `SELECT i.id, i.notification_id, i.job_id, ${isWithout} AS is_without FROM resend_job_items i
      WHERE notification_id < ${leastKept} AND notification_id > $2::uuid
      ORDER BY notification_id LIMIT ${resendPageRows} FOR UPDATE OF i SKIP LOCKED`,
    [keptMs, after ?? leastIdOf(0)],
  );
  const gone = items.filter((item) => item.is_without);
  const next = items.length < resendPageRows ? null : (items.at(-1)?.notification_id ?? null);
  if (gone.length === 0) return { kind: 'removed', rows: 0, next };
  await rowsOf(tx, 'DELETE FROM resend_job_items WHERE id = ANY($1::uuid[])', [gone.map(({ id }) => id)]);
  await rowsOf(
    tx,
    `DELETE FROM resend_jobs j WHERE id = ANY($1::uuid[])
        AND NOT EXISTS (SELECT FROM resend_job_items i WHERE i.job_id = j.id)`,
    [[...new Set(gone.map((item) => item.job_id))].sort()],
  );
  return { kind: 'removed', rows: gone.length, next };
}

async function hurried(dataSource: DataSource, page: (tx: Transaction) => Promise<RemovedPage>): Promise<RemovedPage> {
  const answer = await unlessLocked(() =>
    inTransaction(dataSource, async (tx) => {
      await bounded(tx);
      return page(tx);
    }),
  );
  return 'cause' in answer ? { kind: 'hindered', by: answer.cause } : answer;
}

async function counted(dataSource: DataSource, statement: string, keptMs: number): Promise<number | HinderedBy> {
  const answer = await unlessLocked(() =>
    inTransaction(dataSource, async (tx) => {
      await bounded(tx);
      const [row] = await rowsOf<{ rows: number }>(tx, statement, [keptMs]);
      return { rows: row?.rows ?? 0 };
    }),
  );
  return 'cause' in answer ? answer.cause : answer.rows;
}

/**
 * Nobody waits long for a page, and its plan goes along the index, whatever the statistics of a table say that was just
 * filled: not by a scan that sorts all that is old for the sake of a page.
 */
async function bounded(tx: Transaction): Promise<void> {
  await shortLocks(tx);
  await rowsOf(
    tx,
    `SELECT set_config('statement_timeout', $1::text, true), set_config(name, 'off', true)
       FROM unnest(ARRAY['enable_seqscan', 'enable_bitmapscan', 'enable_sort', 'jit']) AS name`,
    [statementMsMax],
  );
}
