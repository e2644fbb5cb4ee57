import { ensurePartitions } from '#audit/partitions';
import type { DataSource } from '#postgres/data-source';
import { dutyLocks } from '#postgres/locks';
import type { Log } from '#telemetry/log';
import type { Duty } from './duty.js';
import { keepPartitions } from './keep-partitions.js';
import type { RetrySchedulerConfig } from './retry-scheduler.config.js';

const everyMs = 3_600_000;

/** Makes the table partitions of the next days. */
export function createPartitionsDuty(config: RetrySchedulerConfig, log: Log, store: DataSource): Duty {
  const ensure = (days: number) => ensurePartitions(store, days, config.PAYLOAD_RETENTION);
  return {
    ...{ name: 'partitions', everyMs, lock: dutyLocks.keepPartitions, store },
    run: () => keepPartitions({ ensure, log }),
  };
}
