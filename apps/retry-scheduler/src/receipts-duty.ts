import { readProgress } from '#audit/progress';
import { switchReceipts } from '#audit/receipts';
import { eventTopicsOf } from '#contracts/topics';
import type { Clock } from '#domain/clock';
import type { KafkaRecordProducer } from '#kafka/record-producer';
import type { DataSource } from '#postgres/data-source';
import { dutyLocks } from '#postgres/locks';
import { topicSettingsOf } from '#runtime/config-values';
import type { Log } from '#telemetry/log';
import type { Duty } from './duty.js';
import { keepReceipts } from './keep-receipts.js';
import { partitionsOfAll } from './partitions-of-all.js';
import type { RetrySchedulerConfig } from './retry-scheduler.config.js';

const everyMsMax = 60_000;

/**
 * Forgets old receipts. Of operator events it does not wait for the readers: those carry their time, so that one which is read
 * again has the same ids without a receipt.
 */
export function createReceiptsDuty(
  config: RetrySchedulerConfig,
  log: Log,
  {
    store,
    producer,
    clock,
  }: { readonly store: DataSource; readonly producer: KafkaRecordProducer; readonly clock: Clock },
): Duty {
  const topics = eventTopicsOf(topicSettingsOf(config));
  const deps = {
    readProgress: () => readProgress(store, topics),
    partitions: () => partitionsOfAll(topics, producer),
    switchReceipts: (rule: Parameters<typeof switchReceipts>[1]) => switchReceipts(store, rule),
    windowMs: config.DEDUPE_WINDOW,
    clock,
    log,
  };
  const everyMs = Math.min(everyMsMax, config.DEDUPE_WINDOW);
  return { ...{ name: 'receipts', everyMs, lock: dutyLocks.keepReceipts, store }, run: () => keepReceipts(deps) };
}
