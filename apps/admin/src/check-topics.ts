import { topicSpecs } from '#contracts/topics';
import { type Clock, systemClock } from '#domain/clock';
import { Failure } from '#domain/failure';
import { inspectKafka } from '#kafka/kafkajs/topic-inspection';
import { TopicCheck } from '#kafka/topic-check';
import type { Difference } from '#kafka/topic-differences';
import { kafkaSettingsOf, topicSettingsOf } from '#runtime/config-values';
import { remembered } from '#runtime/remembered';
import type { Log } from '#telemetry/log';
import type { AdminConfig } from './admin.config.js';

/** How all topics of the installation, and the brokers, differ from what is wanted. */
export interface TopicsChecked {
  readonly topics: readonly string[];
  readonly differences: readonly Difference[];
}

/** Whoever asks within this shares one look at the brokers. */
const answerAgeMs = 1_000;

/** Looks at Kafka whenever it is asked. Throws BROKER_UNAVAILABLE while no broker answers. */
export function topicsChecker(config: AdminConfig, log: Log, clock: Clock): () => Promise<TopicsChecked> {
  const topics = topicSpecs(topicSettingsOf(config));
  const check = async () => {
    const differences = await inspectKafka(kafkaSettingsOf(config), topics, log).catch((cause: unknown) => {
      throw new Failure('BROKER_UNAVAILABLE', `Kafka: ${String(cause)}`, { retryable: true, cause });
    });
    return { topics: topics.map(({ name }) => name), differences };
  };
  return remembered(check, answerAgeMs, clock);
}

/**
 * Says what differs in the log and in the metric. The admin reads no topic and starts whatever they are: it is where an
 * operator asks what is wrong with them.
 */
export function watchTopics(config: AdminConfig, log: Log, signal: AbortSignal): void {
  const topics = topicSpecs(topicSettingsOf(config));
  void new TopicCheck({ kafka: kafkaSettingsOf(config), topics, signal, log, clock: systemClock }).watch();
}
