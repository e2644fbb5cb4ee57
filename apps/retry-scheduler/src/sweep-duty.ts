import { closeLostLeases, findOverdue, findRequestedItems, markAsked } from '#audit/overdue';
import { readProgress } from '#audit/progress';
import { topicNames } from '#contracts/topics';
import type { Clock } from '#domain/clock';
import { endpointKey } from '#domain/ids';
import { partitionOfKey } from '#kafka/kafkajs/partition-of-key';
import type { KafkaRecordProducer } from '#kafka/record-producer';
import type { DataSource } from '#postgres/data-source';
import { dutyLocks } from '#postgres/locks';
import { topicSettingsOf } from '#runtime/config-values';
import type { Log } from '#telemetry/log';
import { AskPace, askWaitMsMax } from './ask-pace.js';
import type { Duty } from './duty.js';
import { PageCursor } from './page-cursor.js';
import { partitionsOfAll } from './partitions-of-all.js';
import type { RetrySchedulerConfig } from './retry-scheduler.config.js';
import type { StoreWatch } from './store-watch.js';
import { type SweepOverdueDeps, sweepOverdue } from './sweep-overdue.js';

const pageRows = 1_000;

interface SweepParts {
  readonly store: DataSource;
  readonly producer: KafkaRecordProducer;
  readonly watch: StoreWatch;
  readonly clock: Clock;
}

/** Asks again for what was lost. */
export function createSweepDuty(
  config: RetrySchedulerConfig,
  log: Log,
  { store, producer, watch, clock }: SweepParts,
): Duty {
  const { prefix, tiers } = topicSettingsOf(config);
  const deliveriesTopic = topicNames.deliveries(prefix);
  const tierTopics = tiers.map(({ topic }) => topic);
  const graceMs = config.SWEEP_GRACE_MS;
  const deps: SweepOverdueDeps = {
    findOverdue: (dueBeforeMs, after) =>
      findOverdue(store, { dueBeforeMs, graceMs, askWaitMsMax, rowsMax: pageRows, after }),
    findRequestedItems: (after) => findRequestedItems(store, { graceMs, rowsMax: pageRows, after }),
    closeLostLeases: () => closeLostLeases(store, pageRows),
    markAsked: (deliveries) => markAsked(store, deliveries),
    readProgress: async () => ({
      deliveries: await readProgress(store, [deliveriesTopic]),
      tiers: await readProgress(store, tierTopics),
      tierPartitions: await partitionsOfAll(tierTopics, producer),
    }),
    mayJudgeLeases: () => watch.hasAnsweredLongEnough(),
    partitionOf: async ({ tenantId, endpointId, shard }) =>
      partitionOfKey(endpointKey(tenantId, endpointId), await producer.partitionsOf(deliveriesTopic), shard),
    pace: new AskPace(graceMs),
    itemPace: new AskPace(graceMs),
    pages: new PageCursor(),
    itemPages: new PageCursor(),
    deliveriesTopic,
    producer,
    clock,
    log,
  };
  const everyMs = config.SWEEP_INTERVAL_MS;
  return { ...{ name: 'sweep', everyMs, lock: dutyLocks.sweep, store }, run: () => sweepOverdue(deps) };
}
