import type { MoveAnswer } from '#audit/default-rows';
import { type PartitionedTable, partitionedTables } from '#domain/table-partition';
import type { GaugeReading } from '#telemetry/instruments';
import type { Log } from '#telemetry/log';

/** What watching DEFAULT touches. */
export interface WatchDefaultDeps {
  readonly countRows: () => Promise<Readonly<Record<PartitionedTable, number>>>;
  readonly move: (table: PartitionedTable) => Promise<MoveAnswer>;
  /** Kept by the caller from round to round. */
  readonly patience: Map<PartitionedTable, Patience>;
  readonly log: Log;
}

/** A table that could not be moved is left alone for ever more rounds: each try has held others up for a moment. */
export interface Patience {
  readonly failures: number;
  readonly roundsLeft: number;
}

const roundsMax = 60;

/**
 * Looks whether the DEFAULT partitions are empty, which they must be, and moves what lies there into the partitions of its
 * time. Answers the rows that were found. Running it twice, or on two schedulers at once, moves once. Throws a Failure.
 */
export async function watchDefault({ countRows, move, patience, log }: WatchDefaultDeps) {
  const found = await countRows();
  const readings: readonly GaugeReading[] = partitionedTables.map((table) => ({
    value: found[table],
    labels: { table },
  }));
  if (readings.every(({ value }) => value === 0)) return readings;
  log.warn('partitions.defaultNotEmpty', { rows: found });
  for (const table of partitionedTables) {
    if (found[table] === 0) continue;
    const { failures, roundsLeft } = patience.get(table) ?? { failures: 0, roundsLeft: 0 };
    if (roundsLeft > 0) {
      patience.set(table, { failures, roundsLeft: roundsLeft - 1 });
      continue;
    }
    const answer = await move(table);
    if (answer.kind === 'moved') {
      patience.delete(table);
      const { rows, partitions } = answer;
      if (partitions.length > 0) log.info('partitions.moved', { table, rows, partitions });
      continue;
    }
    const rounds = Math.min(2 ** failures, roundsMax);
    patience.set(table, { failures: failures + 1, roundsLeft: rounds });
    log.warn('partitions.moveHindered', { table, cause: answer.cause, roundsLeftOut: rounds });
  }
  return readings;
}
