/**
 * Rows of the DEFAULT partitions, and how they come into the partitions of their time while everybody goes on.
 *
 * A table's rows are copied, page by page, into tables beside it, with their indexes; a trigger writes down which rows of
 * DEFAULT change meanwhile, and those are copied again until few are left. Only then the table is locked: the last changes are
 * copied, DEFAULT is emptied and the copies are attached, which takes some milliseconds whatever lies there, and is given up
 * after five seconds. A row is seen in DEFAULT or in its partition, never in both or in none.
 *
 * Killed anywhere: the copies are tables nobody reads, and the next run drops them and the trigger and begins anew. Two at
 * once (a leader that lost its lock unknowingly): the later one has dropped the copies of the earlier one, whose last step
 * therefore fails as a whole; each knows its changes by its run.
 */
import { randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import type { NotificationId } from '#domain/ids';
import { notificationTimeMs } from '#domain/notification-id';
import {
  defaultPartitionOf,
  leastIdOf,
  type PartitionedTable,
  partitionedTables,
  partitionName,
  type TimeRange,
  widestRangeOf,
} from '#domain/table-partition';
import { inTransaction, rowsOf, type Transaction } from '#postgres/transaction';
import { type HinderedBy, shortLocks, unlessLocked } from './unless-locked.js';

const dayMs = 86_400_000;
/** Rows are counted no further than this: one is too many. */
export const defaultRowsMax = 10_000;
/** Days that are moved at once; what lies beyond stays for the next run. */
const daysMax = 400;
/** Rows that are copied in one statement, without a lock. */
const pageRowsMax = 1_000;
/** Changes that are copied again in one statement. */
const changesMax = 2_000;
/** So few changes are left to the last step. */
const changesLeftMax = 200;
/** Who writes faster than changes are copied again is locked out with some more left. */
const catchUpsMax = 100;
/** The last step: nothing is written to DEFAULT meanwhile, and no plan that names the table begins; milliseconds. */
const lockedMsMax = 5_000;
/** The lock of DEFAULT is waited for as often, with a pause in between, in seconds. */
const lockTriesMax = 3;
const lockPauseS = 0.5;

const keyOf = (table: PartitionedTable) => (table === 'attempts' ? 'notification_id' : 'id');

/** What became of the rows of one DEFAULT; no partitions: nothing there has a place. */
export type MoveAnswer =
  | { readonly kind: 'moved'; readonly rows: number; readonly partitions: readonly string[] }
  | { readonly kind: 'hindered'; readonly cause: HinderedBy };

/** Rows in the DEFAULT of each table, up to `defaultRowsMax`. Throws a Failure. */
export function countDefaultRows(dataSource: DataSource): Promise<Readonly<Record<PartitionedTable, number>>> {
  return inTransaction(dataSource, async (tx) => {
    await shortLocks(tx);
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

/** A table beside DEFAULT that becomes a partition. */
interface Copy {
  readonly name: string;
  readonly partition: string;
  readonly range: TimeRange;
}

/** One move of one table. */
interface Move {
  readonly table: PartitionedTable;
  readonly run: string;
  readonly stay: string;
  /** By time. */
  readonly copies: readonly Copy[];
}

/** Moves what lies in the DEFAULT of a table into the partitions of its time, which are made. Throws a Failure. */
export async function moveFromDefault(dataSource: DataSource, table: PartitionedTable): Promise<MoveAnswer> {
  const began = await unlessLocked(() => inTransaction(dataSource, (tx) => begin(tx, table)));
  if ('cause' in began) return { kind: 'hindered', cause: began.cause };
  if (began.copies.length === 0) return { kind: 'moved', rows: 0, partitions: [] };
  try {
    const copied = await unlessLocked(async () => ({ rows: await copyRows(dataSource, began) }));
    if ('cause' in copied) return { kind: 'hindered', cause: copied.cause };
    const ended = await endWhenFree(dataSource, began);
    if ('cause' in ended) return { kind: 'hindered', cause: ended.cause };
    const partitions = began.copies.map(({ partition }) => partition);
    return { kind: 'moved', rows: copied.rows + ended.rows, partitions };
  } finally {
    // What could not be cleared away is so by the next move.
    await unlessLocked(() => inTransaction(dataSource, (tx) => clearAway(tx, table, began.run)));
  }
}

/** From its commit on every change of DEFAULT is written down: the trigger waits for who is writing now. */
async function begin(tx: Transaction, table: PartitionedTable): Promise<Move> {
  await shortLocks(tx);
  await rowsOf(tx, `LOCK TABLE ONLY ${table} IN SHARE UPDATE EXCLUSIVE MODE`, []);
  await clearAway(tx, table, null);
  const run = randomBytes(4).toString('hex');
  const stay = `${table}_move_${run}_stay`;
  const ranges = await freeRanges(tx, table, await daysInDefault(tx, table));
  const copies = ranges.map((range, n) => {
    const name = `${table}_move_${run}_${n}`;
    return { name, partition: partitionName(table, range.fromMs), range };
  });
  if (copies.length === 0) return { table, run, stay, copies };
  for (const { name, range } of copies) await makeCopy(tx, { table, name, range });
  await rowsOf(tx, `CREATE TABLE ${stay} (LIKE ${table} INCLUDING STORAGE)`, []);
  // Last, for it waits for who writes, and whoever writes then waits for this commit.
  await rowsOf(
    tx,
    `CREATE TRIGGER hookline_moving AFTER INSERT OR UPDATE OR DELETE ON ${table}_default
       FOR EACH ROW EXECUTE FUNCTION hookline_note_default_change('${run}', '${table}')`,
    [],
  );
  return { table, run, stay, copies };
}

/** As `hookline_ensure_partitions` makes a partition, and with its indexes; the check spares a look at every row when it is attached. */
async function makeCopy(
  tx: Transaction,
  { table, name, range }: { readonly table: PartitionedTable; readonly name: string; readonly range: TimeRange },
): Promise<void> {
  const key = keyOf(table);
  const including = ['DEFAULTS', 'CONSTRAINTS', 'STORAGE', 'INDEXES'].map((what) => `INCLUDING ${what}`).join(' ');
  await rowsOf(tx, `CREATE TABLE ${name} (LIKE ${table} ${including})`, []);
  if (table === 'notification_payloads') await rowsOf(tx, `ALTER TABLE ${name} ALTER body SET STORAGE EXTERNAL`, []);
  if (table === 'notifications') await rowsOf(tx, `ALTER TABLE ${name} SET (fillfactor = 80)`, []);
  await rowsOf(
    tx,
    `ALTER TABLE ${name} ADD CONSTRAINT hookline_moved CHECK (${key} IS NOT NULL
       AND ${key} >= '${leastIdOf(range.fromMs)}'::uuid AND ${key} < '${leastIdOf(range.toMs)}'::uuid)`,
    [],
  );
}

/** The trigger, the copies and the changes of a run, or of all: who died left them. */
async function clearAway(tx: Transaction, table: PartitionedTable, run: string | null): Promise<object> {
  await shortLocks(tx);
  const triggers = await rowsOf(
    tx,
    `SELECT FROM pg_trigger WHERE tgrelid = $1::regclass AND tgname = 'hookline_moving'
        AND ($2::text IS NULL OR encode(tgargs, 'escape') LIKE $2 || '%')`,
    [defaultPartitionOf(table), run],
  );
  if (triggers.length > 0) await rowsOf(tx, `DROP TRIGGER hookline_moving ON ${table}_default`, []);
  const tables = await rowsOf<{ name: string }>(
    tx,
    `SELECT c.oid::regclass::text AS name FROM pg_class c
      WHERE c.relkind = 'r' AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = $1::regclass)
        AND c.relname ~ ('^' || $1 || '_move_' || coalesce($2, '[0-9a-f]{8}') || '_')`,
    [table, run],
  );
  for (const { name } of tables) await rowsOf(tx, `DROP TABLE ${name}`, []);
  await rowsOf(tx, 'DELETE FROM default_changes WHERE parent = $1 AND run = coalesce($2, run)', [table, run]);
  return {};
}

/** The days rows of a DEFAULT belong to, by time, of the newest: each is found by a key, whatever lies there. */
async function daysInDefault(tx: Transaction, table: PartitionedTable): Promise<readonly number[]> {
  const key = keyOf(table);
  const days: number[] = [];
  while (days.length < daysMax) {
    const below = days.length === 0 ? null : leastIdOf(days.at(-1) ?? 0);
    const [row] = await rowsOf<{ id: NotificationId }>(
      tx,
      `SELECT ${key} AS id FROM ${table}_default ${below === null ? '' : `WHERE ${key} < '${below}'`}
        ORDER BY ${key} DESC LIMIT 1`,
      [],
    );
    if (row === undefined) break;
    days.push(Math.floor(notificationTimeMs(row.id) / dayMs) * dayMs);
  }
  return days.toReversed();
}

/** What is free around the days, up to a week for a table of weeks; a day whose place is taken has none. */
async function freeRanges(
  tx: Transaction,
  table: PartitionedTable,
  days: readonly number[],
): Promise<readonly TimeRange[]> {
  const ranges: TimeRange[] = [];
  for (const day of days) {
    if (day < (ranges.at(-1)?.toMs ?? 0) || (await isTaken(tx, table, day))) continue;
    const widest = widestRangeOf(table, day);
    let [fromMs, toMs] = [day, day + dayMs];
    while (fromMs > widest.fromMs && !(await isTaken(tx, table, fromMs - dayMs))) fromMs -= dayMs;
    while (toMs < widest.toMs && !(await isTaken(tx, table, toMs))) toMs += dayMs;
    ranges.push({ fromMs, toMs });
  }
  return ranges;
}

async function isTaken(tx: Transaction, table: PartitionedTable, day: number): Promise<boolean> {
  const statement = `SELECT hookline_is_day_taken($1, (to_timestamp($2::float8 / 1000) AT TIME ZONE 'UTC')::date, false) AS taken`;
  const [row] = await rowsOf<{ taken: boolean }>(tx, statement, [table, day]);
  return row?.taken ?? true;
}

/** Pages by key; a page is whole ids, so it may be longer where one has many rows. Answers how many rows were copied. */
async function copyRows(dataSource: DataSource, { table, copies }: Move): Promise<number> {
  const key = keyOf(table);
  let rows = 0;
  for (const { name, range } of copies) {
    const end = leastIdOf(range.toMs);
    for (let low: string = leastIdOf(range.fromMs); low !== end; ) {
      const [next] = await rowsOf<{ id: string }>(
        dataSource,
        `SELECT ${key} AS id FROM ${table}_default WHERE ${key} > $1 AND ${key} < $2
          ORDER BY ${key} OFFSET ${pageRowsMax} LIMIT 1`,
        [low, end],
      );
      const high = next?.id ?? end;
      const [copied] = await rowsOf<{ rows: number }>(
        dataSource,
        `WITH copied AS (
           INSERT INTO ${name} SELECT * FROM ${table}_default WHERE ${key} >= $1 AND ${key} < $2 RETURNING 1)
         SELECT count(*)::int AS rows FROM copied`,
        [low, high],
      );
      rows += copied?.rows ?? 0;
      low = high;
    }
  }
  return rows;
}

/** Answers how many rows came to the copies. */
async function catchUp(dataSource: DataSource, move: Move): Promise<number> {
  let rows = 0;
  for (let n = 0; n < catchUpsMax; n++) {
    const [caught] = await rowsOf<{ taken: number; added: string }>(
      dataSource,
      'SELECT * FROM hookline_catch_up($1, $2, $3::text[], $4::uuid[], $5::uuid[], $6)',
      [...placesOf(move), changesMax],
    );
    rows += Number(caught?.added ?? 0);
    if ((caught?.taken ?? 0) < changesLeftMax) break;
  }
  return rows;
}

/** Somebody may use DEFAULT for longer than a moment: what is copied is not thrown away for that. */
async function endWhenFree(
  dataSource: DataSource,
  move: Move,
): Promise<{ readonly rows: number } | { readonly cause: HinderedBy }> {
  let rows = 0;
  for (let tries = 1; ; tries++) {
    rows += await catchUp(dataSource, move);
    const ended = await unlessLocked(() => inTransaction(dataSource, (tx) => end(tx, move)));
    if (!('cause' in ended)) return { rows: rows + ended.rows };
    if (ended.cause !== 'LOCKED' || tries === lockTriesMax) return ended;
    await rowsOf(dataSource, 'SELECT pg_sleep($1)', [lockPauseS]);
  }
}

async function end(tx: Transaction, move: Move): Promise<{ readonly rows: number }> {
  const { table, copies, stay } = move;
  await shortLocks(tx);
  // The parent first: a statement that had read its list of partitions would wait for DEFAULT, and find it empty.
  await rowsOf(tx, `LOCK TABLE ONLY ${table} IN ACCESS EXCLUSIVE MODE`, []);
  await rowsOf(tx, `LOCK TABLE ONLY ${table}_default IN ACCESS EXCLUSIVE MODE`, []);
  await rowsOf(tx, `SET LOCAL statement_timeout = ${lockedMsMax}`, []);
  const [of, run, names, lows, highs] = placesOf(move);
  const [row] = await rowsOf<{ added: string }>(
    tx,
    'SELECT hookline_end_move($1, $2, $3::text[], $4::text[], $5::uuid[], $6::uuid[], $7) AS added',
    [of, run, names, copies.map(({ partition }) => partition), lows, highs, stay],
  );
  return { rows: Number(row?.added ?? 0) };
}

function placesOf({ table, run, copies }: Move): readonly unknown[] {
  const lows = copies.map(({ range }) => leastIdOf(range.fromMs));
  const highs = copies.map(({ range }) => leastIdOf(range.toMs));
  return [table, run, copies.map(({ name }) => name), lows, highs];
}
