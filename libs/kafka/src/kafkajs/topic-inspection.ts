import kafkajs, { type Admin } from 'kafkajs';
import { systemClock } from '#domain/clock';
import {
  type Difference,
  type FoundTopic,
  type Reading,
  topicDifferences,
  type WantedTopic,
} from '#kafka/topic-differences';
import type { Log } from '#telemetry/log';
import { readBrokerVersions, spokenApis, versionDifferences } from './broker-versions.js';
import { clientRetry, createKafka, type KafkaSettings } from './kafka-client.js';

// Node sees only the first of this CommonJS module's names.
const { ConfigResourceTypes } = kafkajs;

type Present = Extract<FoundTopic, { kind: 'present' }>;

/** What the brokers answer to who may not ask. */
const notAllowed: ReadonlySet<string> = new Set([
  ...['TOPIC_AUTHORIZATION_FAILED', 'GROUP_AUTHORIZATION_FAILED', 'CLUSTER_AUTHORIZATION_FAILED'],
]);

/** What they answer while they are about to know who keeps a group. */
const coordinatorMoves: ReadonlySet<string> = new Set([
  ...['NOT_COORDINATOR_FOR_GROUP', 'GROUP_COORDINATOR_NOT_AVAILABLE', 'GROUP_LOAD_IN_PROGRESS'],
]);
const coordinatorWaitMs = 300;
const coordinatorTriesMax = 50;

/** How brokers and topics differ from what is wanted; changes nothing. Throws what the client throws while brokers are away. */
export async function inspectKafka(
  settings: KafkaSettings,
  wanted: readonly WantedTopic[],
  log: Log,
): Promise<readonly Difference[]> {
  const ofBrokers = await brokerDifferences(settings, log);
  if (ofBrokers.some(isFatal)) return ofBrokers;
  const ofTopics = await withAdmin(settings, log, (admin) => differencesOfTopics(admin, wanted, settings));
  return [...ofBrokers, ...ofTopics];
}

export function isFatal({ severity }: Difference): boolean {
  return severity === 'fatal';
}

/** Runs something with an admin client of its own. */
export async function withAdmin<T>(kafka: KafkaSettings, log: Log, run: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = createKafka(kafka, 'hookline.topics', log).admin({ retry: clientRetry });
  try {
    await admin.connect();
    return await run(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Which APIs a broker does not take as we speak them. */
export async function brokerDifferences(settings: KafkaSettings, log: Log): Promise<readonly Difference[]> {
  const spoken = spokenApis({ sasl: settings.sasl !== undefined });
  const brokers = await readBrokerVersions(createKafka(settings, 'hookline.topics', log), spoken, log);
  return brokers.flatMap((broker) => versionDifferences(broker, spoken));
}

/** How topics differ from what is wanted. */
export async function differencesOfTopics(
  admin: Admin,
  wanted: readonly WantedTopic[],
  { brokers }: KafkaSettings,
): Promise<readonly Difference[]> {
  const sizes = await topicSizes(admin, wanted);
  const present = wanted.filter(({ name }) => sizes.get(name)?.kind === 'present');
  const settings = await readSettings(admin, present);
  const committed = await readCommitted(admin, present);
  const unknown = { kind: 'unknown', cause: 'not asked' } as const;
  return wanted.flatMap((topic) => {
    const size = sizes.get(topic.name) ?? { kind: 'missing' };
    const found: FoundTopic =
      size.kind === 'present'
        ? {
            ...size,
            settings: settings.get(topic.name) ?? unknown,
            committedPartitions: committed.get(topic.readBy ?? '')?.(topic.name) ?? unknown,
          }
        : size;
    return topicDifferences(topic, found, brokers.join(','));
  });
}

type TopicSize = Exclude<FoundTopic, Present> | Pick<Present, 'kind' | 'partitions' | 'replicas'>;

/** One by one: asked together, one that is missing would hide what is known of the others. */
export async function topicSizes(
  admin: Admin,
  topics: readonly Pick<WantedTopic, 'name'>[],
): Promise<ReadonlyMap<string, TopicSize>> {
  const sizes = new Map<string, TopicSize>();
  for (const { name } of topics) sizes.set(name, await topicSize(admin, name));
  return sizes;
}

async function topicSize(admin: Admin, name: string): Promise<TopicSize> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [name] });
    const partitions = topics.find((topic) => topic.name === name)?.partitions ?? [];
    if (partitions.length === 0) return { kind: 'missing' };
    const replicas = Math.min(...partitions.map((partition) => partition.replicas.length));
    return { kind: 'present', partitions: partitions.length, replicas };
  } catch (error) {
    const type = typeOf(error);
    if (type === 'UNKNOWN_TOPIC_OR_PARTITION') return { kind: 'missing' };
    if (type !== null && notAllowed.has(type)) return { kind: 'hidden', cause: type };
    throw error;
  }
}

type Settings = Reading<ReadonlyMap<string, string>>;

/** All in one request; one by one only when some may not be read, as one refusal is the answer to all. */
async function readSettings(admin: Admin, topics: readonly WantedTopic[]): Promise<ReadonlyMap<string, Settings>> {
  const names = topics.map(({ name }) => name);
  const together = await whatIsAllowed(() => describeSettings(admin, names));
  if (together.kind === 'known') return together.value;
  const all = new Map<string, Settings>();
  for (const name of names) {
    const alone = await whatIsAllowed(() => describeSettings(admin, [name]));
    all.set(name, alone.kind === 'unknown' ? alone : (alone.value.get(name) ?? together));
  }
  return all;
}

async function describeSettings(admin: Admin, names: readonly string[]): Promise<ReadonlyMap<string, Settings>> {
  if (names.length === 0) return new Map();
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: names.map((name) => ({ type: ConfigResourceTypes.TOPIC, name })),
  });
  return new Map(
    resources.map(({ resourceName, configEntries }) => [
      resourceName,
      { kind: 'known', value: new Map(configEntries.map(({ configName, configValue }) => [configName, configValue])) },
    ]),
  );
}

type CommittedOf = (topic: string) => Reading<number>;

/** By group: one more than the highest partition it has committed, of partitions that are gone as well. */
async function readCommitted(admin: Admin, topics: readonly WantedTopic[]): Promise<ReadonlyMap<string, CommittedOf>> {
  const groups = new Set(topics.flatMap(({ readBy = null }) => (readBy === null ? [] : [readBy])));
  const all = new Map<string, CommittedOf>();
  for (const groupId of groups) {
    // Without topics: with them the client asks only for partitions that exist.
    const offsets = await whatIsAllowed(() => fetchOffsets(admin, groupId));
    all.set(groupId, (topic) => {
      if (offsets.kind === 'unknown') return offsets;
      const partitions = offsets.value.find((one) => one.topic === topic)?.partitions ?? [];
      const committed = partitions.filter(({ offset }) => Number(offset) >= 0);
      return { kind: 'known', value: Math.max(0, ...committed.map(({ partition }) => partition + 1)) };
    });
  }
  return all;
}

/** The first question for any group makes the brokers create and load what groups are kept in; kafkajs does not wait for it. */
async function fetchOffsets(admin: Admin, groupId: string): ReturnType<Admin['fetchOffsets']> {
  for (let triesLeft = coordinatorTriesMax; ; triesLeft--) {
    try {
      return await admin.fetchOffsets({ groupId });
    } catch (error) {
      if (triesLeft === 1 || !coordinatorMoves.has(typeOf(error) ?? '')) throw error;
      await systemClock.wait(coordinatorWaitMs);
    }
  }
}

/** Throws everything but a refusal of who asks. */
async function whatIsAllowed<T>(ask: () => Promise<T>): Promise<Reading<T>> {
  try {
    return { kind: 'known', value: await ask() };
  } catch (error) {
    const type = typeOf(error);
    if (type !== null && notAllowed.has(type)) return { kind: 'unknown', cause: type };
    throw error;
  }
}

/** The protocol's name of an error, also of one that was tried again in vain. */
export function typeOf(error: unknown): string | null {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('type' in at && typeof at.type === 'string') return at.type;
  }
  return null;
}
