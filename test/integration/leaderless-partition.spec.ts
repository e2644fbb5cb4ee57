import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '#domain/clock';
import { KafkajsSource } from '#kafka/kafkajs/kafkajs-source';
import { createTopics } from '#kafka/kafkajs/topics-command';
import { KafkaRecordProducer } from '#kafka/record-producer';
import { createLog } from '#telemetry/log';
import { KafkaCluster } from '../support/kafka-cluster.js';
import { until } from '../support/until.js';

const timing = { sessionTimeoutMs: 6_000, heartbeatMs: 1_000, rebalanceTimeoutMs: 6_000 };
const quiet = createLog({ app: 'test', level: 'error' });
const limitMs = 60_000;

describe('a partition without a leader', () => {
  let cluster: KafkaCluster;
  let topic: string;
  let sink: KafkaRecordProducer;
  let values: string[];
  const sources: KafkajsSource[] = [];

  beforeAll(async () => {
    cluster = await KafkaCluster.start();
  });

  afterEach(async () => {
    await Promise.all(sources.splice(0).map((source) => source.stop()));
    await sink?.stop();
  });

  afterAll(async () => {
    await cluster?.stop();
  });

  function kafka() {
    return { brokers: cluster.directBrokers.split(','), ssl: false };
  }

  /** Two partitions, one on each of the first two brokers alone. */
  async function placedTopic(): Promise<void> {
    topic = `leaderless.${randomUUID()}`;
    values = [];
    await createTopics(kafka(), [{ name: topic, partitions: 2, replicationFactor: 1, config: {} }], quiet);
    await cluster.place(topic, [[1], [2]]);
    sink = new KafkaRecordProducer(kafka(), 'test', quiet, systemClock);
  }

  function startSource(): KafkajsSource {
    const source = new KafkajsSource(
      { kafka: kafka(), groupId: topic, topics: [topic], ...timing },
      quiet,
      systemClock,
    );
    sources.push(source);
    source.start({
      onAssigned: async () => undefined,
      onRevoking: () => undefined,
      onLost: () => undefined,
      onRecords: (records) => values.push(...records.map(({ value }) => String(value))),
    });
    return source;
  }

  function send(partition: number, value: string): Promise<unknown> {
    return sink.send({ topic, partition, key: null, value: Buffer.from(value), headers: {} });
  }

  async function read(...expected: readonly string[]): Promise<void> {
    const what = `${expected.join()} read`;
    const found = () => expected.every((value) => values.includes(value));
    await until(found, { what, limitMs, detail: () => `read: ${values.join()}` });
  }

  it('keeps nobody from reading the others, and is read once it has one', async () => {
    await placedTopic();
    const source = startSource();
    await Promise.all([send(0, 'before'), send(1, 'before, of the other')]);
    await read('before', 'before, of the other');
    await cluster.node(2).shutDown();
    const waits = send(1, 'of the leaderless one');
    await send(0, 'meanwhile');
    await read('meanwhile');
    await until(() => source.whatIsWrong() === null, { what: 'the source is well', limitMs });
    expect(values).not.toContain('of the leaderless one');
    await cluster.node(2).revive();
    await waits;
    await read('of the leaderless one');
  });

  it('keeps nobody from joining, although nothing was committed of it', async () => {
    await placedTopic();
    await send(1, 'there already');
    await cluster.node(2).shutDown();
    startSource();
    await send(0, 'meanwhile');
    await read('meanwhile');
    expect(values).not.toContain('there already');
    await cluster.node(2).revive();
    await read('there already');
  });
});
