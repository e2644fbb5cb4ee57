import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '#domain/clock';
import { KafkajsSource } from '#kafka/kafkajs/kafkajs-source';
import { createTopics } from '#kafka/kafkajs/topics-command';
import { KafkaRecordProducer } from '#kafka/record-producer';
import { createLog } from '#telemetry/log';
import { asOperator } from '../support/kafka-admin.js';
import { KafkaCluster } from '../support/kafka-cluster.js';
import { until } from '../support/until.js';

/** Well above what a healthy connection is silent for here: a fetch waits for a second, a join for its rebalance timeout. */
const socketMsMax = 10_000;
const timing = { sessionTimeoutMs: 6_000, heartbeatMs: 1_000, rebalanceTimeoutMs: 6_000 };
const quiet = createLog({ app: 'test', level: 'error' });
/** By then a client that nobody ended has tried to join again: four retries of 2 s at most, and a time-out. */
const abandonedMsMax = 15_000;
/** By then the client would have repeated a request at least twice. */
const clientRetriesMs = 4_000;

/** Twenty times as fast as the machine's, until it is slowed down: who is judged by it is built anew again and again. */
function hastyClock(): Clock & { slowDown(): void } {
  let haste = 20;
  let [sinceMs, beganMs] = [systemClock.monotonicMs(), systemClock.monotonicMs()];
  const monotonicMs = () => beganMs + (systemClock.monotonicMs() - sinceMs) * haste;
  return {
    ...systemClock,
    monotonicMs,
    wait: (ms, signal) => systemClock.wait(ms / haste, signal),
    slowDown: () => {
      [sinceMs, beganMs, haste] = [systemClock.monotonicMs(), monotonicMs(), 1];
    },
  };
}

describe('the record source', () => {
  let cluster: KafkaCluster;
  let topic: string;
  const open: { stop(): Promise<void> }[] = [];

  beforeAll(async () => {
    cluster = await KafkaCluster.start();
  });

  beforeEach(async () => {
    topic = `record-source.${randomUUID()}`;
    const direct = { brokers: cluster.directBrokers.split(','), ssl: false };
    await createTopics(direct, [{ name: topic, partitions: 3, replicationFactor: 3, config: {} }], quiet);
  });

  afterEach(async () => {
    for (const { proxy } of cluster.nodes) {
      proxy.heal();
      await proxy.accept();
    }
    for (const one of open.splice(0)) await one.stop();
  });

  afterAll(async () => {
    await cluster?.stop();
  });

  /** Through the proxies. */
  function read(clock: Clock, unansweredMsMax = socketMsMax) {
    const said: string[] = [];
    const log = createLog({ app: 'test', level: 'warn', sink: { write: (line: string) => said.push(line) } });
    const kafka = { brokers: cluster.brokers.split(','), ssl: false, unansweredMsMax };
    const source = new KafkajsSource({ kafka, groupId: topic, topics: [topic], ...timing }, log, clock);
    const values: string[] = [];
    const lost: string[] = [];
    const revoked: number[] = [];
    source.start({
      onAssigned: async () => undefined,
      onRevoking: () => revoked.push(values.length),
      onLost: (cause) => lost.push(cause),
      onRecords: (records) => values.push(...records.map(({ value }) => String(value))),
    });
    open.push(source);
    const rebuilds = () => said.filter((line) => line.includes('consumer.rebuilding')).length;
    const joins = () => until(() => source.whatIsWrong() === null, { what: 'it reads', limitMs: 60_000 });
    return { source, values, lost, revoked, rebuilds, joins };
  }

  /** Past the proxies. */
  async function write(...values: readonly string[]): Promise<void> {
    const sink = new KafkaRecordProducer(
      { brokers: cluster.directBrokers.split(','), ssl: false },
      't',
      quiet,
      systemClock,
    );
    await Promise.all(values.map((value) => sink.send({ topic, key: value, value: Buffer.from(value), headers: {} })));
    await sink.stop();
  }

  it('gives up, and says why, when the brokers answer and three rebuilds in a row could not join', async () => {
    for (const { proxy } of cluster.nodes) proxy.resetOn('joinGroup');
    const { lost, rebuilds } = read(hastyClock());
    await until(() => lost.length > 0, { what: 'it gives up', limitMs: 90_000 });
    expect(lost).toEqual([expect.stringMatching(/Kafka|closed|reset/i)]);
    expect(rebuilds()).toBeGreaterThanOrEqual(3);
  }, 120_000);

  it('never gives up while the brokers are away, and reads when they are back', async () => {
    await write('a');
    for (const { proxy } of cluster.nodes) await proxy.refuse();
    const { lost, rebuilds, joins, values } = read(hastyClock());
    // More failures, over more of its time, than it takes it to give up where the brokers answer.
    await until(() => rebuilds() > 10, { what: 'ten attempts', limitMs: 120_000 });
    for (const { proxy } of cluster.nodes) await proxy.accept();
    await joins();
    await until(() => values.length === 1, { what: 'the record' });
    expect(lost).toEqual([]);
  }, 200_000);

  it('is back within two socket time-outs when every connection falls silent without a close', async () => {
    const { values, joins, lost } = read(systemClock);
    await joins();
    await write('a', 'b', 'c');
    await until(() => values.length === 3, { what: 'the first records' });
    for (const { proxy } of cluster.nodes) proxy.blackHole();
    await write('d', 'e', 'f');
    await until(() => new Set(values).size === 6, { what: 'the records after it', limitMs: 2 * socketMsMax });
    expect(lost).toEqual([]);
  }, 60_000);

  it.each(['while it reads', 'while its join is parked'])(
    'stops although no broker answers any more, %s',
    async (when) => {
      if (when !== 'while it reads') for (const { proxy } of cluster.nodes) proxy.swallow('joinGroup');
      const joinsAsked = () => cluster.nodes.reduce((sum, { proxy }) => sum + proxy.requestsOf('joinGroup'), 0);
      const before = joinsAsked();
      const { source, joins } = read(systemClock, 60_000);
      if (when === 'while it reads') await joins();
      else await until(() => joinsAsked() > before, { what: 'a join' });
      for (const { proxy } of cluster.nodes) proxy.blackHole({ newOnesToo: true });
      let isStopped = false;
      void source.stop().then(() => {
        isStopped = true;
      });
      // Twice the five seconds it gives to a polite end, and some.
      await until(() => isStopped, { what: 'it has stopped', limitMs: 14_000 });
    },
    60_000,
  );

  it('never repeats a commit that was refused: by then others may have committed further', async () => {
    const { source, joins } = read(systemClock);
    await joins();
    const partition = 3;
    const taken = source.commit([{ topic, partition, offset: 5n, metadata: '' }]); // there are 0 to 2
    await asOperator(cluster.directBrokers, (admin) =>
      admin.createPartitions({ topicPartitions: [{ topic, count: partition + 1 }] }),
    );
    await systemClock.wait(clientRetriesMs);
    expect(await taken).toBe(false);
    expect(await source.committed()).toEqual([]);
    expect(await source.commit([{ topic, partition: 0, offset: 0n, metadata: 'm' }])).toBe(true);
    expect(await source.committed()).toEqual([{ topic, partition: 0, offset: 0n, metadata: 'm' }]);
  }, 60_000);

  it('is one member of its group after an outage in which it was built anew', async () => {
    const clock = hastyClock();
    const { values, revoked, rebuilds, joins } = read(clock);
    await joins();
    const revokedBefore = revoked.length;
    for (const { proxy } of cluster.nodes) await proxy.refuse();
    await until(() => rebuilds() > 0, { what: 'it is built anew', limitMs: 60_000 });
    expect(revoked.length, 'nobody was told that the partitions may be read by others').toBeGreaterThan(revokedBefore);
    clock.slowDown();
    for (const { proxy } of cluster.nodes) await proxy.accept();
    await joins();
    await systemClock.wait(abandonedMsMax);
    const { groups } = await asOperator(cluster.directBrokers, (admin) => admin.describeGroups([topic]));
    expect(groups[0]?.members).toHaveLength(1);
    const keys = Array.from({ length: 30 }, (_, i) => `k${i}`);
    await write(...keys);
    await until(() => values.length === keys.length, { what: 'every partition is read', limitMs: 30_000 });
  }, 150_000);
});
