import type { DataSource } from 'typeorm';
import {
  isOver,
  overlaps,
  type PartitionedTable,
  partitionedTables,
  type Retention,
  type TimeRange,
} from '#domain/table-partition';
import { inTransaction, rowsOf, type Transaction } from '#postgres/transaction';
import { attachedTables, type TablePartition } from './partitions.js';
import { forgetPayloadsGone, idsOf, mayBeRepeated, notePayloadsGone } from './payload-drops.js';
import { shortLocks, unlessLocked } from './unless-locked.js';

/** The lock is held no longer than this for one statement: what takes longer is left, milliseconds. */
const statementMsMax = 1_000;
/** Rows that keep a partition are counted no further than this: one is enough. */
const inUseMax = 10_000;

/** What of a partition's time is not finished, each up to 10,000. */
export interface RangeInUse {
  readonly pending: number;
  /** Resend items that are requested or claimed. */
  readonly resendItems: number;
  readonly claims: number;
}

/** Why a partition older than the retention stays. */
export type KeptBecause =
  | { readonly cause: 'IN_USE'; readonly inUse: RangeInUse }
  /** Attempts stay as long as a notification of their time does. */
  | { readonly cause: 'NOTIFICATIONS_KEPT' }
  /** Notifications stay as long as payloads of their time do. */
  | { readonly cause: 'PAYLOADS_KEPT' }
  /** Its payloads went so lately that an event may come again, which must find its notification. */
  | { readonly cause: 'MAY_BE_REPEATED' }
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

const nothing: RangeInUse = { pending: 0, resendItems: 0, claims: 0 };
const isUsed = ({ pending, resendItems, claims }: RangeInUse) => pending + resendItems + claims > 0;

/** What is found while judging, in the order of the tables. */
interface Found {
  readonly retention: Retention;
  /** Of those judged so far, by the name of their table. */
  readonly stay: Record<PartitionedTable, TimeRange[]>;
  readonly go: Record<PartitionedTable, TimeRange[]>;
}

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
  const empty = () => ({ notification_payloads: [], notifications: [], attempts: [] });
  const found: Found = { retention, stay: empty(), go: empty() };
  const judged: JudgedPartition[] = [];
  for (const partition of partitionedTables.flatMap((table) => attached.filter((one) => one.table === table))) {
    const { table, bound, range } = partition;
    const isDue = range !== null && isOver(table, range, nowMs, retention);
    const judgement: Judgement = isDue
      ? await judgeDue(dataSource, { table, range }, found)
      : { kind: range !== null ? 'young' : bound === 'DEFAULT' ? 'default' : 'foreign' };
    if (range !== null) found[judgement.kind === 'over' ? 'go' : 'stay'][table].push(range);
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

async function judgeDue(
  dataSource: DataSource,
  { table, range }: { readonly table: PartitionedTable; readonly range: TimeRange },
  { retention, stay, go }: Found,
): Promise<Judgement> {
  const { repeatMs } = retention;
  const kept = (because: KeptBecause) => ({ kind: 'kept', because }) as const;
  const answer = await unlessLocked(() =>
    inTransaction(dataSource, async (tx) => {
      await shortLocks(tx);
      return { inUse: await inUseOf(tx, range), isLate: await mayBeRepeated(tx, range, repeatMs) };
    }),
  );
  if ('cause' in answer) return kept({ cause: 'LOCKED', table: 'notifications' });
  if (isUsed(answer.inUse)) return kept({ cause: 'IN_USE', inUse: answer.inUse });
  const isAmong = (ranges: readonly TimeRange[]) => ranges.some((one) => overlaps(one, range));
  if (table === 'attempts' && isAmong(stay.notifications)) return kept({ cause: 'NOTIFICATIONS_KEPT' });
  if (table === 'notifications' && isAmong(stay.notification_payloads)) return kept({ cause: 'PAYLOADS_KEPT' });
  const goesWithThem = repeatMs > 0 && isAmong(go.notification_payloads);
  if (table === 'notifications' && (goesWithThem || answer.isLate)) return kept({ cause: 'MAY_BE_REPEATED' });
  return { kind: 'over' };
}

async function inUseOf(tx: Transaction, range: TimeRange): Promise<RangeInUse> {
  await rowsOf(tx, 'SET LOCAL enable_seqscan = off', []);
  const count = (from: string) => `(SELECT count(*) FROM (SELECT FROM ${from} LIMIT ${inUseMax}) AS few)::int`;
  const [row] = await rowsOf<RangeInUse>(
    tx,
    // next_attempt_at, which every pending row has, has the index; a scan of the whole partition would hold everybody up.
    `SELECT ${count("notifications WHERE id >= $1 AND id < $2 AND state = 'pending' AND next_attempt_at IS NOT NULL")}
              AS pending,
            ${count(`resend_job_items WHERE state IN ('requested', 'claimed')
                        AND notification_id >= $1 AND notification_id < $2`)} AS "resendItems",
            ${count('claims WHERE notification_id >= $1 AND notification_id < $2')} AS claims`,
    idsOf(range),
  );
  return row ?? nothing;
}

/**
 * Drops one partition, in a transaction of its own that first locks, then judges again, then drops: whatever was written
 * before is seen, and whatever comes later finds no partition. Gives up instead of waiting. Throws a Failure.
 */
export async function dropPartition(
  dataSource: DataSource,
  partition: TablePartition,
  { repeatMs }: Pick<Retention, 'repeatMs'>,
): Promise<DropAnswer> {
  const { table, name } = partition;
  let used: string = table;
  const answer = await unlessLocked(() =>
    inTransaction(dataSource, async (tx) => {
      await shortLocks(tx);
      await rowsOf(tx, `LOCK TABLE ONLY ${table} IN ACCESS EXCLUSIVE MODE`, []);
      used = name;
      await rowsOf(tx, `SET LOCAL statement_timeout = ${statementMsMax}`, []);
      return dropUnused(tx, partition, repeatMs);
    }),
  );
  if (!('cause' in answer)) return answer;
  const { cause } = answer;
  return { kind: 'kept', because: cause === 'LOCKED' ? { cause, table: used } : { cause } };
}

/** The parent was locked first, as every other statement does; as it is ours now, nothing below it is waited for. */
async function dropUnused(tx: Transaction, partition: TablePartition, repeatMs: number): Promise<DropAnswer> {
  const { table, name, range } = partition;
  if (range === null) return { kind: 'gone' };
  const [found] = await attachedTables(tx, { name });
  if (found?.table !== table || found.bound !== partition.bound || found.range === null) return { kind: 'gone' };
  const below = [found.sqlName, ...(await defaultOf(tx, table))].map((one) => `ONLY ${one}`).join(', ');
  await rowsOf(tx, `LOCK TABLE ${below} IN ACCESS EXCLUSIVE MODE NOWAIT`, []);
  const because = await keptBecause(tx, { table, range, repeatMs });
  if (because !== null) return { kind: 'kept', because };
  const [size] = await rowsOf<{ bytes: string }>(tx, 'SELECT pg_total_relation_size($1::regclass) AS bytes', [
    found.sqlName,
  ]);
  await rowsOf(tx, `DROP TABLE ${found.sqlName}`, []);
  if (table === 'notification_payloads') await notePayloadsGone(tx, range);
  if (table === 'notifications') await forgetPayloadsGone(tx, range);
  return { kind: 'dropped', bytes: Number(size?.bytes ?? 0) };
}

interface Locked {
  readonly table: PartitionedTable;
  readonly range: TimeRange;
  readonly repeatMs: number;
}

/** Judged again, under the lock. */
async function keptBecause(tx: Transaction, { table, range, repeatMs }: Locked): Promise<KeptBecause | null> {
  const inUse = await inUseOf(tx, range);
  if (isUsed(inUse)) return { cause: 'IN_USE', inUse };
  if (table === 'attempts') return (await hasNotifications(tx, range)) ? { cause: 'NOTIFICATIONS_KEPT' } : null;
  if (table === 'notification_payloads') return null;
  const attached = await attachedTables(tx);
  const payloads = attached.filter((one) => one.table === 'notification_payloads');
  if (payloads.some((one) => one.range !== null && overlaps(one.range, range))) return { cause: 'PAYLOADS_KEPT' };
  return (await mayBeRepeated(tx, range, repeatMs)) ? { cause: 'MAY_BE_REPEATED' } : null;
}

/** Dropping a partition changes what DEFAULT may hold, so Postgres locks it too. */
async function defaultOf(tx: Transaction, table: PartitionedTable): Promise<readonly string[]> {
  const statement =
    'SELECT partdefid::regclass::text AS name FROM pg_partitioned_table WHERE partrelid = $1::regclass AND partdefid <> 0';
  return (await rowsOf<{ name: string }>(tx, statement, [table])).map(({ name }) => name);
}

async function hasNotifications(tx: Transaction, range: TimeRange): Promise<boolean> {
  const statement = 'SELECT FROM notifications WHERE id >= $1 AND id < $2 LIMIT 1';
  return (await rowsOf(tx, statement, idsOf(range))).length > 0;
}
