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

type Topics = Pick<Stack, 'env' | 'prefix'>;

/** Everything that stands in some topics now. */
export async function readTopics(
  stack: Topics,
  topics: readonly string[],
  limitMs = readMsMax,
): Promise<readonly KafkaRecord[]> {
  const read: KafkaRecord[] = [];
  await eachRecord(stack, topics, { take: (record) => void read.push(record), limitMs });
  return read;
}

/** What is done with each record, and how long all of them may take. */
export interface RecordReader {
  readonly take: (record: KafkaRecord) => void;
  readonly limitMs: number;
}

/** Hands over each record that stands in some topics now once, read by a consumer group of its own; keeps none. */
export async function eachRecord(
  stack: Topics,
  topics: readonly string[],
  { take, limitMs }: RecordReader,
): Promise<void> {
  const kafka = { brokers: (stack.env['KAFKA_BROKERS'] ?? '').split(','), ssl: false };
  const timing = { sessionTimeoutMs: 6_000, heartbeatMs: 1_000, rebalanceTimeoutMs: 10_000 };
  const log = createLog({ app: 'test', level: 'error' });
  const groupId = `${stack.prefix}reader.${groups++}`;
  const source = new KafkajsSource({ kafka, groupId, topics, ...timing }, log, systemClock);
  /** The last offset of each partition: a rebalance may bring records again. */
  const last = new Map<string, bigint>();
  let assigned: readonly TopicPartition[] = [];
  source.start({
    onAssigned: async ({ partitions }) => {
      assigned = partitions;
      for (const partition of partitions) source.resume(partition);
    },
    onRevoking: () => undefined,
    onLost: () => undefined,
    onRecords: (records) => {
      for (const record of records) {
        const partition = `${record.topic}/${record.partition}`;
        if (record.offset <= (last.get(partition) ?? -1n)) continue;
        last.set(partition, record.offset);
        take(record);
      }
    },
  });
  try {
    await until(() => assigned.length > 0, { what: `reading ${topics.join(', ')}` });
    // A leader that has just moved refuses once.
    const ends = () => asOperator(kafka.brokers.join(','), (admin) => endsOf(admin, topics)).catch(() => null);
    const logs = await until(ends, { what: 'the ends of the logs' });
    const isRead = ({ topic, partition, start, end }: (typeof logs)[number]) =>
      end === start || (last.get(`${topic}/${partition}`) ?? -1n) >= end - 1n;
    await until(() => logs.every(isRead), { what: `all records of ${topics.join(', ')}`, limitMs });
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
