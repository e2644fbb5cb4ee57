import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { topicNames, topicSpecs } from '#contracts/topics';
import { createTopics } from '#kafka/kafkajs/topics-command';
import { createLog } from '#telemetry/log';
import { anEvent } from '../support/builders.js';
import { aSecret, wire } from '../support/configure.js';
import { asOperator, type KafkaAdmin } from '../support/kafka-admin.js';
import { readTopics } from '../support/read-topics.js';
import { Stack } from '../support/stack.js';
import { until } from '../support/until.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const partitions = [0, 1, 2, 3, 4, 5];
const before = 5;
const after = 2;
const sentMsMax = 90_000;

/** What stands in `operator-events`, of what this test is about. */
interface Told {
  readonly type: string;
  readonly source: string;
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>>;
}

describe('an events topic made anew, whose logs are shorter than what was read', () => {
  let stack: Stack;
  let receiver: WebhookReceiver;
  let total = 0;

  beforeEach(async () => {
    total = 0;
    receiver = await WebhookReceiver.start();
    stack = await Stack.start(['renderer', 'dispatcher', 'retry-scheduler']);
    const secret = aSecret();
    await wire(stack, [{ id: 'all', url: receiver.on('/all', secret), secret, eventTypes: ['loan.*'] }]);
    await produceToEach(partitions, before);
    await allSent();
    await committedAt(String(before));
  });

  afterEach(async () => {
    await stack?.stop();
    await receiver?.stop();
  });

  const group = () => ({ groupId: `${stack.prefix}renderer`, topic: stack.eventsTopic });
  const operate = <T>(run: (admin: KafkaAdmin) => Promise<T>) => asOperator(stack.env['KAFKA_BROKERS'] ?? '', run);

  async function produceToEach(which: readonly number[], count: number): Promise<void> {
    const events = which.flatMap((partition) => Array.from({ length: count }, () => partition));
    await Promise.all(
      events.map((partition) =>
        stack.sink.send({
          ...{ topic: stack.eventsTopic, partition, key: null, value: Buffer.from(JSON.stringify(anEvent())) },
          headers: { 'content-type': 'application/cloudevents+json' },
        }),
      ),
    );
    total += events.length;
  }

  async function allSent(): Promise<void> {
    const sent = async () => {
      const rows = await stack.database.query<{ state: string; n: number }>(
        'SELECT state, count(*)::int AS n FROM notifications GROUP BY state',
      );
      return rows.length === 1 && rows[0]?.state === 'sent' && rows[0].n === total;
    };
    await until(sent, { what: `${total} notifications sent`, limitMs: sentMsMax });
    expect(new Set(receiver.requests.map(({ webhookId }) => webhookId)).size).toBe(total);
    expect(receiver.duplicates()).toEqual([]);
  }

  async function committedAt(offset: string): Promise<void> {
    const committed = async () => {
      const { groupId, topic } = group();
      const [found] = await operate((admin) => admin.fetchOffsets({ groupId, topics: [topic] }));
      return found?.partitions.length === partitions.length && found.partitions.every((one) => one.offset === offset);
    };
    await until(committed, { what: `every partition is committed at ${offset}`, limitMs: sentMsMax });
  }

  /** As `kafka-topics.sh --delete` and `npm run topics` do. */
  async function makeAnew(): Promise<void> {
    const { topic } = group();
    await operate((admin) => admin.deleteTopics({ topics: [topic] }));
    const isGone = async () => !(await operate((admin) => admin.listTopics())).includes(topic);
    await until(isGone, { what: `${topic} is gone` });
    const specs = topicSpecs({ prefix: stack.prefix, profile: 'development', eventTopics: [], tiers: [] });
    const kafka = { brokers: [stack.env['KAFKA_BROKERS'] ?? ''], ssl: false };
    const wanted = specs.filter(({ name }) => name === topic);
    await createTopics(kafka, wanted, createLog({ app: 'test', level: 'error' }));
  }

  async function told(): Promise<readonly Told[]> {
    const records = await readTopics(stack, [topicNames.operatorEvents(stack.prefix)]);
    return records
      .map(({ value }): Told => JSON.parse(String(value)))
      .filter(({ type }) => type === 'hookline.log.shrunk');
  }

  /** Exactly one for each partition, whatever their order. */
  async function expectToldOnce(): Promise<void> {
    const { topic } = group();
    await until(async () => (await told()).length >= partitions.length, { what: 'operators are told' });
    const said = (await told()).toSorted((a, b) => a.subject.localeCompare(b.subject));
    expect(said.map(({ type, source, subject, data }) => ({ type, source, subject, data }))).toEqual(
      partitions.map((partition) => ({
        ...{ type: 'hookline.log.shrunk', source: 'hookline/renderer', subject: `${topic}/${partition}` },
        data: { topic, partition, committed: String(before), found: '0' },
      })),
    );
  }

  it('is read from its start by an app that starts, and operators are told once of each partition', async () => {
    const renderer = stack.app('renderer');
    expect(await renderer.kill('SIGTERM')).toBe(0);
    await makeAnew();
    // The brokers forget what was committed for a topic that is deleted; a log cut in any other way leaves it.
    const offsets = partitions.map((partition) => ({ partition, offset: String(before) }));
    await operate((admin) => admin.setOffsets({ ...group(), partitions: offsets }));
    const [emptyAtStart = 0, ...others] = partitions;
    await produceToEach(others, after);
    renderer.launch();
    await renderer.ready();
    await allSent();
    await produceToEach([emptyAtStart], after);
    await allSent();
    await committedAt(String(after));
    expect(await renderer.kill('SIGTERM')).toBe(0);
    renderer.launch();
    await renderer.ready();
    await produceToEach(partitions, 1);
    await allSent();
    await expectToldOnce();
  });

  it('is read from its start by an app that lives on, and operators are told once of each partition', async () => {
    await makeAnew();
    await produceToEach(partitions, after);
    await allSent();
    await committedAt(String(after));
    await expectToldOnce();
  });
});
