import { systemClock } from '#domain/clock';
import type { KafkaRecord } from '#domain/kafka-record';
import { KafkajsSource } from '#kafka/kafkajs/kafkajs-source';
import type { TopicPartition } from '#kafka/record-source';
import { createLog } from '#telemetry/log';
import { asOperator, type KafkaAdmin } from './kafka-admin.js';
import type { Stack } from './stack.js';
import { until } from './until.js';

const readMsMax = 30_000;
let groups = 0;

/** Everything that stands in some topics now, read by a consumer group of its own. */
export async function readTopics(
  stack: Pick<Stack, 'env' | 'prefix'>,
  topics: readonly string[],
  limitMs = readMsMax,
): Promise<readonly KafkaRecord[]> {
  const kafka = { brokers: (stack.env['KAFKA_BROKERS'] ?? '').split(','), ssl: false };
  const timing = { sessionTimeoutMs: 6_000, heartbeatMs: 1_000, rebalanceTimeoutMs: 10_000 };
  const log = createLog({ app: 'test', level: 'error' });
  const groupId = `${stack.prefix}reader.${groups++}`;
  const source = new KafkajsSource({ kafka, groupId, topics, ...timing }, log, systemClock);
  const read = new Map<string, KafkaRecord>();
  let assigned: readonly TopicPartition[] = [];
  source.start({
    onAssigned: async ({ partitions }) => {
      assigned = partitions;
      for (const partition of partitions) source.resume(partition);
    },
    onRevoking: () => undefined,
    onLost: () => undefined,
    onRecords: (records) => {
      for (const record of records) read.set(`${record.topic}/${record.partition}/${record.offset}`, record);
    },
  });
  try {
    await until(() => assigned.length > 0, { what: `reading ${topics.join(', ')}` });
    // A leader that has just moved refuses once.
    const ends = () => asOperator(kafka.brokers.join(','), (admin) => endsOf(admin, topics)).catch(() => null);
    const logs = await until(ends, { what: 'the ends of the logs' });
    const isRead = ({ topic, partition, start, end }: (typeof logs)[number]) =>
      end === start || read.has(`${topic}/${partition}/${end - 1n}`);
    await until(() => logs.every(isRead), { what: `all records of ${topics.join(', ')}`, limitMs });
    return [...read.values()];
  } finally {
    await source.stop();
  }
}

async function endsOf(admin: KafkaAdmin, topics: readonly string[]) {
  const logs = topics.map(async (topic) =>
    (await admin.fetchTopicOffsets(topic)).map(({ partition, low, high }) => ({
      ...{ topic, partition, start: BigInt(low), end: BigInt(high) },
    })),
  );
  return (await Promise.all(logs)).flat();
}
