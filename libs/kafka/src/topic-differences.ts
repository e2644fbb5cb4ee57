/** One topic as it must be (`contracts/topics` lists them). */
export interface WantedTopic {
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly config: Readonly<Record<string, string>>;
  /** The consumer group whose committed offsets the topic must have room for. */
  readonly readBy?: string | null;
}

/** What could be read, or why it could not. */
export type Reading<T> =
  | { readonly kind: 'known'; readonly value: T }
  | { readonly kind: 'unknown'; readonly cause: string };

/** One topic as it is. */
export type FoundTopic =
  | { readonly kind: 'missing' }
  /** We may not even be told whether it exists. */
  | { readonly kind: 'hidden'; readonly cause: string }
  | {
      readonly kind: 'present';
      readonly partitions: number;
      /** Of the partition that has the fewest. */
      readonly replicas: number;
      readonly settings: Reading<ReadonlyMap<string, string>>;
      /** One more than the highest partition its group has committed; 0 without group or offsets. */
      readonly committedPartitions: Reading<number>;
    };

/** One way in which Kafka is not as it must be. */
export interface Difference {
  readonly kind: 'topic' | 'broker';
  /** A topic's name, or a broker's `host:port`. */
  readonly name: string;
  /** `fatal` can lose or misplace records, or nothing works with it; `warning` cannot. */
  readonly severity: 'fatal' | 'warning';
  /** A topic's setting, or an API of the broker's protocol. */
  readonly setting: string;
  readonly is: string;
  readonly mustBe: string;
  /** All of it in words, to stand behind the name. */
  readonly said: string;
  /** The command that mends it. */
  readonly mend: string;
}

interface SettingRule {
  readonly severity: Difference['severity'];
  /** `equal` when absent. */
  readonly least?: true;
  /** A value that is more than any other. */
  readonly unlimited?: string;
}

/** Retention by time or bytes and compaction take records away before they were read; nothing else here does. */
const settingRules: Readonly<Record<string, SettingRule>> = {
  'retention.ms': { severity: 'fatal', least: true, unlimited: '-1' },
  'retention.bytes': { severity: 'fatal' },
  'cleanup.policy': { severity: 'fatal' },
  'max.message.bytes': { severity: 'warning', least: true },
  'min.insync.replicas': { severity: 'warning', least: true },
};
const anySetting: SettingRule = { severity: 'warning' };

/** Compares a topic with what is wanted. `brokers` is what the commands that mend are given as `--bootstrap-server`. */
export function topicDifferences(wanted: WantedTopic, found: FoundTopic, brokers: string): readonly Difference[] {
  const difference = differenceOf(wanted.name);
  if (found.kind === 'missing')
    return [difference('fatal', ['topic', 'missing', 'there'], 'is missing', 'npm run topics')];
  if (found.kind === 'hidden') {
    const mend = allow(wanted.name, 'Describe', brokers);
    return [difference('fatal', ['topic', 'hidden', 'visible'], `may not be described (${found.cause})`, mend)];
  }
  return [
    ...sizeDifferences(wanted, found, brokers),
    ...committedDifferences(wanted, found, brokers),
    ...settingDifferences(wanted, found.settings, brokers),
  ];
}

type Present = Extract<FoundTopic, { kind: 'present' }>;

/** More partitions than advised are no difference: a topic may grow. */
function sizeDifferences(wanted: WantedTopic, found: Present, brokers: string): readonly Difference[] {
  const { name, partitions, replicationFactor } = wanted;
  const difference = differenceOf(name);
  const more = `kafka-topics.sh --bootstrap-server ${brokers} --alter --topic ${name} --partitions ${partitions}`;
  const copies = `kafka-reassign-partitions.sh --bootstrap-server ${brokers} --execute --reassignment-json-file FILE`;
  return [
    ...(found.partitions >= partitions
      ? []
      : [difference('warning', ['partitions', `${found.partitions}`, `at least ${partitions}`], null, more)]),
    ...(found.replicas >= replicationFactor
      ? []
      : [difference('warning', ['replicas', `${found.replicas}`, `at least ${replicationFactor}`], null, copies)]),
  ];
}

/** A topic that was made anew, and smaller: what the group committed belongs to a log that is gone. */
function committedDifferences(wanted: WantedTopic, found: Present, brokers: string): readonly Difference[] {
  const { name, readBy = null } = wanted;
  const { committedPartitions: committed, partitions } = found;
  const difference = differenceOf(name);
  if (readBy === null) return [];
  if (committed.kind === 'unknown') {
    const mend = `kafka-acls.sh --bootstrap-server ${brokers} --add --allow-principal User:NAME --operation Read --group ${readBy}`;
    return [difference('warning', ['partitions', `${partitions}`, 'not known'], unread(readBy, committed.cause), mend)];
  }
  if (committed.value <= partitions) return [];
  const said = `has ${partitions} partitions, and group ${readBy} has committed offsets of ${committed.value}: it was made anew, and smaller`;
  const mend = `stop the apps of the group, then kafka-consumer-groups.sh --bootstrap-server ${brokers} --delete --group ${readBy} (all is read again, nothing is sent twice)`;
  return [difference('fatal', ['partitions', `${partitions}`, `at least ${committed.value}`], said, mend)];
}

function unread(group: string, cause: string): string {
  return `could not be compared with the offsets of group ${group} (${cause})`;
}

function settingDifferences(
  { name, config }: WantedTopic,
  settings: Present['settings'],
  brokers: string,
): readonly Difference[] {
  const difference = differenceOf(name);
  if (settings.kind === 'unknown') {
    const said = `has settings that could not be read (${settings.cause})`;
    return [difference('warning', ['settings', 'not known', 'known'], said, allow(name, 'DescribeConfigs', brokers))];
  }
  return Object.entries(config).flatMap(([setting, mustBe]) => {
    const is = settings.value.get(setting);
    const rule = settingRules[setting] ?? anySetting;
    if (is === undefined || isMet(rule, is, mustBe)) return [];
    const words = rule.least === true ? `at least ${mustBe}` : mustBe;
    const mend = `kafka-configs.sh --bootstrap-server ${brokers} --alter --topic ${name} --add-config ${setting}=${mustBe}`;
    return [difference(rule.severity, [setting, is, words], null, mend)];
  });
}

function isMet({ least, unlimited }: SettingRule, is: string, mustBe: string): boolean {
  return is === mustBe || is === unlimited || (least === true && Number(is) >= Number(mustBe));
}

function allow(topic: string, operation: string, brokers: string): string {
  return `kafka-acls.sh --bootstrap-server ${brokers} --add --allow-principal User:NAME --operation ${operation} --topic ${topic}`;
}

function differenceOf(name: string) {
  return (
    severity: Difference['severity'],
    [setting, is, mustBe]: readonly [setting: string, is: string, mustBe: string],
    said: string | null,
    mend: string,
  ): Difference => ({
    ...{ kind: 'topic', name, severity, setting, is, mustBe, mend },
    said: said ?? `${setting}: is ${is}, must be ${mustBe}`,
  });
}
