import kafkajs, { type Admin } from 'kafkajs';
import type { Log } from '#telemetry/log';
import { clientRetry, createKafka, type KafkaSettings } from './kafka-client.js';

// Node sees only the first of this CommonJS module's names.
const { ConfigResourceTypes, KafkaJSAggregateError } = kafkajs;

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
/** A shorter prefix could name topics that are not ours to delete. */
const prefixCharsMin = 8;
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
    if (missing.length > 0) await createMissing(admin, missing);
    return { created: missing.map(({ name }) => name), differences: await differences(admin, wanted) };
  });
}

/** Deletes the topics and the consumer groups whose names begin with a prefix: a demo or a test cleans up after itself. */
export async function removeTopics(kafka: KafkaSettings, prefix: string, log: Log): Promise<readonly string[]> {
  if (prefix.length < prefixCharsMin) throw new Error(`the prefix ${JSON.stringify(prefix)} could name other topics`);
  return withAdmin(kafka, log, async (admin) => {
    const topics = (await admin.listTopics()).filter((name) => name.startsWith(prefix));
    if (topics.length > 0) await admin.deleteTopics({ topics, timeout: createTimeoutMs });
    const { groups } = await admin.listGroups();
    const ours = groups.map(({ groupId }) => groupId).filter((id) => id.startsWith(prefix));
    if (ours.length > 0) await admin.deleteGroups(ours);
    return topics;
  });
}

/** How many records stand in a topic now. */
export async function recordsInTopic(kafka: KafkaSettings, topic: string, log: Log): Promise<number> {
  const offsets = await withAdmin(kafka, log, (admin) => admin.fetchTopicOffsets(topic));
  return offsets.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
}

/** Null when the brokers answer, else the cause in words. */
export async function brokersTrouble(kafka: KafkaSettings, log: Log): Promise<string | null> {
  try {
    await withAdmin(kafka, log, (admin) => admin.describeCluster());
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
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

/** Throws one error with the brokers' reason for every topic they refused. */
async function createMissing(admin: Admin, missing: readonly WantedTopic[]): Promise<void> {
  try {
    await admin.createTopics({ waitForLeaders: true, timeout: createTimeoutMs, topics: missing.map(topicConfig) });
  } catch (error) {
    if (!(error instanceof KafkaJSAggregateError)) throw error;
    const causes = error.errors.map((one) => {
      if (typeof one === 'string') return one;
      return 'topic' in one ? `${String(one.topic)}: ${one.message}` : one.message;
    });
    const tooFew = causes.some((cause) => /INVALID_REPLICATION_FACTOR|[Rr]eplication[- ]factor/.test(cause));
    const hint = tooFew ? '\nonly one broker? TOPIC_PROFILE=development' : '';
    throw new Error(`the brokers refused to create topics\n${causes.join('\n')}${hint}`, { cause: error });
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
