import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '#domain/clock';
import { onAbort } from '#domain/on-abort';
import { createKafka } from '#kafka/kafkajs/kafka-client';
import { KafkajsSource } from '#kafka/kafkajs/kafkajs-source';
import { createTopics } from '#kafka/kafkajs/topics-command';
import { PartitionEngine } from '#kafka/partition-engine';
import { KafkaRecordProducer } from '#kafka/record-producer';
import { createLog } from '#telemetry/log';
import { asOperator } from '../support/kafka-admin.js';
import { KafkaCluster } from '../support/kafka-cluster.js';
import { until } from '../support/until.js';

/** No heartbeat comes in between: the member learns that it is none when it joins again. */
const timing = { sessionTimeoutMs: 120_000, heartbeatMs: 60_000, rebalanceTimeoutMs: 60_000 };
const quiet = createLog({ app: 'test', level: 'error' });
const recordsEach = 20;
/** Partition n is led by node n + 1, and then the second one by a node in whose favour node 2 has lost it. */
const placed = [
  [1, 3],
  [2, 3],
  [3, 1],
];
const moved = [
  [1, 3],
  [1, 3],
  [3, 1],
];

describe('a member that joins again as another one because a leader has moved', () => {
  let cluster: KafkaCluster;
  const topic = `rejoining.${randomUUID()}`;
  const open: { stop(): Promise<void> }[] = [];

  beforeAll(async () => {
    cluster = await KafkaCluster.start();
    const direct = { brokers: cluster.directBrokers.split(','), ssl: false };
    const wanted = [{ name: topic, partitions: 3, replicationFactor: 2, config: {} }];
    // A broker that has just started may not have heard of the topic yet.
    const isMade = () => createTopics(direct, wanted, quiet).catch(() => null);
    await until(isMade, { what: 'the topic' });
    await cluster.place(topic, placed);
  });

  afterEach(async () => {
    for (const { proxy } of cluster.nodes) proxy.heal();
    for (const one of open.splice(0)) await one.stop();
  });

  afterAll(async () => {
    await cluster?.stop();
  });

  /** What an operator, or a coordinator that has not heard of it for long, does. */
  async function removeTheMember(): Promise<void> {
    const { groups } = await asOperator(cluster.directBrokers, (admin) => admin.describeGroups([topic]));
    const memberId = groups[0]?.members[0]?.memberId ?? '';
    const kafka = createKafka({ brokers: cluster.directBrokers.split(','), ssl: false }, 'operator', quiet);
    const create = Object.getOwnPropertySymbols(kafka).find(({ description }) =>
      description?.includes('createCluster'),
    );
    const { [create ?? Symbol()]: make } = kafka as unknown as Record<symbol, (options: object) => GroupsOfCluster>;
    const inner = make?.call(kafka, {});
    await inner?.connect();
    const coordinator = await inner?.findGroupCoordinator({ groupId: topic });
    await coordinator?.leaveGroup({ groupId: topic, memberId });
    await inner?.disconnect();
  }

  /** Its handlers end only when their records are given back, until `mayFinish` is called. */
  function runMember() {
    const said: string[] = [];
    const log = createLog({ app: 'test', level: 'info', sink: { write: (line) => void said.push(line) } });
    const kafka = { brokers: cluster.brokers.split(','), ssl: false };
    const source = new KafkajsSource({ kafka, groupId: topic, topics: [topic], ...timing }, log, systemClock);
    const limits = { underWayMax: 1_000, ofPartition: () => ({ recordsMax: 10_000, bytesMax: 1e9 }) };
    const shrunk: object[] = [];
    const engine = new PartitionEngine(limits, {
      ...{ source, log, clock: systemClock, giveUp: async () => undefined, onLost: () => undefined },
      ...{ progressOf: () => 0, onLogShrunk: (one: object) => void shrunk.push(one) },
    });
    const started: string[] = [];
    const finished = new Set<string>();
    let isLate = false;
    engine.start(async ({ value }, signal) => {
      started.push(String(value));
      if (!isLate) await new Promise((_, reject) => onAbort(signal, () => reject(new Error('given back'))));
      finished.add(String(value));
    });
    open.push({ stop: () => engine.drainAndStop(0) });
    const assignments = () => said.filter((line) => line.includes('partitions.assigned')).length;
    const mayFinish = () => {
      isLate = true;
    };
    return { started, finished, shrunk, assignments, mayFinish };
  }

  it('runs all that it had not finished: what other brokers answer meanwhile moves no position', async () => {
    const direct = { brokers: cluster.directBrokers.split(','), ssl: false };
    const sink = new KafkaRecordProducer(direct, 'test', quiet, systemClock);
    open.push(sink);
    const write = (text: string) =>
      sink.send({ topic, partition: Number(text[0]), key: null, value: Buffer.from(text), headers: {} });
    const { started, finished, shrunk, assignments, mayFinish } = runMember();
    const texts = [0, 1, 2].flatMap((partition) => Array.from({ length: recordsEach }, (_, i) => `${partition}/${i}`));
    await Promise.all(texts.map(write));
    await until(() => started.length === texts.length, { what: 'all is under way', limitMs: 60_000 });

    for (const { proxy } of cluster.nodes) proxy.hold('syncGroup');
    const syncs = () => cluster.nodes.reduce((sum, { proxy }) => sum + proxy.requestsOf('syncGroup'), 0);
    const syncsBefore = syncs();
    await removeTheMember();
    await cluster.place(topic, moved);
    await until(() => syncs() > syncsBefore, { what: 'it has joined and asks for its partitions' });
    const third = cluster.node(3).proxy;
    const fetchesBefore = third.requestsOf('fetch');
    await until(() => third.requestsOf('fetch') > fetchesBefore, { what: 'the third broker is asked meanwhile' });
    mayFinish();
    const assignedBefore = assignments();
    for (const { proxy } of cluster.nodes) proxy.release('syncGroup');
    await until(() => assignments() > assignedBefore, { what: 'the new assignment' });
    await write('2/late'); // the answer that the third broker still owes

    const missing = () => [...texts, '2/late'].filter((text) => !finished.has(text));
    await until(() => missing().length === 0, { what: 'all is finished', detail: () => `\n${missing().join()}` });
    expect(shrunk).toEqual([]);
  }, 150_000);
});

/** The part of the client that leaves a group; what it exports leaves only with the consumer itself. */
interface GroupsOfCluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  findGroupCoordinator(of: { readonly groupId: string }): Promise<{
    leaveGroup(member: { readonly groupId: string; readonly memberId: string }): Promise<void>;
  }>;
}
