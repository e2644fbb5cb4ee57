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
import type { EffectiveSchedules, ScheduleDifference } from './effective-schedules.js';

/** Of a topic, a broker or a retry schedule. */
export type AnyDifference = Difference | ScheduleDifference;

/** How all topics of the installation, the brokers and the retry schedules differ from what is wanted. */
export interface TopicsChecked {
  readonly topics: readonly string[];
  readonly differences: readonly AnyDifference[];
}

/** Whoever asks within this shares one look at the brokers. */
const answerAgeMs = 1_000;

/** Looks at Kafka and the registry whenever it is asked. Throws BROKER_UNAVAILABLE while no broker answers. */
export function topicsChecker(
  config: AdminConfig,
  schedules: Pick<EffectiveSchedules, 'differences'>,
  ...[log, clock]: [Log, Clock]
): () => Promise<TopicsChecked> {
  const topics = topicSpecs(topicSettingsOf(config));
  const check = async () => {
    const differences = await inspectKafka(kafkaSettingsOf(config), topics, log).catch((cause: unknown) => {
      throw new Failure('BROKER_UNAVAILABLE', `Kafka: ${String(cause)}`, { retryable: true, cause });
    });
    // What is wrong with Kafka is answered although Postgres is away.
    const long = await schedules.differences().catch((error: unknown) => [unread(String(error))]);
    return { topics: topics.map(({ name }) => name), differences: [...differences, ...long] };
  };
  return remembered(check, answerAgeMs, clock);
}

function unread(cause: string): ScheduleDifference {
  const said = `could not be read (${cause})`;
  const setting = 'retrySchedule';
  const [name, mend] = ['of tenants, endpoints and templates', 'see why Postgres does not answer'];
  return { kind: 'schedule', name, severity: 'warning', setting, is: 'not known', mustBe: 'known', said, mend };
}

/**
 * Says what differs in the log and in the metric. The admin reads no topic and starts whatever they are: it is where an
 * operator asks what is wrong with them.
 */
export function watchTopics(config: AdminConfig, log: Log, signal: AbortSignal): void {
  const topics = topicSpecs(topicSettingsOf(config));
  void new TopicCheck({ kafka: kafkaSettingsOf(config), topics, signal, log, clock: systemClock }).watch();
}
