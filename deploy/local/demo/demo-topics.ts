import { z } from 'zod';
import { topicNames, topicSpecs } from '#contracts/topics';
import { brokersTrouble, createTopics, recordsInTopic, removeTopics } from '#kafka/kafkajs/topics-command';
import { type Environment, readConfig } from '#runtime/config';
import { kafkaPart } from '#runtime/config-parts';
import { kafkaSettingsOf, topicSettingsOf } from '#runtime/config-values';
import { serverAnswers } from '#runtime/run-command';
import type { Log } from '#telemetry/log';

/** The topics of this run. */
export interface DemoTopics {
  readonly kafka: ReturnType<typeof kafkaSettingsOf>;
  readonly eventsTopic: string;
  readonly count: number;
  /** How many records stand in all of them now. */
  records(): Promise<number>;
  /** Deletes topics and consumer groups of this run. */
  remove(): Promise<void>;
}

/** Makes and verifies the topics as the apps' environment names them. Throws in words when one is not as it must be. */
export async function createDemoTopics(env: Environment, log: Log): Promise<DemoTopics> {
  const config = readConfig(z.object(kafkaPart), env);
  const kafka = kafkaSettingsOf(config);
  const settings = topicSettingsOf(config);
  await serverAnswers({
    server: `Kafka at ${config.KAFKA_BROKERS.join(',')}`,
    trouble: () => brokersTrouble(kafka, log),
  });
  const specs = topicSpecs(settings);
  const { created, differences } = await createTopics(kafka, specs, log);
  const fatal = differences.filter(({ severity }) => severity === 'fatal');
  if (fatal.length > 0) throw new Error(fatal.map(({ kind, name, said }) => `${kind} ${name} ${said}`).join('\n'));
  const remove = async () => void (await removeTopics(kafka, settings.prefix, log));
  const records = async () => {
    const counts = await Promise.all(specs.map(({ name }) => recordsInTopic(kafka, name, log)));
    return counts.reduce((sum, count) => sum + count, 0);
  };
  return { kafka, eventsTopic: topicNames.events(settings.prefix), count: created.length, records, remove };
}
