import type { RetryTier } from '#domain/retry-tier';

/** `production`: many partitions, three replicas; `development`: a laptop with one broker. */
export type TopicProfile = 'production' | 'development';

/** What names and sizes the topics. */
export interface TopicSettings {
  /** Before every name, e.g. `hookline.`; may be empty. */
  readonly prefix: string;
  readonly profile: TopicProfile;
  /** By rising delay, at least one. */
  readonly tiers: readonly RetryTier[];
  /** Full names of the topics events are read from; empty takes `<prefix>events`. */
  readonly eventTopics: readonly string[];
}

/** One topic as it must be: what the `topics` command makes and verifies. */
export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly retentionMs: number;
  readonly config: Readonly<Record<string, string>>;
  /** The consumer group that reads it; null: people. */
  readonly readBy: string | null;
}

const dayMs = 86_400_000;
/** The largest record: an event of 1 MiB and its headers. */
export const recordBytesMax = 1_048_576;
/** Room for what a record batch adds around a record of `recordBytesMax`. */
const batchOverheadBytes = 65_536;
/** A rendered body up to this size travels in the delivery record; a larger one is read from Postgres. */
export const inlineBodyBytesMax = 262_144;
/**
 * Who writes and who reads: `events` upstream -> renderer; `deliveries` renderer, retry-scheduler, admin -> dispatcher;
 * tiers dispatcher, retry-scheduler -> retry-scheduler; `dead-letters` every worker -> people; `operator-events` workers -> renderer.
 */
export const topicNames = {
  events: (prefix: string) => `${prefix}events`,
  deliveries: (prefix: string) => `${prefix}deliveries`,
  deadLetters: (prefix: string) => `${prefix}dead-letters`,
  operatorEvents: (prefix: string) => `${prefix}operator-events`,
  tier: (prefix: string, tierName: string) => `${prefix}retry.${tierName}`,
} as const;

/** The topics that events are read from. */
export function eventTopicsOf(settings: TopicSettings): readonly string[] {
  return settings.eventTopics.length > 0 ? settings.eventTopics : [topicNames.events(settings.prefix)];
}

/** How long a tier keeps its records: long enough to survive an outage of the scheduler. */
export function tierRetentionMs(delayMs: number): number {
  return Math.max(7 * dayMs, 3 * delayMs);
}

/** The consumer group of an app. */
export function groupOf(prefix: string, app: Worker): string {
  return `${prefix}${app}`;
}

/** Every topic of an installation. */
export function topicSpecs(settings: TopicSettings): readonly TopicSpec[] {
  const { prefix, tiers } = settings;
  const spec = specBuilder(settings.profile);
  const [renderer, dispatcher] = [groupOf(prefix, 'renderer'), groupOf(prefix, 'dispatcher')];
  const readBy = groupOf(prefix, 'retry-scheduler');
  const appendTime = { 'message.timestamp.type': 'LogAppendTime' };
  const { deliveries, deadLetters, operatorEvents } = topicNames;
  return [
    ...eventTopicsOf(settings).map((name) => spec({ name, readBy: renderer }, [24, 6], 7 * dayMs, appendTime)),
    spec({ name: deliveries(prefix), readBy: dispatcher }, [48, 12], 3 * dayMs, appendTime),
    ...tiers.map(({ topic: name, delayMs }) => spec({ name, readBy }, [12, 3], tierRetentionMs(delayMs))),
    spec({ name: deadLetters(prefix), readBy: null }, [6, 1], 30 * dayMs),
    spec({ name: operatorEvents(prefix), readBy: renderer }, [6, 1], 7 * dayMs),
  ];
}

/** An app that reads topics. */
export type Worker = 'renderer' | 'dispatcher' | 'retry-scheduler';

/** The topics a worker reads and writes, as it must find them; whose offsets other groups commit is not its to ask. */
export function topicSpecsOf(settings: TopicSettings, worker: Worker): readonly TopicSpec[] {
  const { prefix, tiers } = settings;
  const { deliveries, deadLetters, operatorEvents } = topicNames;
  const own = worker === 'renderer' ? eventTopicsOf(settings) : tiers.map(({ topic }) => topic);
  const used = new Set([...own, ...[deliveries, deadLetters, operatorEvents].map((name) => name(prefix))]);
  const group = groupOf(prefix, worker);
  return topicSpecs(settings)
    .filter(({ name }) => used.has(name))
    .map((spec) => ({ ...spec, readBy: spec.readBy === group ? group : null }));
}

function specBuilder(profile: TopicProfile) {
  const production = profile === 'production';
  return (
    topic: Pick<TopicSpec, 'name' | 'readBy'>,
    [productionPartitions, developmentPartitions]: readonly [number, number],
    retentionMs: number,
    config: Readonly<Record<string, string>> = {},
  ): TopicSpec => ({
    ...topic,
    partitions: production ? productionPartitions : developmentPartitions,
    replicationFactor: production ? 3 : 1,
    retentionMs,
    config: {
      'cleanup.policy': 'delete',
      'retention.ms': String(retentionMs),
      'retention.bytes': '-1',
      'max.message.bytes': String(recordBytesMax + batchOverheadBytes),
      'min.insync.replicas': production ? '2' : '1',
      'unclean.leader.election.enable': 'false',
      ...config,
    },
  });
}
