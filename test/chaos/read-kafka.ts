import { groupOf, topicNames, type Worker } from '#contracts/topics';
import { headerText, type KafkaRecord } from '#domain/kafka-record';
import { asOperator } from '../support/kafka-admin.js';
import { eachRecord } from '../support/read-topics.js';
import { NumberList } from './number-list.js';

/** One run's brokers and names. */
export interface ChaosTopics {
  /** Past the proxy. */
  readonly brokers: string;
  readonly prefix: string;
  /** Names of the retry tiers. */
  readonly tiers: readonly string[];
}

const readMsMax = 600_000;

/** Records of each partition that its group has not finished, in words; none when all is read. */
export async function unreadRecords({ brokers, prefix, tiers }: ChaosTopics): Promise<readonly string[]> {
  const readers: readonly (readonly [Worker, readonly string[]])[] = [
    ['renderer', [topicNames.events(prefix)]],
    ['dispatcher', [topicNames.deliveries(prefix)]],
    ['retry-scheduler', tiers.map((name) => topicNames.tier(prefix, name))],
  ];
  return asOperator(brokers, async (admin) => {
    const unread: string[] = [];
    for (const [worker, topics] of readers) {
      const committed = await admin.fetchOffsets({ groupId: groupOf(prefix, worker), topics: [...topics] });
      for (const { topic, partitions } of committed) {
        const offsets = new Map(partitions.map(({ partition, offset }) => [partition, Number(offset)]));
        for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
          const left = Number(high) - Math.max(Number(low), offsets.get(partition) ?? 0);
          if (left > 0) unread.push(`${topic}/${partition}: ${left} of ${high}`);
        }
      }
    }
    return unread;
  });
}

/** Records that stand in the events' topic. */
export async function eventRecords({ brokers, prefix }: ChaosTopics): Promise<number> {
  const offsets = await asOperator(brokers, (admin) => admin.fetchTopicOffsets(topicNames.events(prefix)));
  return offsets.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
}

/** Records of `deliveries` that ask for what another one has asked for. In tiers that is no sign: a long wait has hops. */
export async function duplicateRecords({ brokers, prefix }: ChaosTopics): Promise<number> {
  const asks = new NumberList();
  const take = (record: KafkaRecord) => asks.push(askOf(record));
  const from = { env: { KAFKA_BROKERS: brokers }, prefix };
  await eachRecord(from, [topicNames.deliveries(prefix)], { take, limitMs: readMsMax });
  return asks.repeated();
}

const hashDigits = 11;
const attemptsMax = 64;

/** Eight bytes for each of a million: 44 bits of the notification's hash, and the attempt; what is confused is one in millions. */
function askOf(record: KafkaRecord): number {
  const of = (name: string) => headerText(record, name) ?? '';
  const hashed = (id: string) => Number.parseInt(id.slice(-hashDigits), 16) * attemptsMax;
  const item = of('resend-item').replaceAll(/\W/g, '');
  return item === '' ? hashed(of('notification-id')) + Number(of('attempt')) : -hashed(item);
}
