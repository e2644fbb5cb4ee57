import type { DataSource } from 'typeorm';
import { isOver, leastIdOf, type PartitionedTable, partitionedTables, type Retention } from '#domain/table-partition';
import { storeFailure } from '#postgres/store-failure';
import { inTransaction, rowsOf, type Transaction } from '#postgres/transaction';
import { attachedTables, type TablePartition } from './partitions.js';

const dayMs = 86_400_000;
/** Whoever needs a table waits behind the lock that is waited for here: never longer than this, milliseconds. */
const lockMsMax = 250;
/** The lock is held no longer than this for one statement: what takes longer is left, milliseconds. */
const statementMsMax = 1_000;
/** Rows that keep a partition are counted no further than this: one is enough. */
const inUseMax = 10_000;

/** What of a day is not finished, each up to 10,000. */
export interface DayInUse {
  readonly pending: number;
  /** Resend items that are requested or claimed. */
  readonly resendItems: number;
  readonly claims: number;
}

/** Why a partition older than the retention stays. */
export type KeptBecause =
  | { readonly cause: 'IN_USE'; readonly inUse: DayInUse }
  /** Attempts stay as long as a notification of their day does. */
  | { readonly cause: 'NOTIFICATIONS_KEPT' }
  /** Somebody uses this table, or DEFAULT; looked at again in the next round. */
  | { readonly cause: 'LOCKED'; readonly table: string }
  /** Somebody else's view or foreign key needs it. */
  | { readonly cause: 'DEPENDED_ON' }
  /** Looking or dropping took over a second, for which nobody else could use the table. */
  | { readonly cause: 'TOO_SLOW' };

/** What becomes of an attached table. */
export type Judgement =
  | { readonly kind: 'young' }
  | { readonly kind: 'default' }
  /** Not made by Hookline. */
  | { readonly kind: 'foreign' }
  | { readonly kind: 'over' }
  | { readonly kind: 'kept'; readonly because: KeptBecause };

export interface JudgedPartition {
  readonly partition: TablePartition;
  readonly judgement: Judgement;
}

/** What became of a partition that was to be dropped; `gone`: somebody dropped, detached or changed it meanwhile. */
export type DropAnswer =
  | { readonly kind: 'dropped'; readonly bytes: number }
  | { readonly kind: 'kept'; readonly because: KeptBecause }
  | { readonly kind: 'gone' };

const nothing: DayInUse = { pending: 0, resendItems: 0, claims: 0 };
const isUsed = ({ pending, resendItems, claims }: DayInUse) => pending + resendItems + claims > 0;

/**
 * What becomes of each attached table, payloads first, then notifications, then their attempts, each by age, on Postgres'
 * clock. Changes nothing. Throws a Failure.
 */
export async function judgePartitions(
  dataSource: DataSource,
  retention: Retention,
  { withBytes = false } = {},
): Promise<readonly JudgedPartition[]> {
  const sized = withBytes ? await unlessLocked(() => listNow(dataSource, true)) : null;
  const { attached, nowMs } = sized !== null && 'nowMs' in sized ? sized : await listNow(dataSource, false);
  const days = new Map<number, DayInUse | null>();
  const keptDays = new Set<number>();
  const judged: JudgedPartition[] = [];
  for (const partition of partitionedTables.flatMap((table) => attached.filter((one) => one.table === table))) {
    const { table, bound, dayMs: firstMs } = partition;
    const isDue = firstMs !== null && isOver(table, firstMs, nowMs, retention);
    if (isDue && !days.has(firstMs)) days.set(firstMs, await dayInUse(dataSource, firstMs));
    const judgement: Judgement = isDue
      ? judgeDue(partition, days.get(firstMs) ?? null, keptDays)
      : { kind: firstMs !== null ? 'young' : bound === 'DEFAULT' ? 'default' : 'foreign' };
    if (table === 'notifications' && firstMs !== null && judgement.kind !== 'over') keptDays.add(firstMs);
    judged.push({ partition, judgement });
  }
  return judged;
}

function listNow(dataSource: DataSource, withBytes: boolean) {
  return inTransaction(dataSource, async (tx) => {
    await shortLocks(tx);
    const [row] = await rowsOf<{ now_ms: string }>(tx, 'SELECT extract(epoch FROM now()) * 1000 AS now_ms', []);
    return { attached: await attachedTables(tx, { withBytes }), nowMs: Number(row?.now_ms) };
  });
}

function judgeDue({ table, dayMs: firstMs }: TablePartition, inUse: DayInUse | null, keptDays: ReadonlySet<number>) {
  if (inUse === null) return { kind: 'kept', because: { cause: 'LOCKED', table: 'notifications' } } as const;
  if (isUsed(inUse)) return { kind: 'kept', because: { cause: 'IN_USE', inUse } } as const;
  if (table === 'attempts' && firstMs !== null && keptDays.has(firstMs))
    return { kind: 'kept', because: { cause: 'NOTIFICATIONS_KEPT' } } as const;
  return { kind: 'over' } as const;
}

/** Null: somebody has locked what must be asked. */
async function dayInUse(dataSource: DataSource, firstMs: number): Promise<DayInUse | null> {
  const answer = await unlessLocked(() =>
    inTransaction(dataSource, async (tx) => {
      await shortLocks(tx);
      return inUseOf(tx, firstMs);
    }),
  );
  return 'cause' in answer ? null : answer;
}

async function inUseOf(tx: Transaction, firstMs: number): Promise<DayInUse> {
  await rowsOf(tx, 'SET LOCAL enable_seqscan = off', []);
  const count = (from: string) => `(SELECT count(*) FROM (SELECT FROM ${from} LIMIT ${inUseMax}) AS few)::int`;
  const [row] = await rowsOf<DayInUse>(
    tx,
    // next_attempt_at, which every pending row has, has the index; a scan of the whole day would hold everybody up.
    `SELECT ${count("notifications WHERE id >= $1 AND id < $2 AND state = 'pending' AND next_attempt_at IS NOT NULL")}
              AS pending,
            ${count(`resend_job_items WHERE state IN ('requested', 'claimed')
                        AND notification_id >= $1 AND notification_id < $2`)} AS "resendItems",
            ${count('claims WHERE notification_id >= $1 AND notification_id < $2')} AS claims`,
    idsOfDay(firstMs),
  );
  return row ?? nothing;
}

/**
 * Drops one partition, in a transaction of its own that first locks, then judges again, then drops: whatever was written
 * before is seen, and whatever comes later finds no partition. Gives up instead of waiting. Throws a Failure.
 */
export async function dropPartition(dataSource: DataSource, partition: TablePartition): Promise<DropAnswer> {
  const { table, name } = partition;
  let used: string = table;
  const answer = await unlessLocked(() =>
    inTransaction(dataSource, async (tx) => {
      await shortLocks(tx);
      await rowsOf(tx, `LOCK TABLE ONLY ${table} IN ACCESS EXCLUSIVE MODE`, []);
      used = name;
      await rowsOf(tx, `SET LOCAL statement_timeout = ${statementMsMax}`, []);
      return dropUnused(tx, partition);
    }),
  );
  if (!('cause' in answer)) return answer;
  const { cause } = answer;
  return { kind: 'kept', because: cause === 'LOCKED' ? { cause, table: used } : { cause } };
}

/** The parent was locked first, as every other statement does; as it is ours now, nothing below it is waited for. */
async function dropUnused(tx: Transaction, { table, name, dayMs: firstMs }: TablePartition): Promise<DropAnswer> {
  if (firstMs === null) return { kind: 'gone' };
  const [found] = await attachedTables(tx, { name });
  if (found === undefined || found.table !== table || found.dayMs !== firstMs) return { kind: 'gone' };
  const below = [found.sqlName, ...(await defaultOf(tx, table))].map((one) => `ONLY ${one}`).join(', ');
  await rowsOf(tx, `LOCK TABLE ${below} IN ACCESS EXCLUSIVE MODE NOWAIT`, []);
  const inUse = await inUseOf(tx, firstMs);
  if (isUsed(inUse)) return { kind: 'kept', because: { cause: 'IN_USE', inUse } };
  if (table === 'attempts' && (await hasNotifications(tx, firstMs)))
    return { kind: 'kept', because: { cause: 'NOTIFICATIONS_KEPT' } };
  const [size] = await rowsOf<{ bytes: string }>(tx, 'SELECT pg_total_relation_size($1::regclass) AS bytes', [
    found.sqlName,
  ]);
  await rowsOf(tx, `DROP TABLE ${found.sqlName}`, []);
  return { kind: 'dropped', bytes: Number(size?.bytes ?? 0) };
}

async function shortLocks(tx: Transaction): Promise<void> {
  await rowsOf(tx, `SET LOCAL lock_timeout = ${lockMsMax}`, []);
}

/** Dropping a partition changes what DEFAULT may hold, so Postgres locks it too. */
async function defaultOf(tx: Transaction, table: PartitionedTable): Promise<readonly string[]> {
  const statement =
    'SELECT partdefid::regclass::text AS name FROM pg_partitioned_table WHERE partrelid = $1::regclass AND partdefid <> 0';
  return (await rowsOf<{ name: string }>(tx, statement, [table])).map(({ name }) => name);
}

async function hasNotifications(tx: Transaction, firstMs: number): Promise<boolean> {
  const statement = 'SELECT FROM notifications WHERE id >= $1 AND id < $2 LIMIT 1';
  return (await rowsOf(tx, statement, idsOfDay(firstMs))).length > 0;
}

function idsOfDay(firstMs: number): readonly string[] {
  return [leastIdOf(firstMs), leastIdOf(firstMs + dayMs)];
}

/** SQLSTATEs that only say: not now, or not while that is there (PostgreSQL, appendix A). */
const causes: Readonly<Record<string, Exclude<KeptBecause['cause'], 'IN_USE' | 'NOTIFICATIONS_KEPT'>>> = {
  '55P03': 'LOCKED', // lock_not_available
  '40P01': 'LOCKED', // deadlock_detected
  '2BP01': 'DEPENDED_ON', // dependent_objects_still_exist
  '57014': 'TOO_SLOW', // query_canceled
};

async function unlessLocked<T extends object>(
  ask: () => Promise<T>,
): Promise<T | { readonly cause: 'LOCKED' | 'DEPENDED_ON' | 'TOO_SLOW' }> {
  try {
    return await ask();
  } catch (error) {
    const cause = causes[storeFailure(error).options.detail ?? ''];
    if (cause === undefined) throw error;
    return { cause };
  }
}
