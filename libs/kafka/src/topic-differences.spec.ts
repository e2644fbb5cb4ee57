import { describe, expect, it } from 'vitest';
import { type FoundTopic, topicDifferences, type WantedTopic } from './topic-differences.js';

const wanted: WantedTopic = {
  name: 'h.deliveries',
  partitions: 12,
  replicationFactor: 3,
  config: {
    'cleanup.policy': 'delete',
    'retention.ms': '1000',
    'retention.bytes': '-1',
    'max.message.bytes': '500',
    'min.insync.replicas': '2',
    'message.timestamp.type': 'LogAppendTime',
  },
  readBy: 'h.dispatcher',
};

type Present = Extract<FoundTopic, { kind: 'present' }>;

function found(changed: Partial<Present> = {}, settings: Readonly<Record<string, string>> = {}): Present {
  const value = new Map(Object.entries({ ...wanted.config, ...settings }));
  return {
    ...{ kind: 'present', partitions: 12, replicas: 3, settings: { kind: 'known', value } },
    ...{ committedPartitions: { kind: 'known', value: 12 }, ...changed },
  };
}

const said = (topic: FoundTopic) =>
  topicDifferences(wanted, topic, 'b:9092').map((difference) => `${difference.severity} ${difference.said}`);

describe('a topic', () => {
  it('that is as wanted, or larger, kept for longer or better, differs in nothing', () => {
    expect(said(found())).toEqual([]);
    const larger = { 'retention.ms': '1001', 'max.message.bytes': '501', 'min.insync.replicas': '3' };
    expect(said(found({ partitions: 24, replicas: 5 }, larger))).toEqual([]);
    expect(said(found({}, { 'retention.ms': '-1' }))).toEqual([]);
  });

  it.each([
    ['retention.ms', '999', 'at least 1000'],
    ['retention.bytes', '1073741824', '-1'],
    ['cleanup.policy', 'compact', 'delete'],
    ['cleanup.policy', 'compact,delete', 'delete'],
  ])('whose %s is %s would lose records', (setting, is, mustBe) => {
    expect(topicDifferences(wanted, found({}, { [setting]: is }), 'b:9092')).toEqual([
      {
        ...{ kind: 'topic', name: 'h.deliveries', severity: 'fatal', setting, is, mustBe },
        said: `${setting}: is ${is}, must be ${mustBe}`,
        mend: `kafka-configs.sh --bootstrap-server b:9092 --alter --topic h.deliveries --add-config ${setting}=${wanted.config[setting]}`,
      },
    ]);
  });

  it.each([
    ['max.message.bytes', '499', 'at least 500'],
    ['min.insync.replicas', '1', 'at least 2'],
    ['message.timestamp.type', 'CreateTime', 'LogAppendTime'],
  ])('whose %s is %s is worth a warning', (setting, is, mustBe) => {
    expect(said(found({}, { [setting]: is }))).toEqual([`warning ${setting}: is ${is}, must be ${mustBe}`]);
  });

  it('with fewer partitions or replicas than advised is worth a warning', () => {
    const committedPartitions = { kind: 'known', value: 3 } as const;
    expect(said(found({ partitions: 3, replicas: 1, committedPartitions }))).toEqual([
      'warning partitions: is 3, must be at least 12',
      'warning replicas: is 1, must be at least 3',
    ]);
  });

  it('with fewer partitions than its group has committed was made anew: records would be misplaced', () => {
    const differences = topicDifferences(
      { ...wanted, partitions: 3 },
      found({ partitions: 3, committedPartitions: { kind: 'known', value: 4 } }),
      'b:9092',
    );
    expect(differences).toEqual([expect.objectContaining({ severity: 'fatal', is: '3', mustBe: 'at least 4' })]);
    expect(differences[0]?.said).toContain('group h.dispatcher has committed offsets of 4');
  });

  it('that is missing, or may not even be seen, is fatal', () => {
    expect(said({ kind: 'missing' })).toEqual(['fatal is missing']);
    expect(said({ kind: 'hidden', cause: 'TOPIC_AUTHORIZATION_FAILED' })).toEqual([
      'fatal may not be described (TOPIC_AUTHORIZATION_FAILED)',
    ]);
  });

  it('whose settings or offsets may not be read is worth a warning that names the right to give', () => {
    const unknown = { kind: 'unknown', cause: 'TOPIC_AUTHORIZATION_FAILED' } as const;
    const differences = topicDifferences(wanted, found({ settings: unknown, committedPartitions: unknown }), 'b:9092');
    expect(differences.map(({ severity }) => severity)).toEqual(['warning', 'warning']);
    expect(differences.map(({ mend }) => /--operation (\w+)/.exec(mend)?.[1])).toEqual(['Read', 'DescribeConfigs']);
  });
});
