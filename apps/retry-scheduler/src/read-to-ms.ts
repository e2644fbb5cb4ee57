import { readProgress } from '#audit/progress';
import { topicNames } from '#contracts/topics';
import type { KafkaRecordProducer } from '#kafka/record-producer';
import type { DataSource } from '#postgres/data-source';
import { topicSettingsOf } from '#runtime/config-values';
import { partitionsOfAll } from './partitions-of-all.js';
import type { RetrySchedulerConfig } from './retry-scheduler.config.js';

/**
 * Up to when `deliveries` and every tier are read, milliseconds since the epoch; null: one of their partitions has said
 * nothing yet, or no broker answers. Throws a Failure.
 */
export async function readToMs(
  config: RetrySchedulerConfig,
  store: DataSource,
  producer: KafkaRecordProducer,
): Promise<number | null> {
  const { prefix, tiers } = topicSettingsOf(config);
  const topics = [topicNames.deliveries(prefix), ...tiers.map(({ topic }) => topic)];
  const progress = await readProgress(store, topics);
  const partitions = await partitionsOfAll(topics, producer).catch(() => null);
  if (progress.length === 0 || partitions === null || progress.length < partitions) return null;
  return Math.min(...progress.map(({ readToMs: ms }) => ms));
}
