import { createKafka } from '#kafka/kafkajs/kafka-client';
import { createLog } from '#telemetry/log';

export type KafkaAdmin = ReturnType<ReturnType<typeof createKafka>['admin']>;

/** Runs what an operator would do to brokers or topics with Kafka's own commands. */
export async function asOperator<T>(brokers: string, run: (admin: KafkaAdmin) => Promise<T>): Promise<T> {
  const settings = { brokers: brokers.split(','), ssl: false };
  const admin = createKafka(settings, 'operator', createLog({ app: 'test', level: 'error' })).admin();
  await admin.connect();
  try {
    return await run(admin);
  } finally {
    await admin.disconnect();
  }
}

const topicResource = 2;

/** `kafka-configs.sh --alter`, which replaces every setting of the topic. */
export async function alterTopic(
  brokers: string,
  topic: string,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
  await asOperator(brokers, (admin) =>
    admin.alterConfigs({ validateOnly: false, resources: [{ type: topicResource, name: topic, configEntries }] }),
  );
}

/** Of all topics the partitions of which a replica is missing, in words. */
export async function notInSync(admin: KafkaAdmin): Promise<readonly string[]> {
  const topics = await admin.listTopics();
  const metadata = await admin.fetchTopicMetadata({ topics });
  return metadata.topics.flatMap(({ name, partitions }) =>
    partitions
      .filter(({ isr, replicas }) => isr.length < replicas.length)
      .map(
        ({ partitionId, leader, isr, replicas }) =>
          `${name}/${partitionId} leader ${leader}, in sync ${isr} of ${replicas}`,
      ),
  );
}
