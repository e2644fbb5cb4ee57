import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { systemClock } from '#domain/clock';
import { createKafka } from '#kafka/kafkajs/kafka-client';
import { KafkajsSource } from '#kafka/kafkajs/kafkajs-source';
import { createTopics } from '#kafka/kafkajs/topics-command';
import { PartitionEngine } from '#kafka/partition-engine';
import { KafkaRecordProducer } from '#kafka/record-producer';
import { createLog } from '#telemetry/log';
import { asOperator } from '../support/kafka-admin.js';
import { until } from '../support/until.js';

const quiet = createLog({ app: 'test', level: 'error' });
const timing = { sessionTimeoutMs: 6_000, heartbeatMs: 1_000, rebalanceTimeoutMs: 6_000 };
/** The broker looks for something to compact every 15 s, and does not touch the segment that is written to. */
const compactionMsMax = 90_000;

/** Logs whose offsets have gaps: what transactions and compaction leave, and the broker's own records between them. */
describe('a log with gaps', () => {
  const settings = { brokers: inject('kafkaBrokers').split(','), ssl: false };
  let topic: string;
  const open: { stop(): Promise<void> }[] = [];

  beforeEach(() => {
    topic = `uneven-log.${randomUUID()}`;
  });

  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.stop();
    await asOperator(settings.brokers.join(','), (admin) => admin.deleteTopics({ topics: [topic] }));
  });

  async function create(config: Readonly<Record<string, string>> = {}): Promise<void> {
    await createTopics(settings, [{ name: topic, partitions: 1, replicationFactor: 1, config }], quiet);
  }

  /** An engine of one group over the topic, and what its handler was given. */
  function read() {
    const values: string[] = [];
    const offsets: bigint[] = [];
    const source = new KafkajsSource(
      { kafka: settings, groupId: topic, topics: [topic], ...timing },
      quiet,
      systemClock,
    );
    const ofPartition = () => ({ recordsMax: 1_000, bytesMax: 1_000_000 });
    const engine = new PartitionEngine(
      { underWayMax: 100, ofPartition },
      {
        source,
        log: quiet,
        clock: systemClock,
        giveUp: async () => undefined,
        progressOf: ({ timestampMs }) => timestampMs,
        onLogShrunk: () => values.push('the log shrank'),
        onLost: (cause) => values.push(cause),
      },
    );
    engine.start(async ({ value, offset }) => {
      values.push(String(value));
      offsets.push(offset);
    });
    const stop = () => engine.drainAndStop(5_000);
    const caughtUp = () =>
      until(() => engine.progress().some(({ lag }) => lag === 0), { what: 'nothing lags behind', limitMs: 30_000 });
    return { values, offsets, caughtUp, stop };
  }

  /** In one transaction, which ends as it is told. */
  async function transact(ending: 'commit' | 'abort', ...values: readonly string[]): Promise<void> {
    const producer = createKafka(settings, 'upstream', quiet).producer({
      ...{ transactionalId: randomUUID(), idempotent: true, maxInFlightRequests: 1 },
    });
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: values.map((value) => ({ value, partition: 0 })) });
    await transaction[ending]();
    await producer.disconnect();
  }

  async function write(...values: readonly (readonly [key: string, value: string])[]): Promise<void> {
    const sink = new KafkaRecordProducer(settings, 't', quiet, systemClock);
    for (const [key, value] of values) await sink.send({ topic, key, value: Buffer.from(value), headers: {} });
    await sink.stop();
  }

  async function committed(): Promise<string | undefined> {
    const [found] = await asOperator(settings.brokers.join(','), (admin) =>
      admin.fetchOffsets({ groupId: topic, topics: [topic] }),
    );
    return found?.partitions[0]?.offset;
  }

  it('gives what transactions committed once, and nothing of what they aborted', async () => {
    await create();
    await transact('commit', 'a', 'b'); // 0, 1, and its marker at 2
    await transact('abort', 'x', 'y', 'z'); // 3 to 5, marker 6
    await write(['k', 'c']); // 7
    await transact('commit', 'd'); // 8, marker 9
    const first = read();
    await first.caughtUp();
    expect(first.values).toEqual(['a', 'b', 'c', 'd']);
    expect(first.offsets).toEqual([0n, 1n, 7n, 8n]);
    await first.stop();
    expect(await committed()).toBe('9');
    await write(['k', 'e']);
    const next = read();
    open.push(next);
    await next.caughtUp();
    expect(next.values).toEqual(['e']);
  }, 90_000);

  it('is read to its end when it ends with what was aborted, and on from there', async () => {
    await create();
    await write(['k', 'a']);
    await transact('abort', 'x', 'y');
    await transact('abort', 'z');
    const reader = read();
    open.push(reader);
    await reader.caughtUp();
    expect(reader.values).toEqual(['a']);
    await transact('abort', 'x');
    await transact('commit', 'b');
    await until(() => reader.values.length === 2, { what: 'the record after it', limitMs: 20_000 });
    expect(reader.values).toEqual(['a', 'b']);
  }, 90_000);

  it('is read past all that compaction took', async () => {
    await create({
      ...{ 'cleanup.policy': 'compact', 'segment.ms': '100', 'min.cleanable.dirty.ratio': '0.01' },
      ...{ 'max.compaction.lag.ms': '100', 'delete.retention.ms': '0' },
    });
    const many = Array.from({ length: 50 }, (_, i) => ['k', `v${i}`] as const);
    await write(...many, ['other', 'w']);
    await systemClock.wait(200);
    await write(['last', 'x']); // begins a segment: the one before may be compacted
    await until(async () => (await offsetsNow()).length < many.length, {
      what: 'compaction',
      limitMs: compactionMsMax,
    });
    const left = await offsetsNow();
    const reader = read();
    await reader.caughtUp();
    expect(reader.offsets).toEqual(left);
    expect(reader.values).toEqual(['v49', 'w', 'x']);
    await reader.stop();
    expect(await committed()).toBe(String(many.length + 2));
  }, 150_000);

  /** What a reader of its own group finds. */
  async function offsetsNow(): Promise<readonly bigint[]> {
    const offsets: bigint[] = [];
    const groupId = randomUUID();
    const source = new KafkajsSource({ kafka: settings, groupId, topics: [topic], ...timing }, quiet, systemClock);
    source.start({
      onAssigned: async () => undefined,
      onRevoking: () => undefined,
      onLost: () => undefined,
      onRecords: (records) => offsets.push(...records.map(({ offset }) => offset)),
    });
    await until(() => offsets.at(-1) === 51n, { what: 'the end of the log', limitMs: 20_000 });
    await source.stop();
    return offsets;
  }
});
