import { oldRowsOf } from '#audit/old-rows';
import { countDefaultRows, daysInDefault, moveFromDefault } from '#audit/partitions';
import { dropPartition, judgePartitions } from '#audit/retention';
import type { Clock } from '#domain/clock';
import { createDataSource, type DataSource, openDataSource } from '#postgres/data-source';
import { dutyLocks, withDutyLock } from '#postgres/locks';
import { oldRowRetentionOf, retentionOf } from '#runtime/config-values';
import { repeat } from '#runtime/repeat';
import { type GaugeReading, gauge } from '#telemetry/instruments';
import type { Log } from '#telemetry/log';
import { dropPartitions } from './drop-partitions.js';
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
 * Drops old table partitions, removes old rows and watches DEFAULT, each under a lock, over connections of their own:
 * however long a table is locked, no other duty waits for them.
 */
export function createRetentionDuties(config: RetrySchedulerConfig, parts: RetentionParts) {
  const { clock, signal, log } = parts;
  const pool = { url: config.DATABASE_URL, applicationName: 'hookline.retry-scheduler.retention' };
  const store = createDataSource({ ...pool, poolMax });
  const drop = createDrop(config, store, parts);
  const watch = createWatch(store, log);
  const remove = createRemove(config, store, parts);
  const start = () =>
    void openDataSource(store, log, clock, signal).then(() => {
      void repeat(watch, { name: 'default', everyMs: watchMs, signal, clock, log });
      if (drop !== null) void repeat(drop, { name: 'retention', everyMs: dropMs, signal, clock, log });
      const everyMs = config.RETENTION === 'on' ? removeMs : planMs;
      if (remove !== null) void repeat(remove, { name: 'rows', everyMs, signal, clock, log });
    });
  return { start, stop: () => store.destroy() };
}

/** Null: switched off. */
function createDrop(config: RetrySchedulerConfig, store: DataSource, { clock, signal, log }: RetentionParts) {
  const { RETENTION: mode } = config;
  if (mode === 'off') return null;
  const retention = retentionOf(config);
  const judge = () => judgePartitions(store, retention);
  const drop: Parameters<typeof dropPartitions>[0]['drop'] = (partition) => dropPartition(store, partition, retention);
  let overdue: readonly GaugeReading[] = [];
  gauge('hookline_partitions_overdue', () => overdue);
  return async () => {
    const round = () => dropPartitions({ mode, judge, drop, clock, signal, log });
    overdue = (await withDutyLock(store, dutyLocks.dropPartitions, round)) ?? [];
  };
}

/** Null: switched off. */
function createRemove(config: RetrySchedulerConfig, store: DataSource, { clock, signal, log }: RetentionParts) {
  const { RETENTION: mode } = config;
  if (mode === 'off') return null;
  const tables = oldRowsOf(store, oldRowRetentionOf(config));
  const round = () => removeRows({ mode, tables, clock, signal, log });
  return async () => void (await withDutyLock(store, dutyLocks.removeRows, round));
}

function createWatch(store: DataSource, log: Log) {
  let found: readonly GaugeReading[] = [];
  gauge('hookline_default_partition_rows', () => found);
  const deps = {
    countRows: () => countDefaultRows(store),
    daysInDefault: (daysMax: number) => daysInDefault(store, daysMax),
    move: (firstMs: number) => moveFromDefault(store, firstMs),
    log,
  };
  return async () => {
    found = (await withDutyLock(store, dutyLocks.watchDefault, () => watchDefault(deps))) ?? found;
  };
}
