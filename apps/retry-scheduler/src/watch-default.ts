import { type PartitionedTable, partitionedTables } from '#domain/table-partition';
import type { GaugeReading } from '#telemetry/instruments';
import type { Log } from '#telemetry/log';

/** What watching DEFAULT touches. */
export interface WatchDefaultDeps {
  readonly countRows: () => Promise<Readonly<Record<PartitionedTable, number>>>;
  /** Newest first: rows keep coming where today's partition is missing. */
  readonly daysInDefault: (daysMax: number) => Promise<readonly number[]>;
  /** Answers how many rows were moved. */
  readonly move: (firstMs: number) => Promise<number>;
  readonly log: Log;
}

/** Further days are moved in the next round. */
const daysMax = 31;

/**
 * Looks whether the DEFAULT partitions are empty, which they must be, and moves what lies there into the partitions of its
 * days. Answers the rows that were found. Running it twice, or on two schedulers at once, moves once. Throws a Failure.
 */
export async function watchDefault({ countRows, daysInDefault, move, log }: WatchDefaultDeps) {
  const found = await countRows();
  const readings: readonly GaugeReading[] = partitionedTables.map((table) => ({
    value: found[table],
    labels: { table },
  }));
  if (readings.every(({ value }) => value === 0)) return readings;
  log.warn('partitions.defaultNotEmpty', { rows: found });
  for (const firstMs of await daysInDefault(daysMax)) {
    const rows = await move(firstMs);
    if (rows > 0) log.info('partitions.moved', { day: new Date(firstMs).toISOString().slice(0, 10), rows });
  }
  return readings;
}
