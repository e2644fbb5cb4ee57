import kafkajs, { type Admin } from 'kafkajs';
import { systemClock } from '#domain/clock';
import type { Difference, WantedTopic } from '#kafka/topic-differences';
import type { Log } from '#telemetry/log';
import type { KafkaSettings } from './kafka-client.js';
import { brokerDifferences, differencesOfTopics, isFatal, topicSizes, typeOf, withAdmin } from './topic-inspection.js';

// Node sees only the first of this CommonJS module's names.
const { KafkaJSAggregateError } = kafkajs;

/** What the command did. */
export interface TopicsReport {
  readonly created: readonly string[];
  readonly differences: readonly Difference[];
}

const createTimeoutMs = 30_000;
const ledPollMs = 100;
const notLedYet: ReadonlySet<string> = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE']);
/** A shorter prefix could name topics that are not ours to delete. */
const prefixCharsMin = 8;

/**
 * Makes the topics that are missing and verifies all of them. Running it again changes nothing. Never alters a topic.
 * With brokers that do not speak as we do nothing is made.
 */
export async function createTopics(
  kafka: KafkaSettings,
  wanted: readonly WantedTopic[],
  log: Log,
): Promise<TopicsReport> {
  const ofBrokers = await brokerDifferences(kafka, log);
  if (ofBrokers.some(isFatal)) return { created: [], differences: ofBrokers };
  return withAdmin(kafka, log, async (admin) => {
    const sizes = await topicSizes(admin, wanted);
    const missing = wanted.filter(({ name }) => sizes.get(name)?.kind === 'missing');
    if (missing.length > 0) await createMissing(admin, missing);
    for (const topic of missing) await untilLed(admin, topic);
    const ofTopics = await differencesOfTopics(admin, wanted, kafka);
    return { created: missing.map(({ name }) => name), differences: [...ofBrokers, ...ofTopics] };
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

/** Throws one error with the brokers' reason for every topic they refused. */
async function createMissing(admin: Admin, missing: readonly WantedTopic[]): Promise<void> {
  try {
    await admin.createTopics({ waitForLeaders: false, timeout: createTimeoutMs, topics: missing.map(topicConfig) });
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

/**
 * Until a broker says who leads every partition. The client's own wait fails where a broker has not heard of the topic yet,
 * which says nothing. Throws after 30 s.
 */
async function untilLed(admin: Admin, { name }: WantedTopic): Promise<void> {
  const endMs = systemClock.monotonicMs() + createTimeoutMs;
  while (!(await isLed(admin, name))) {
    if (systemClock.monotonicMs() > endMs) throw new Error(`topic ${name} was made, but nobody leads its partitions`);
    await systemClock.wait(ledPollMs);
  }
}

async function isLed(admin: Admin, name: string): Promise<boolean> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [name] });
    return topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0));
  } catch (error) {
    if (notLedYet.has(typeOf(error) ?? '')) return false;
    throw error;
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
