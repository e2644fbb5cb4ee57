import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '#domain/clock';
import type { OutgoingRecord } from '#domain/kafka-record';
import { createTopics } from '#kafka/kafkajs/topics-command';
import { KafkaRecordProducer } from '#kafka/record-producer';
import type { RecordLocation } from '#kafka/record-sink';
import { createLog } from '#telemetry/log';
import { KafkaCluster } from '../support/kafka-cluster.js';
import { readTopics } from '../support/read-topics.js';
import { until } from '../support/until.js';

const testMsMax = 120_000;
const log = createLog({ app: 'test', level: 'error' });

/** A record and where the sink said it stands. */
interface Sent {
  readonly value: string;
  readonly at: RecordLocation;
}

/** Partition n is led by node n + 1; on two nodes, so that a change of one moves the leader at once. */
const onTwoNodes = (leaderOfTheSecond: number) => [
  [1, 3],
  [leaderOfTheSecond, 3],
  [3, 1],
];
const onEveryNode = [
  [1, 2, 3],
  [2, 3, 1],
  [3, 1, 2],
];

describe('the record sink', () => {
  let cluster: KafkaCluster;
  let topic: string;
  let sink: KafkaRecordProducer;
  let made = 0;
  /** What the sink said of its retries. */
  let retries: string[];

  beforeAll(async () => {
    cluster = await KafkaCluster.start();
  });

  afterEach(async () => {
    for (const { proxy } of cluster.nodes) proxy.heal();
    await sink?.stop();
  });

  afterAll(async () => {
    await cluster?.stop();
  });

  /** A topic of three partitions with these replicas, of which the first one leads. */
  async function setup(replicas: readonly (readonly number[])[]): Promise<void> {
    topic = `record-sink.${randomUUID()}`;
    const direct = { brokers: cluster.directBrokers.split(','), ssl: false };
    const replicationFactor = replicas[0]?.length ?? 0;
    await createTopics(direct, [{ name: topic, partitions: 3, replicationFactor, config: {} }], log);
    await cluster.place(topic, replicas);
    retries = [];
    sink = aSink();
    await sendToEach();
  }

  /** Through the proxies; node 1 is the first of its list. */
  function aSink(): KafkaRecordProducer {
    const write = (line: string) => retries.push(line);
    const sinkLog = createLog({ app: 'test', level: 'warn', sink: { write } });
    return new KafkaRecordProducer({ brokers: cluster.brokers.split(','), ssl: false }, 'test', sinkLog, systemClock);
  }

  function aRecord(partition: number): OutgoingRecord & { readonly value: Buffer } {
    return { topic, partition, key: null, value: Buffer.from(`record ${made++}`), headers: {} };
  }

  async function send(partition: number): Promise<Sent> {
    const record = aRecord(partition);
    return { value: record.value.toString(), at: await sink.sendAndLocate(record) };
  }

  /** All in one flush. */
  function sendToEach(recordsEach = 1): Promise<Sent[]> {
    const partitions = [0, 1, 2].flatMap((partition) => Array.from({ length: recordsEach }, () => partition));
    return Promise.all(partitions.map(send));
  }

  /** Every record stands where the sink said; past the proxies, from the start of the log. Answers all there are. */
  async function expectAllThere(sent: readonly Sent[]): Promise<number> {
    const read = await readTopics({ env: { KAFKA_BROKERS: cluster.directBrokers }, prefix: `${topic}.` }, [topic]);
    const found = new Map(read.map(({ partition, offset, value }) => [`${partition}/${offset}`, String(value)]));
    const missing = sent.filter(({ value, at }) => found.get(`${at.partition}/${at.offset}`) !== value);
    expect(missing).toEqual([]);
    return read.length;
  }

  it(
    'misses nothing when a leader moves, between two attempts of a send, to a broker that has answered already',
    async () => {
      await setup(onTwoNodes(2));
      const sent: Sent[] = [];
      // Partition 1 goes to and fro between nodes 1 and 2, each of which leads another partition of the same send.
      for (let round = 0; round < 8; round++) {
        const [from, to] = round % 2 === 0 ? ([2, 1] as const) : ([1, 2] as const);
        const { proxy } = cluster.node(from);
        const { held } = proxy.hold('produce');
        const sending = sendToEach(5);
        await until(() => held.length > 0, { what: `the request to node ${from}` });
        await cluster.place(topic, onTwoNodes(to));
        proxy.release('produce');
        sent.push(...(await sending));
      }
      await expectAllThere(sent);
      // The client itself repeats nothing, as what it repeats may be lost: each refusal must have reached the sink.
      expect(retries.filter((line) => /not the leader|unconfirmed partition/.test(line)).length).toBeGreaterThanOrEqual(
        4,
      );
    },
    testMsMax,
  );

  it.each(['whole', 'half'] as const)(
    'misses nothing when answers are lost while many send at once (%s)',
    async (how) => {
      await setup(onEveryNode);
      const lost = cluster.nodes.map(({ proxy }) => proxy.loseAnswers('produce', 3, how));
      const sent: Sent[] = [];
      const client = async (_: unknown, n: number) => {
        for (let i = 0; i < 30; i++) sent.push(await send((n + i) % 3));
      };
      await Promise.all(Array.from({ length: 40 }, client));
      expect(lost.map(({ left }) => left)).toEqual([0, 0, 0]);
      // What came of a lost answer must not be taken for the beginning of the next one: that leaves all later ones unread.
      expect(retries.filter((line) => /timed out|no answer/.test(line))).toEqual([]);
      expect(await expectAllThere(sent)).toBeGreaterThan(sent.length);
    },
    testMsMax,
  );

  it(
    'misses nothing when a broker is killed and comes back while many send at once',
    async () => {
      await setup(onEveryNode);
      const sent: Sent[] = [];
      let sending = true;
      const client = async (_: unknown, n: number) => {
        for (let i = 0; sending; i++) sent.push(await send((n + i) % 3));
      };
      const clients = Array.from({ length: 10 }, client);
      const more = async (count: number) => {
        const enough = sent.length + count;
        await until(() => sent.length >= enough, { what: `${count} more records`, limitMs: testMsMax / 2 });
      };
      await more(300);
      await cluster.node(2).crash();
      await more(300);
      await cluster.node(2).revive();
      await more(300);
      sending = false;
      await Promise.all(clients);
      await expectAllThere(sent);
    },
    testMsMax,
  );

  it(
    'writes on when the first broker of its list is killed under a request and stays away',
    async () => {
      await setup(onEveryNode);
      const first = cluster.node(1);
      const { held } = first.proxy.hold('produce');
      const sending = sendToEach(5);
      await until(() => held.length > 0, { what: 'the request to node 1' });
      await first.crash();
      try {
        // The client is made anew, and every new client asks the first broker first.
        await expectAllThere([...(await sending), ...(await sendToEach(5))]);
      } finally {
        await first.revive();
      }
    },
    testMsMax,
  );

  it(
    'writes what others lead when the first broker of its list takes connections and answers nothing',
    async () => {
      await setup(onEveryNode);
      await sink.stop();
      cluster.node(1).proxy.blackHole({ newOnesToo: true });
      sink = aSink();
      await expectAllThere([await send(1), await send(2)]);
    },
    testMsMax,
  );

  it(
    'is back, on new connections, when all of its own fell silent without a close',
    async () => {
      await setup(onEveryNode);
      for (const { proxy } of cluster.nodes) proxy.blackHole();
      // The client alone repeats its request on the dead connection for ever.
      await expectAllThere(await sendToEach(5));
    },
    testMsMax,
  );
});
