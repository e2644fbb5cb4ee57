import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '#domain/clock';
import type { OutgoingRecord } from '#domain/kafka-record';
import { partitionOfKey } from '#kafka/kafkajs/partition-of-key';
import { KafkaRecordProducer } from '#kafka/record-producer';
import type { RecordLocation } from '#kafka/record-sink';
import { createLog } from '#telemetry/log';
import { asOperator } from '../support/kafka-admin.js';
import { KafkaCluster } from '../support/kafka-cluster.js';
import { readTopics } from '../support/read-topics.js';
import { until } from '../support/until.js';

const testMsMax = 120_000;

/** A record, and what its caller has been told. */
interface Sent {
  readonly value: string;
  readonly told: { at?: RecordLocation; error?: unknown };
}

describe('the record sink sets aside', { timeout: testMsMax }, () => {
  let cluster: KafkaCluster;
  let sink: KafkaRecordProducer;
  let topic: string;
  let other: string;
  let made = 0;
  /** What the sink said of its retries. */
  let said: { topic?: string; partition?: number | null; cause: string; waitMs: number }[];

  beforeAll(async () => {
    cluster = await KafkaCluster.start();
  });

  beforeEach(async () => {
    topic = `set-aside.${randomUUID()}`;
    other = `other.${randomUUID()}`;
    said = [];
    const write = (line: string) => said.push(JSON.parse(line));
    const log = createLog({ app: 'test', level: 'warn', sink: { write } });
    sink = new KafkaRecordProducer({ brokers: cluster.brokers.split(','), ssl: false }, 'test', log, systemClock);
    await create(other, [
      [1, 3],
      [3, 1],
    ]);
    await sink.sendAndLocate(aRecord(other, { partition: 0 }));
  });

  afterEach(async () => {
    for (const { proxy } of cluster.nodes) proxy.heal();
    await sink?.stop();
  });

  afterAll(async () => {
    await cluster?.stop();
  });

  /** A topic with these replicas, of which the first one of each partition leads; written to when `inSync` have it. */
  async function create(name: string, replicas: readonly (readonly number[])[], inSync = 1): Promise<void> {
    const replicaAssignment = replicas.map((ids, partition) => ({ partition, replicas: [...ids] }));
    const configEntries = [{ name: 'min.insync.replicas', value: String(inSync) }];
    const topics = [{ topic: name, replicaAssignment, configEntries }];
    const isThere = async () => {
      await asOperator(cluster.directBrokers, (admin) => admin.createTopics({ waitForLeaders: false, topics }));
      return (await replicasInSync(name, replicas.length - 1)) === replicas.at(-1)?.length;
    };
    // A broker may be lost, and some hear of a topic later than others.
    await until(() => isThere().catch(() => false), { what: `the topic ${name}` });
  }

  async function remove(name: string): Promise<void> {
    const topics = [name];
    const isGone = () =>
      asOperator(cluster.directBrokers, async (admin) => {
        if ((await admin.listTopics()).includes(name)) await admin.deleteTopics({ topics });
        return !(await admin.listTopics()).includes(name);
      });
    await until(() => isGone().catch(() => false), { what: `the end of ${name}` });
  }

  function replicasInSync(name: string, partition: number): Promise<number | undefined> {
    return asOperator(cluster.directBrokers, async (admin) => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [name] });
      return topics[0]?.partitions.find(({ partitionId }) => partitionId === partition)?.isr.length;
    });
  }

  function aRecord(name: string, where: { key?: string; partition?: number; bytes?: number }) {
    const value = Buffer.from(`record ${made++} ${'x'.repeat(where.bytes ?? 0)}`);
    const partition = where.partition === undefined ? {} : { partition: where.partition };
    return { topic: name, key: where.key ?? null, value, headers: {}, ...partition } satisfies OutgoingRecord;
  }

  function send(name: string, where: { key?: string; partition?: number; bytes?: number }): Sent {
    const record = aRecord(name, where);
    const told: Sent['told'] = {};
    sink.sendAndLocate(record).then(
      (at) => Object.assign(told, { at }),
      (error: unknown) => Object.assign(told, { error }),
    );
    return { value: record.value.toString(), told };
  }

  async function expectWritten(sent: readonly Sent[], limitMs = 20_000): Promise<void> {
    const detail = () => JSON.stringify([sent.map(({ told }) => String(told.at?.offset ?? told.error)), said]);
    await until(() => sent.every(({ told }) => told.at !== undefined), { what: 'the records', limitMs, detail });
  }

  /** Each stands where its caller was told, and nowhere else. */
  async function expectOnce(name: string, sent: readonly Sent[]): Promise<void> {
    const read = await readTopics({ env: { KAFKA_BROKERS: cluster.directBrokers }, prefix: `${name}.` }, [name]);
    const found = read.map(({ partition, offset, value }) => `${partition}/${offset} ${value}`);
    expect(found.toSorted()).toEqual(
      sent.map(({ value, told }) => `${told.at?.partition}/${told.at?.offset} ${value}`).toSorted(),
    );
  }

  it('what is for a topic that is missing, and writes it once the topic is there', async () => {
    const aside = [send(topic, { key: 'a' }), send(topic, { partition: 2 }), send(topic, {})];
    await expectWritten([send(other, { partition: 0 }), send(other, { partition: 1 })]);
    await until(() => said.length >= 3, { what: 'three steps of the back-off' });
    await expectWritten([send(other, { partition: 0 })]);
    // A leader is lost meanwhile, and its records are set aside as well.
    await cluster.node(1).crash();
    const moved = [send(other, { partition: 0 }), send(topic, { key: 'b' })];
    await expectWritten(moved.slice(0, 1));
    await cluster.node(1).revive();
    expect(aside.map(({ told }) => told)).toEqual([{}, {}, {}]);
    await create(topic, [
      [1, 2],
      [2, 3],
      [3, 1],
    ]);
    await expectWritten([...aside, ...moved]);
    await expectOnce(topic, [...aside, ...moved.slice(1)]);
    const steps = said.filter((line) => line.topic === topic);
    for (const { partition, cause } of steps.slice(0, 3)) {
      expect(partition).toBe(null);
      expect(cause).toMatch(/does not host this topic-partition/);
    }
    expect(steps.slice(0, 3).map(({ waitMs }) => waitMs)).toEqual([200, 400, 800]);
  });

  it('what is for a partition without a leader or with too few replicas, and writes it once when they are back', async () => {
    const strict = `strict.${randomUUID()}`;
    await create(topic, [[2], [1], [3]]);
    await create(
      strict,
      [
        [1, 2],
        [3, 1],
      ],
      2,
    );
    const before = [0, 1, 2].map((partition) => send(topic, { partition }));
    const strictBefore = [0, 1].map((partition) => send(strict, { partition }));
    await expectWritten([...before, ...strictBefore]);
    said = [];
    await cluster.node(2).crash();
    const isAlone = async () => (await replicasInSync(strict, 0)) === 1;
    // Until it is known that the replica is lost its leader takes records, and says afterwards that they are too few.
    await until(() => isAlone().catch(() => false), { what: 'the lost replica' });
    let waited: typeof said;
    let aside: Sent[];
    let through: Sent[];
    let strictThrough: Sent[];
    try {
      aside = [send(topic, { partition: 0 }), send(strict, { partition: 0 })];
      through = [send(topic, { partition: 1 })];
      await expectWritten(through);
      await until(() => said.some(({ cause }) => /no leader/.test(cause)), { what: 'the missing leader' });
      // Its topic's leaders are read anew again and again meanwhile.
      await until(() => said.some(({ waitMs }) => waitMs === 5_000), { what: 'the longest wait', limitMs: 60_000 });
      through.push(...[1, 2].map((partition) => send(topic, { partition })));
      strictThrough = [send(strict, { partition: 1 })];
      await expectWritten([...through, ...strictThrough, send(other, { partition: 0 })], 1_000);
      expect(await sink.partitionsOf(topic)).toBe(3);
      expect(await sink.whatIsWrong()).toBe(null);
      expect(aside.map(({ told }) => told)).toEqual([{}, {}]);
      waited = said.slice();
    } finally {
      await cluster.node(2).revive();
    }
    await expectWritten([...aside]);
    await expectOnce(topic, [...before, ...through, ...aside.slice(0, 1)]);
    await expectOnce(strict, [...strictBefore, ...strictThrough, ...aside.slice(1)]);
    // Once for each step of each place: 200, 400, 800, 1600, 3200 and then every 5 s.
    for (const [name, partition] of [
      [topic, 0],
      [strict, 0],
    ] as const) {
      const waits = waited
        .filter((line) => line.topic === name && line.partition === partition)
        .map(({ waitMs }) => waitMs);
      expect(waits).toEqual(waits.map((_, step) => Math.min(200 * 2 ** step, 5_000)));
    }
  });

  it('what is for a leader that answers nothing: it holds up the others once, not at every try', async () => {
    await create(topic, [[1], [1], [2]]);
    await expectWritten([0, 1, 2].map((partition) => send(topic, { partition })));
    said = [];
    cluster.node(1).proxy.blackHole({ newOnesToo: true });
    const aside = [send(topic, { partition: 0 })];
    await until(() => said.length > 0, { what: 'the first try', limitMs: 30_000 });
    aside.push(send(topic, { partition: 0 }), send(topic, { partition: 1 }));
    for (let i = 0; i < 10; i++) {
      await expectWritten([send(topic, { partition: 2 })], 2_000);
      await systemClock.wait(1_000);
    }
    expect(aside.map(({ told }) => told)).toEqual([{}, {}, {}]);
    cluster.node(1).proxy.heal();
    await expectWritten(aside, 40_000);
  });

  it('what was for a partition that is gone, and places it anew unless it names it', async () => {
    const strict = 2;
    await create(
      topic,
      [
        [2, 1],
        [1, 2],
        [2, 1],
        [2, 1],
      ],
      strict,
    );
    await expectWritten([send(topic, { partition: 0 })]);
    const key = Array.from({ length: 100 }, (_, i) => `key ${i}`).find((one) => partitionOfKey(one, 4) === 3);
    await cluster.node(2).crash();
    const keyed = send(topic, { key: key ?? '' });
    const named = send(topic, { partition: 3 });
    try {
      await until(() => said.some((line) => line.partition === 3 && line.waitMs > 200), { what: 'it is set aside' });
      await remove(topic);
      await create(topic, [
        [3, 1],
        [1, 3],
      ]);
      await expectWritten([keyed]);
      expect(keyed.told.at?.partition).toBe(partitionOfKey(key ?? '', 2));
      await until(() => said.some((line) => line.partition === 3 && /does not host/.test(line.cause)), {
        what: 'it waits',
      });
      expect(named.told).toEqual({});
      await sink.stop();
      await until(() => named.told.error, { what: 'its end', limitMs: 2_000 });
      expect(named.told.error).toMatchObject({ code: 'BROKER_UNAVAILABLE', retryable: true });
    } finally {
      await cluster.node(2).revive();
    }
  });

  it('nothing else when one record is too large and one partition is refused in the same request', async () => {
    await create(topic, [
      [1, 3],
      [3, 1],
      [1, 3],
    ]);
    const sent = [send(topic, { partition: 0 }), send(topic, { partition: 0 })];
    const large = send(topic, { partition: 0, bytes: 1_100_000 });
    const missing = send(topic, { partition: 7 });
    sent.push(send(topic, { partition: 0 }), send(topic, { partition: 1 }));
    await until(() => large.told.error, { what: 'the refusal' });
    expect(large.told.error).toMatchObject({ code: 'BROKER_UNAVAILABLE', retryable: false });
    await expectWritten(sent);
    await expectOnce(topic, sent);
    expect(missing.told).toEqual({});
  });

  it('no more than 32 MiB, and rejects what is beyond', async () => {
    const sent = Array.from({ length: 40 }, () => send(topic, { key: 'a', bytes: 1_000_000 }));
    await until(() => sent.some(({ told }) => told.error), { what: 'the first rejection' });
    await expectWritten([send(other, { partition: 0 })]);
    const rejected = sent.filter(({ told }) => told.error);
    expect(rejected).toHaveLength(40 - Math.floor((32 * 1_048_576) / 1_000_600));
    for (const { told } of rejected) expect(told.error).toMatchObject({ code: 'BROKER_UNAVAILABLE', retryable: true });
    await create(topic, [[1, 2]]);
    await expectWritten(sent.filter((one) => !rejected.includes(one)));
    const again = send(topic, { partition: 1, bytes: 1_000_000 });
    await expectWritten([send(other, { partition: 0 })]);
    expect(again.told).toEqual({});
  });
});
