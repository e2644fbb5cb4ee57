/**
 * Table partitions older than the retention -> dropped; what is kept, and why, is said.
 *
 * A plain DROP of the attached partition, one in a transaction. Detaching it first would be no gentler: DETACH wants the
 * same ACCESS EXCLUSIVE lock on the parent, and its CONCURRENTLY is refused while there is a DEFAULT partition. It would be
 * a second change of the parent's partitions, each of which makes every session plan anew, and killed between the two it
 * leaves a table that nobody knows. A DROP holds the lock for changes of the catalogue alone: Postgres removes the files
 * after the locks are released. No table of ours has a foreign key to these, so no other table is locked or read for one.
 *
 * The order is payloads, notifications, attempts: without its notification no attempt can be claimed, so none is written
 * once its partition is gone. Killed at any point: each transaction is whole, and the next round goes on. Several
 * schedulers at once: one has the lock of the duty; a partition that is gone already is passed over.
 */

import type { TablePartition } from '#audit/partitions';
import type { DropAnswer, JudgedPartition, KeptBecause } from '#audit/retention';
import type { Clock } from '#domain/clock';
import { type PartitionedTable, partitionedTables } from '#domain/table-partition';
import { count, type GaugeReading } from '#telemetry/instruments';
import type { Log } from '#telemetry/log';

/** What dropping touches. */
export interface DropPartitionsDeps {
  /** Whether partitions are dropped, or it is only said which would be. */
  readonly mode: 'on' | 'dry-run';
  /** Payloads first, then notifications, then attempts. */
  readonly judge: () => Promise<readonly JudgedPartition[]>;
  readonly drop: (partition: TablePartition) => Promise<DropAnswer>;
  readonly clock: Pick<Clock, 'wait'>;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** Every drop makes all sessions plan anew: they get time for their work in between. */
const pauseMs = 1_000;
/** The first round after years goes on in the next one. */
const dropsMax = 100;

interface Kept {
  readonly partition: TablePartition;
  readonly because: KeptBecause | { readonly cause: 'NOT_OURS' };
}

/** One round. Answers how many partitions of each table are older than the retention and still there. Throws a Failure. */
export async function dropPartitions(deps: DropPartitionsDeps): Promise<readonly GaugeReading[]> {
  const { mode, log } = deps;
  const judged = await deps.judge();
  const due = judged.flatMap(({ partition, judgement }) => (judgement.kind === 'over' ? [partition] : []));
  const kept = judged.flatMap(keptOf);
  const planned = due.slice(0, dropsMax).map(({ name }) => name);
  if (due.length > 0) log.info('retention.planned', { mode, due: due.length, partitions: planned });
  const result = mode === 'on' ? await dropAll(due.slice(0, dropsMax), deps) : { dropped: [], kept: [] };
  const stays = [...kept, ...result.kept];
  for (const { partition, because } of stays) log.info('partition.kept', { partition: partition.name, ...because });
  const left = partitionedTables.map((table) => {
    const isOf = ({ partition, because }: Kept) => partition.table === table && because.cause !== 'NOT_OURS';
    const overdue = due.filter((one) => one.table === table && !result.dropped.includes(one));
    const inKept = kept.filter(isOf).length;
    return { value: overdue.length + inKept, labels: { table } };
  });
  if (due.length > 0 || stays.length > 0) {
    const leftNow = left.reduce((sum, { value }) => sum + value, 0);
    log.info('retention.finished', { mode, dropped: result.dropped.length, left: leftNow });
  }
  return left;
}

function keptOf({ partition, judgement }: JudgedPartition): readonly Kept[] {
  if (judgement.kind === 'foreign') return [{ partition, because: { cause: 'NOT_OURS' } }];
  return judgement.kind === 'kept' ? [{ partition, because: judgement.because }] : [];
}

/** A table that is used as a whole is left for the next round: asking again at once would only hold others up again. */
async function dropAll(
  due: readonly TablePartition[],
  deps: DropPartitionsDeps,
): Promise<{ readonly dropped: readonly TablePartition[]; readonly kept: readonly Kept[] }> {
  const dropped: TablePartition[] = [];
  const kept: Kept[] = [];
  const locked = new Set<PartitionedTable>();
  const keptDays = new Set<number | null>();
  for (const partition of due) {
    if (deps.signal.aborted) break;
    const { table, name, dayMs } = partition;
    const answer: DropAnswer = locked.has(table)
      ? { kind: 'kept', because: { cause: 'LOCKED', table } }
      : table === 'attempts' && keptDays.has(dayMs)
        ? { kind: 'kept', because: { cause: 'NOTIFICATIONS_KEPT' } }
        : await deps.drop(partition);
    if (answer.kind === 'kept') {
      kept.push({ partition, because: answer.because });
      if (answer.because.cause === 'LOCKED' && answer.because.table === table) locked.add(table);
      if (table === 'notifications') keptDays.add(dayMs);
      continue;
    }
    if (answer.kind === 'gone') continue;
    dropped.push(partition);
    count('hookline_partitions_dropped_total', { table });
    deps.log.info('partition.dropped', { partition: name, rows: partition.rows, bytes: answer.bytes });
    await deps.clock.wait(pauseMs, deps.signal);
  }
  return { dropped, kept };
}
