import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { brokerDifferences, differencesOfTopics } from '#kafka/kafkajs/topic-inspection';
import { createTopics } from '#kafka/kafkajs/topics-command';
import type { WantedTopic } from '#kafka/topic-differences';
import { createLog } from '#telemetry/log';
import { asOperator, type KafkaAdmin } from '../support/kafka-admin.js';

const log = createLog({ app: 'test', level: 'error' });
const prefix = `inspection.${randomUUID()}.`;
const group = `${prefix}readers`;
const wanted: WantedTopic = {
  name: `${prefix}grown`,
  partitions: 6,
  replicationFactor: 1,
  config: { 'retention.ms': '3600000', 'retention.bytes': '-1', 'cleanup.policy': 'delete' },
  readBy: group,
};

describe('Kafka as it is', () => {
  const settings = { brokers: inject('kafkaBrokers').split(','), ssl: false };
  const asAdmin = <T>(run: (admin: KafkaAdmin) => Promise<T>) => asOperator(settings.brokers.join(','), run);

  beforeAll(async () => {
    await createTopics(settings, [wanted], log);
  });

  afterAll(() => asAdmin((admin) => admin.deleteTopics({ topics: [wanted.name] })));

  it('takes every API in a version we speak', async () => {
    expect(await brokerDifferences(settings, log)).toEqual([]);
  });

  it('differs in nothing where a group has committed in partitions that are there', async () => {
    const partitions = [{ partition: 5, offset: '0' }];
    await asAdmin((admin) => admin.setOffsets({ groupId: group, topic: wanted.name, partitions }));
    expect(await asAdmin((admin) => differencesOfTopics(admin, [wanted], settings))).toEqual([]);
  });

  it('is refused when the topic has fewer partitions than its group has committed', async () => {
    // Kafka forgets what was committed soon after a topic is deleted; where it could not, only the sizes tell.
    const differences = await asAdmin((admin) => differencesOfTopics(whereTopicsAreSmall(admin), [wanted], settings));
    expect(differences.map(({ severity, setting, is, mustBe }) => [severity, setting, is, mustBe])).toEqual([
      ['warning', 'partitions', '2', 'at least 6'],
      ['fatal', 'partitions', '2', 'at least 6'],
    ]);
    expect(differences[1]?.said).toContain(`group ${group} has committed offsets of 6`);
  });

  it('is said to be without a topic that is missing, whatever is known of the others', async () => {
    const missing = { ...wanted, name: `${prefix}missing` };
    const differences = await asAdmin((admin) => differencesOfTopics(admin, [missing, wanted], settings));
    expect(differences.map(({ name, is }) => [name, is])).toEqual([[missing.name, 'missing']]);
  });
});

/** The real answers, with all but two partitions of every topic cut off. */
function whereTopicsAreSmall(admin: KafkaAdmin): KafkaAdmin {
  return {
    ...admin,
    fetchTopicMetadata: async (of) => {
      const { topics } = await admin.fetchTopicMetadata(of);
      return { topics: topics.map((topic) => ({ ...topic, partitions: topic.partitions.slice(0, 2) })) };
    },
  };
}
