import { type Admin, ConfigResourceTypes } from 'kafkajs';
import type { Log } from '#telemetry/log';
import { clientRetry, createKafka, type KafkaSettings } from './kafka-client.js';

/** One topic as it must be (`contracts/topics` lists them). */
export interface WantedTopic {
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly config: Readonly<Record<string, string>>;
}

/** How a topic differs from what is wanted. */
export interface TopicDifference {
  readonly topic: string;
  /** `fatal` can lose or misplace records; `warning` cannot. */
  readonly severity: 'fatal' | 'warning';
  readonly said: string;
}

/** What the command did. */
export interface TopicsReport {
  readonly created: readonly string[];
  readonly differences: readonly TopicDifference[];
}

const createTimeoutMs = 30_000;
/** A setting that differs here loses records; any other one is only said. */
const losingSettings: ReadonlySet<string> = new Set(['retention.ms', 'cleanup.policy']);

/** Makes the topics that are missing and verifies all of them. Running it again changes nothing. Never alters a topic. */
export async function createTopics(
  kafka: KafkaSettings,
  wanted: readonly WantedTopic[],
  log: Log,
): Promise<TopicsReport> {
  return withAdmin(kafka, log, async (admin) => {
    const existing = new Set(await admin.listTopics());
    const missing = wanted.filter(({ name }) => !existing.has(name));
    if (missing.length > 0)
      await admin.createTopics({ waitForLeaders: true, timeout: createTimeoutMs, topics: missing.map(topicConfig) });
    return { created: missing.map(({ name }) => name), differences: await differences(admin, wanted) };
  });
}

/** Compares the topics with what is wanted; changes nothing. */
export async function verifyTopics(
  kafka: KafkaSettings,
  wanted: readonly WantedTopic[],
  log: Log,
): Promise<readonly TopicDifference[]> {
  return withAdmin(kafka, log, (admin) => differences(admin, wanted));
}

async function withAdmin<T>(kafka: KafkaSettings, log: Log, run: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = createKafka(kafka, 'hookline.topics', log).admin({ retry: clientRetry });
  await admin.connect();
  try {
    return await run(admin);
  } finally {
    await admin.disconnect();
  }
}

function topicConfig(topic: WantedTopic) {
  return {
    topic: topic.name,
    numPartitions: topic.partitions,
    replicationFactor: topic.replicationFactor,
    configEntries: Object.entries(topic.config).map(([name, value]) => ({ name, value })),
  };
}

async function differences(admin: Admin, wanted: readonly WantedTopic[]): Promise<readonly TopicDifference[]> {
  const existing = new Set(await admin.listTopics());
  const missing = wanted.filter(({ name }) => !existing.has(name));
  const present = wanted.filter(({ name }) => existing.has(name));
  const gone = missing.map(({ name }) => ({ topic: name, severity: 'fatal' as const, said: 'is missing' }));
  if (present.length === 0) return gone;
  const { topics } = await admin.fetchTopicMetadata({ topics: present.map(({ name }) => name) });
  const partitions = new Map(topics.map((topic) => [topic.name, topic.partitions]));
  const settings = await readSettings(admin, present);
  return [
    ...gone,
    ...present.flatMap((topic) => sizeDifferences(topic, partitions.get(topic.name) ?? [])),
    ...present.flatMap((topic) => settingDifferences(topic, settings.get(topic.name) ?? new Map())),
  ];
}

async function readSettings(
  admin: Admin,
  topics: readonly WantedTopic[],
): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map(({ name }) => ({ type: ConfigResourceTypes.TOPIC, name })),
  });
  return new Map(
    resources.map(({ resourceName, configEntries }) => [
      resourceName,
      new Map(configEntries.map(({ configName, configValue }) => [configName, configValue])),
    ]),
  );
}

function sizeDifferences(
  { name, partitions, replicationFactor }: WantedTopic,
  found: readonly { readonly replicas: readonly number[] }[],
): readonly TopicDifference[] {
  const replicas = Math.min(...found.map((partition) => partition.replicas.length));
  const warnings: TopicDifference[] = [];
  const warn = (said: string) => warnings.push({ topic: name, severity: 'warning', said });
  if (found.length !== partitions) warn(`has ${found.length} partitions, advised are ${partitions}`);
  if (replicas < replicationFactor) warn(`has ${replicas} replicas, advised are ${replicationFactor}`);
  return warnings;
}

function settingDifferences(topic: WantedTopic, found: ReadonlyMap<string, string>): readonly TopicDifference[] {
  return Object.entries(topic.config).flatMap(([name, value]): TopicDifference[] => {
    const is = found.get(name);
    if (is === undefined || is === value) return [];
    if (name === 'retention.ms' && (Number(is) < 0 || Number(is) > Number(value))) return [];
    const severity = losingSettings.has(name) ? 'fatal' : 'warning';
    return [{ topic: topic.name, severity, said: `${name} is ${is}, must be ${value}` }];
  });
}
