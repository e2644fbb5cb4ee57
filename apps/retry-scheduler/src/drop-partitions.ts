/**
 * Table partitions older than the retention -> dropped; what is kept, and why, is said.
 *
 * A plain DROP of the attached partition, one in a transaction. Detaching it first would be no gentler: DETACH wants the
 * same ACCESS EXCLUSIVE lock on the parent, and its CONCURRENTLY is refused while there is a DEFAULT partition. It would be
 * a second change of the parent's partitions, each of which makes every session plan anew, and killed between the two it
 * leaves a table that nobody knows. A DROP holds the lock for changes of the catalogue, and before them for a look by keys at
 * what is not finished: Postgres removes the files after the locks are released. No table of ours has a foreign key to
 * these, so no other table is locked or read for one.
 *
 * The order is payloads, notifications, attempts: without its notification no attempt can be claimed, so none is written
 * once its partition is gone. Notifications go a DEDUPE_WINDOW after their payloads at the earliest, whatever the retentions
 * are: an event that took its time from a day with payloads may come again for so long, and finds its notification. Killed at any point: each transaction is whole, and the next round goes on. Several
 * schedulers at once: one has the lock of the duty; a partition that is gone already is passed over.
 */

import type { TablePartition } from '#audit/partitions';
import type { DropAnswer, JudgedPartition, KeptBecause } from '#audit/retention';
import type { Clock } from '#domain/clock';
import { overlaps, partitionedTables } from '#domain/table-partition';
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
  const planned = due.slice(0, dropsMax);
  if (due.length > 0)
    log.info('retention.planned', { mode, due: due.length, partitions: planned.map(({ name }) => name) });
  const done = mode === 'on' ? await dropAll(planned, deps) : nothingDone;
  const keptBefore = judged.flatMap(keptOf);
  const kept = [...keptBefore, ...done.kept];
  for (const { partition, because } of kept) log.info('partition.kept', { partition: partition.name, ...because });
  const old = keptBefore.flatMap(({ partition, because }) => (because.cause === 'NOT_OURS' ? [] : [partition]));
  const left = [...old, ...due.filter((one) => !done.gone.has(one))];
  if (due.length > 0 || kept.length > 0)
    log.info('retention.finished', { mode, dropped: done.dropped, left: left.length });
  return partitionedTables.map((table) => ({
    value: left.filter((one) => one.table === table).length,
    labels: { table },
  }));
}

function keptOf({ partition, judgement }: JudgedPartition): readonly Kept[] {
  if (judgement.kind === 'foreign') return [{ partition, because: { cause: 'NOT_OURS' } }];
  return judgement.kind === 'kept' ? [{ partition, because: judgement.because }] : [];
}

/** What became of the partitions that were to be dropped; `gone` are also those that somebody else dropped meanwhile. */
interface Done {
  readonly dropped: number;
  readonly gone: ReadonlySet<TablePartition>;
  readonly kept: readonly Kept[];
}

const nothingDone: Done = { dropped: 0, gone: new Set(), kept: [] };

async function dropAll(due: readonly TablePartition[], deps: DropPartitionsDeps): Promise<Done> {
  const gone = new Set<TablePartition>();
  const kept: Kept[] = [];
  let dropped = 0;
  for (const partition of due) {
    if (deps.signal.aborted) break;
    const because = keptBy(partition, kept);
    const answer: DropAnswer = because === null ? await deps.drop(partition) : { kind: 'kept', because };
    if (answer.kind === 'kept') kept.push({ partition, because: answer.because });
    else gone.add(partition);
    if (answer.kind !== 'dropped') continue;
    const { table, name, rows } = partition;
    dropped++;
    count('hookline_partitions_dropped_total', { table });
    deps.log.info('partition.dropped', { partition: name, rows, bytes: answer.bytes });
    await deps.clock.wait(pauseMs, deps.signal);
  }
  return { dropped, gone, kept };
}

/**
 * Why a partition stays after what was kept before it. A table that is used as a whole is left for the next round: asking
 * again at once would only hold others up again.
 */
function keptBy({ table, range }: TablePartition, kept: readonly Kept[]): KeptBecause | null {
  if (kept.some(({ because }) => because.cause === 'LOCKED' && because.table === table))
    return { cause: 'LOCKED', table };
  const isOfItsTime = ({ partition: { table: of, range: other } }: Kept) =>
    of === 'notifications' && other !== null && range !== null && overlaps(other, range);
  return table === 'attempts' && kept.some(isOfItsTime) ? { cause: 'NOTIFICATIONS_KEPT' } : null;
}
