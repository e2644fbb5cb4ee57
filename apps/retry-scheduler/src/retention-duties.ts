import { countDefaultRows, moveFromDefault } from '#audit/default-rows';
import { oldRowsOf } from '#audit/old-rows';
import { dropPartition, judgePartitions } from '#audit/retention';
import type { Clock } from '#domain/clock';
import type { PartitionedTable } from '#domain/table-partition';
import { createDataSource, type DataSource, openDataSource } from '#postgres/data-source';
import { dutyLocks } from '#postgres/locks';
import { oldRowRetentionOf, retentionOf } from '#runtime/config-values';
import { type GaugeReading, gauge } from '#telemetry/instruments';
import type { Log } from '#telemetry/log';
import { dropPartitions } from './drop-partitions.js';
import type { Duty } from './duty.js';
import { removeRows } from './remove-rows.js';
import type { RetrySchedulerConfig } from './retry-scheduler.config.js';
import { watchDefault } from './watch-default.js';

const dropMs = 3_600_000;
const watchMs = 60_000;
const removeMs = 60_000;
/** What a dry run says is of days: saying it each minute would only fill the log. */
const planMs = 3_600_000;
/** For each of the three duties its lock and its transaction. */
const poolMax = 6;

/** What the duties have in common with the others of the process. */
export interface RetentionParts {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/**
 * Drops old table partitions, removes old rows and watches DEFAULT, over connections of their own: however long a table is
 * locked, no other duty waits for them.
 */
export function createRetentionDuties(config: RetrySchedulerConfig, parts: RetentionParts) {
  const { clock, signal, log } = parts;
  const pool = { url: config.DATABASE_URL, applicationName: 'hookline.retry-scheduler.retention' };
  const store = createDataSource({ ...pool, poolMax });
  return {
    duties: [createWatch(store, log), ...createDrop(config, store, parts), ...createRemove(config, store, parts)],
    open: () => openDataSource(store, log, clock, signal),
    close: () => store.destroy(),
  };
}

/** None where it is switched off. */
function createDrop(
  config: RetrySchedulerConfig,
  store: DataSource,
  { clock, signal, log }: RetentionParts,
): readonly Duty[] {
  const { RETENTION: mode } = config;
  if (mode === 'off') return [];
  const retention = retentionOf(config);
  const judge = () => judgePartitions(store, retention);
  const drop: Parameters<typeof dropPartitions>[0]['drop'] = (partition) => dropPartition(store, partition, retention);
  let overdue: readonly GaugeReading[] = [];
  gauge('hookline_partitions_overdue', () => overdue);
  return [
    {
      ...{ name: 'retention', everyMs: dropMs, lock: dutyLocks.dropPartitions, store },
      run: async () => {
        overdue = await dropPartitions({ mode, judge, drop, clock, signal, log });
      },
      isElsewhere: () => {
        overdue = [];
      },
    },
  ];
}

/** None where it is switched off. */
function createRemove(
  config: RetrySchedulerConfig,
  store: DataSource,
  { clock, signal, log }: RetentionParts,
): readonly Duty[] {
  const { RETENTION: mode } = config;
  if (mode === 'off') return [];
  const tables = oldRowsOf(store, oldRowRetentionOf(config));
  const everyMs = mode === 'on' ? removeMs : planMs;
  const run = () => removeRows({ mode, tables, clock, signal, log });
  return [{ ...{ name: 'rows', everyMs, lock: dutyLocks.removeRows, store }, run }];
}

function createWatch(store: DataSource, log: Log): Duty {
  let found: readonly GaugeReading[] = [];
  gauge('hookline_default_partition_rows', () => found);
  const deps = {
    countRows: () => countDefaultRows(store),
    move: (table: PartitionedTable) => moveFromDefault(store, table),
    patience: new Map(),
    log,
  };
  const run = async () => {
    found = await watchDefault(deps);
  };
  return { ...{ name: 'default', everyMs: watchMs, lock: dutyLocks.watchDefault, store }, run };
}
