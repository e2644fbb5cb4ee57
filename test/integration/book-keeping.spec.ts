import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { readPartitionBooks } from '#audit/books';
import { topicNames } from '#contracts/topics';
import { systemClock } from '#domain/clock';
import type { NotificationId } from '#domain/ids';
import { createKafka } from '#kafka/kafkajs/kafka-client';
import { createTopics } from '#kafka/kafkajs/topics-command';
import { KafkaRecordProducer } from '#kafka/record-producer';
import { readConfig } from '#runtime/config';
import { createLog } from '#telemetry/log';
import { createBooksDuty } from '../../apps/retry-scheduler/src/books-duty.js';
import { createDutyRunner } from '../../apps/retry-scheduler/src/duty.js';
import { retrySchedulerConfig } from '../../apps/retry-scheduler/src/retry-scheduler.config.js';
import { AuditWorld, accepted, aNotification, failedOnce } from '../support/audit-world.js';
import { anEvent } from '../support/builders.js';
import { asOperator } from '../support/kafka-admin.js';
import { daysAgo, makeDay, placeOf } from '../support/old-days.js';
import { readTopics } from '../support/read-topics.js';
import { until } from '../support/until.js';

interface Row {
  readonly kind: string;
  readonly topic: string | null;
  readonly partition: number | null;
  readonly first_offset: string | null;
  readonly last_offset: string | null;
  readonly notification_id: string | null;
  readonly number: number | null;
}

const quiet = createLog({ app: 'test', level: 'error' });
const brokers = inject('kafkaBrokers');
const kafka = { brokers: brokers.split(','), ssl: false };
const pageOffsets = 4_096;

/** Three schedulers' duties over one database; each partition of the events topic is one test's own. */
function startDuty({ open, duties }: ReturnType<typeof createBooksDuty>, signal: AbortSignal): void {
  const runDuties = createDutyRunner({ off: [], signal, clock: systemClock, log: quiet });
  void open().then(() => runDuties(duties));
}

describe('keeping the books', () => {
  const prefix = `books.${randomUUID()}.`;
  const topic = topicNames.events(prefix);
  const closing = new AbortController();
  const producer = new KafkaRecordProducer(kafka, 'test', quiet, systemClock);
  const duties: ReturnType<typeof createBooksDuty>[] = [];
  let world: AuditWorld;
  let partitions = 0;
  let readToMs: number | null = null;

  function duty(settings: Readonly<Record<string, string>> = {}) {
    const env = {
      ...{ KAFKA_BROKERS: brokers, DATABASE_URL: world.database.url, TOPIC_PREFIX: prefix, BOOKS_INTERVAL_MS: '100' },
      ...{ SWEEP_GRACE_MS: '100', LEASE_GRACE_MS: '100', ...settings },
    };
    const parts = { producer, readToMs: async () => readToMs, mayJudgeLate: () => true };
    return createBooksDuty(readConfig(retrySchedulerConfig, env), {
      ...{ ...parts, clock: systemClock, signal: closing.signal, log: quiet },
    });
  }

  beforeAll(async () => {
    world = await AuditWorld.open();
    const one = { replicationFactor: 1, config: {} };
    const operatorEvents = topicNames.operatorEvents(prefix);
    const topics = [
      { name: topic, partitions: 12, ...one },
      { name: operatorEvents, partitions: 1, ...one },
    ];
    await createTopics(kafka, topics, quiet);
    for (let n = 0; n < 3; n++) duties.push(duty());
    for (const one of duties) startDuty(one, closing.signal);
    await passes();
  }, 60_000);

  afterAll(async () => {
    closing.abort();
    await Promise.all(duties.map((one) => one.close()));
    await producer.stop();
    await world?.close();
    await asOperator(brokers, (admin) => admin.deleteTopics({ topics: [topic, topicNames.operatorEvents(prefix)] }));
  });

  /** Resolves after so many whole passes that begin from now on. */
  async function passes(count = 1): Promise<void> {
    for (let n = 0; n <= count; n++) {
      const countedAt = async () =>
        (
          await world.database.query<{ at: string }>(
            `SELECT counted_at::text AS at FROM book_checks WHERE line = 'notifications'`,
          )
        )[0]?.at;
      const before = await countedAt();
      await until(async () => (await countedAt()) !== before, { what: 'a pass over all notifications' });
    }
  }

  function open(): Promise<readonly Row[]> {
    return world.database.query<Row>(
      `SELECT kind, topic, partition, first_offset, last_offset, notification_id, number FROM book_differences
        WHERE resolved_at IS NULL AND confirmed_at IS NOT NULL ORDER BY kind, topic, partition, first_offset, notification_id, number`,
    );
  }

  async function found(count: number): Promise<readonly Row[]> {
    return until(
      async () => {
        const rows = await open();
        return rows.length === count && rows;
      },
      { what: `${count} differences`, limitMs: 20_000, detail: async () => JSON.stringify(await open()) },
    );
  }

  const atOffset = (kind: string, partition: number, first: number, last = first) => ({
    ...{ kind, topic, partition, first_offset: String(first), last_offset: String(last) },
    ...{ notification_id: null, number: null },
  });
  const ofRow = (kind: string, id: string, number: number | null = null) => ({
    ...{ kind, topic: null, partition: null, first_offset: null, last_offset: null, notification_id: id, number },
  });

  async function produce(partition: number, events: readonly object[]): Promise<void> {
    const headers = { 'content-type': 'application/cloudevents+json' };
    await Promise.all(
      events.map((event) =>
        producer.send({ topic, partition, key: null, value: Buffer.from(JSON.stringify(event)), headers }),
      ),
    );
  }

  const commit = (partition: number, offset: number) =>
    asOperator(brokers, (admin) =>
      admin.setOffsets({ groupId: `${prefix}renderer`, topic, partitions: [{ partition, offset: String(offset) }] }),
    );

  const endOf = (partition: number) =>
    asOperator(brokers, async (admin) => {
      const offsets = await admin.fetchTopicOffsets(topic);
      return Number(offsets.find((one) => one.partition === partition)?.high);
    });

  /** As retention does. */
  const deleteBelow = (partition: number, offset: number) =>
    asOperator(brokers, async (admin) => {
      await admin.fetchTopicOffsets(topic); // lets the client know the topic
      await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] });
    });

  /** A partition in which so many events were read and matched; each has its notification. */
  async function read(count: number) {
    const partition = partitions++;
    const ids: NotificationId[] = [];
    for (let n = 0; n < count; n++) {
      const event = anEvent({ tenant: 'acme' });
      await produce(partition, [event]);
      const source = { sourceTopic: topic, sourcePartition: partition, sourceOffset: String(n) };
      ids.push(
        await world.insert(aNotification({ ...source, eventId: String(event['id']), eventSource: '/lending/test' })),
      );
      await world.books.enter({ topic, partition, offset: BigInt(n), verdict: 'matched' });
    }
    await commit(partition, count);
    return { partition, ids };
  }

  async function setBit(partition: number, offset: number, bit: 0 | 1): Promise<void> {
    await world.database.query(
      'UPDATE books SET matched = set_bit(matched, $3, $4) WHERE topic = $1 AND partition = $2 AND page = 0',
      [topic, partition, offset, bit],
    );
  }

  it('names a deleted notification by its id and by its offset, until it is there again', async () => {
    const { partition, ids } = await read(3);
    const [, id = ''] = ids;
    await passes();
    expect(await open()).toEqual([]);
    await world.database.query('CREATE TABLE lost AS SELECT * FROM notifications WHERE id = $1', [id]);
    await world.database.query('DELETE FROM notifications WHERE id = $1', [id]);
    expect(await found(2)).toEqual([atOffset('MISSING_NOTIFICATION', partition, 1), ofRow('MISSING_NOTIFICATION', id)]);
    await world.database.query('INSERT INTO notifications SELECT * FROM lost');
    await found(0);
  }, 60_000);

  it('names a deleted notification of which nothing else is left by the offset of its event', async () => {
    const { partition, ids } = await read(2);
    await world.database.query('DELETE FROM notification_payloads WHERE id = $1', [ids[0]]);
    await world.database.query('DELETE FROM notifications WHERE id = $1', [ids[0]]);
    expect(await found(1)).toEqual([atOffset('MISSING_NOTIFICATION', partition, 0)]);
    await world.database.query('UPDATE book_differences SET resolved_at = now()');
    await setBit(partition, 0, 0);
    await world.books.enter({ topic, partition, offset: 0n, verdict: 'unmatched' });
    await passes();
    expect(await open()).toEqual([]);
  }, 60_000);

  it('looks on for lost notifications behind one whose event Kafka has deleted', async () => {
    const [expired, lost] = [await read(1), await read(1)];
    await deleteBelow(expired.partition, 1);
    for (const { ids } of [expired, lost])
      for (const table of ['notification_payloads', 'notifications'])
        await world.database.query(`DELETE FROM ${table} WHERE id = $1`, [ids[0]]);
    expect(await found(1)).toEqual([atOffset('MISSING_NOTIFICATION', lost.partition, 0)]);
    await world.database.query('UPDATE book_differences SET resolved_at = now()');
    for (const { partition } of [expired, lost]) {
      await setBit(partition, 0, 0);
      await world.books.enter({ topic, partition, offset: 0n, verdict: 'unmatched' });
    }
    // A look that fell between may have found it once more, and the next one resolves it.
    await until(async () => (await open()).length === 0, { what: 'no difference is left' });
  }, 60_000);

  it('names a lost notification no more once the day of its event is dropped', async () => {
    const firstMs = daysAgo(20);
    await makeDay(world, firstMs);
    const { partition } = await read(0);
    await produce(partition, [anEvent({ tenant: 'acme', time: new Date(firstMs + 1_000).toISOString() })]);
    await world.books.enter({ topic, partition, offset: 0n, verdict: 'matched' });
    await commit(partition, 1);
    expect(await found(1)).toEqual([atOffset('MISSING_NOTIFICATION', partition, 0)]);
    await world.database.query(`DROP TABLE ${placeOf('notifications', firstMs)}`);
    await found(0);
    await passes();
    expect(await open()).toEqual([]);
  }, 60_000);

  it('names a deleted attempt by its number, and operators are told of it once', async () => {
    const id = await world.insert();
    await world.finish(await world.claim(id, 1), failedOnce);
    await world.makeDue(id);
    await world.finish(await world.claim(id, 2), accepted);
    await world.database.query(
      'CREATE TABLE lost_attempt AS SELECT * FROM attempts WHERE notification_id = $1 AND number = 1',
      [id],
    );
    await world.database.query('DELETE FROM attempts WHERE notification_id = $1 AND number = 1', [id]);
    expect(await found(1)).toEqual([ofRow('MISSING_ATTEMPT', id, 1)]);
    await passes();
    await world.database.query('INSERT INTO attempts SELECT * FROM lost_attempt');
    await found(0);
    const stack = { env: { KAFKA_BROKERS: brokers }, prefix };
    const told = async () =>
      (await readTopics(stack, [topicNames.operatorEvents(prefix)]))
        .map(({ value }) => JSON.parse(String(value)))
        .filter(({ subject }) => subject === `notifications/${id}`);
    const events = await until(
      async () => {
        const all = await told();
        return all.length > 0 && all;
      },
      { what: 'operators are told' },
    );
    expect(events).toMatchObject([
      {
        type: 'hookline.books.mismatch',
        tenant: 'acme',
        data: { kind: 'MISSING_ATTEMPT', notification: id, attempt: 1 },
      },
    ]);
  }, 60_000);

  it('names what came of an operator event without telling operators again', async () => {
    const operatorEvents = topicNames.operatorEvents(prefix);
    const [echo, plain] = [await world.insert({ sourceTopic: operatorEvents }), await world.insert()];
    for (const [n, id] of [echo, plain].entries()) {
      await world.finish(await world.claim(id, 1), accepted);
      await world.database.query('DELETE FROM attempts WHERE notification_id = $1', [id]);
      await found(n + 1);
    }
    const stack = { env: { KAFKA_BROKERS: brokers }, prefix };
    const subjects = async () =>
      (await readTopics(stack, [operatorEvents])).map(({ value }) => JSON.parse(String(value)).subject);
    await until(async () => (await subjects()).includes(`notifications/${plain}`), { what: 'operators are told' });
    expect(await subjects()).not.toContain(`notifications/${echo}`);
    await world.database.query('DELETE FROM notifications WHERE id = ANY($1)', [[echo, plain]]);
    await world.database.query('DELETE FROM notification_payloads WHERE id = ANY($1)', [[echo, plain]]);
    await found(0);
  }, 60_000);

  it('names what has lost its payload, and what is sent without an accepted attempt', async () => {
    const [bare, sent] = await Promise.all([world.insert(), world.insert()]);
    await world.finish(await world.claim(sent), accepted);
    await world.database.query('DELETE FROM notification_payloads WHERE id = $1', [bare]);
    await world.database.query(`UPDATE attempts SET outcome = 'failed' WHERE notification_id = $1`, [sent]);
    expect(await found(2)).toEqual([ofRow('MISSING_PAYLOAD', bare), ofRow('SENT_WITHOUT_ACCEPTED', sent)]);
    await world.database.query('DELETE FROM notifications WHERE id = $1', [bare]);
    await world.database.query(`UPDATE attempts SET outcome = 'accepted' WHERE notification_id = $1`, [sent]);
    await found(0);
  }, 60_000);

  it('names an offset that was skipped, until it has its verdict', async () => {
    const { partition } = await read(5);
    await setBit(partition, 2, 0);
    await setBit(partition, 3, 0);
    expect(await found(1)).toEqual([atOffset('SKIPPED_OFFSET', partition, 2, 3)]);
    await setBit(partition, 2, 1);
    await until(async () => (await open())[0]?.first_offset === '3', { what: 'what is left of the range' });
    await setBit(partition, 3, 1);
    await found(0);
  }, 60_000);

  it('takes what transactions leave out for gaps', async () => {
    const partition = partitions++;
    const upstream = createKafka(kafka, 'upstream', quiet).producer({
      ...{ transactionalId: randomUUID(), idempotent: true, maxInFlightRequests: 1 },
    });
    await upstream.connect();
    for (const ending of ['commit', 'abort'] as const) {
      const transaction = await upstream.transaction();
      await transaction.send({ topic, messages: ['x', 'y'].map((value) => ({ value, partition })) });
      await transaction[ending]();
    }
    await upstream.disconnect();
    // The last marker is written after the call has been answered.
    await until(async () => (await endOf(partition)) === 6, { what: 'the marker of what was aborted' });
    await produce(partition, [{}]);
    // 0 and 1 are committed, 2 is their marker, 3 and 4 were aborted, 5 is theirs, 6 stands alone.
    for (const offset of [0n, 1n, 6n]) await world.books.enter({ topic, partition, offset, verdict: 'parked' });
    await commit(partition, 7);
    await passes();
    expect(await open()).toEqual([]);
    const gaps = await world.database.query(
      'SELECT bit_count(gaps)::int AS n FROM books WHERE topic = $1 AND partition = $2',
      [topic, partition],
    );
    expect(gaps).toEqual([{ n: 4 }]);
  }, 60_000);

  it('names offsets that Kafka deleted before they were read', async () => {
    const { partition } = await read(2);
    await passes();
    await produce(partition, [{}, {}, {}, {}]);
    await deleteBelow(partition, 5);
    await world.books.enter({ topic, partition, offset: 5n, verdict: 'parked' });
    await commit(partition, 6);
    expect(await found(1)).toEqual([atOffset('LOST_BEFORE_READ', partition, 2, 4)]);
    await world.database.query('UPDATE book_differences SET resolved_at = now()');
    for (const offset of [2n, 3n, 4n]) await world.books.enter({ topic, partition, offset, verdict: 'parked' });
  }, 60_000);

  it('closes pages that Kafka has deleted, and counts nothing twice', async () => {
    const partition = partitions++;
    const count = pageOffsets + 10;
    await produce(
      partition,
      Array.from({ length: count }, () => ({})),
    );
    await Promise.all(
      Array.from({ length: count }, (_, n) =>
        world.books.enter({ topic, partition, offset: BigInt(n), verdict: n % 2 === 0 ? 'matched' : 'unmatched' }),
      ),
    );
    await world.database.query(
      `UPDATE books SET matched = B'0'::bit(4096), parked = parked | matched WHERE topic = $1 AND partition = $2`,
      [topic, partition],
    );
    await commit(partition, count);
    const lines = async () =>
      (await readPartitionBooks(world.dataSource)).filter(
        (line) => line.topic === topic && line.partition === partition,
      );
    const sums = [{ topic, partition, matched: 0, unmatched: count / 2, duplicate: 0, parked: count / 2 }];
    expect(await lines()).toEqual(sums);
    await deleteBelow(partition, pageOffsets + 5);
    const pages = () =>
      world.database.query<{ page: string }>('SELECT page FROM books WHERE topic = $1 AND partition = $2', [
        topic,
        partition,
      ]);
    await until(async () => (await pages()).length === 1, { what: 'one page is closed' });
    expect(await lines()).toEqual(sums);
    await world.books.enter({ topic, partition, offset: 7n, verdict: 'duplicate' });
    expect(await lines(), 'an offset below what is closed').toEqual(sums);
    await until(async () => (await pages()).length === 1, { what: 'the page that nobody counts is removed' });
    await passes();
    expect([await lines(), await open()]).toEqual([sums, []]);
  }, 60_000);

  it('names what is overdue, and a lease that nobody closes', async () => {
    const [late, claimed] = await Promise.all([world.insert(), world.insert()]);
    await world.database.query(`UPDATE notifications SET next_attempt_at = now() - interval '1 hour' WHERE id = $1`, [
      late,
    ]);
    await world.claim(claimed);
    await world.database.query(`UPDATE claims SET lease_until = now() - interval '1 hour' WHERE notification_id = $1`, [
      claimed,
    ]);
    expect(await found(1)).toEqual([ofRow('LEASE_OVERDUE', claimed, 1)]);
    readToMs = Date.now() - 60_000;
    expect(await found(2)).toEqual([ofRow('LEASE_OVERDUE', claimed, 1), ofRow('OVERDUE', late, 1)]);
    await world.database.query(`UPDATE notifications SET asked_at = now() WHERE id = $1`, [late]);
    await world.database.query(`UPDATE claims SET lease_until = now() + interval '1 hour' WHERE notification_id = $1`, [
      claimed,
    ]);
    await found(0);
  }, 60_000);

  it('begins anew where the committed offset went back', async () => {
    const { partition } = await read(3);
    await passes();
    await commit(partition, 1);
    await until(
      async () =>
        (
          await world.database.query(
            'SELECT FROM book_ledgers WHERE topic = $1 AND partition = $2 AND first_offset = 3',
            [topic, partition],
          )
        ).length === 1,
      { what: 'the books begin anew' },
    );
    await produce(partition, [{}]);
    await commit(partition, 4);
    expect(await found(1)).toEqual([atOffset('SKIPPED_OFFSET', partition, 3)]);
    await world.books.enter({ topic, partition, offset: 3n, verdict: 'parked' });
    await found(0);
  }, 60_000);
});

describe('keeping the books while Kafka is away', () => {
  it('finds no difference, checks the rows all the same, says that it is not checked, and tells once it is back', async () => {
    const world = await AuditWorld.open();
    const closing = new AbortController();
    const env = { KAFKA_BROKERS: '127.0.0.1:1', DATABASE_URL: world.database.url, BOOKS_INTERVAL_MS: '100' };
    let [isAway, sent] = [true, 0];
    const send = async () => {
      sent++;
      if (isAway) throw new Error('Kafka is away');
    };
    const duty = createBooksDuty(readConfig(retrySchedulerConfig, env), {
      producer: { send },
      ...{
        readToMs: async () => null,
        mayJudgeLate: () => true,
        clock: systemClock,
        signal: closing.signal,
        log: quiet,
      },
    });
    try {
      await world.books.enter({ topic: 'hookline.events', partition: 0, offset: 0n, verdict: 'matched' });
      const id = await world.insert();
      await world.database.query('DELETE FROM notifications WHERE id = $1', [id]);
      startDuty(duty, closing.signal);
      const rows = () =>
        world.database.query<{ kind: string }>('SELECT kind FROM book_differences WHERE confirmed_at IS NOT NULL');
      await until(async () => (await rows()).length > 0, { what: 'the row that is missing' });
      expect(await rows()).toEqual([{ kind: 'MISSING_NOTIFICATION' }]);
      const checks = await world.database.query(
        `SELECT line, checked_at IS NULL AS never FROM book_checks ORDER BY line`,
      );
      expect(checks).toEqual([
        { line: 'events', never: true },
        { line: 'notifications', never: false },
      ]);
      const told = async () =>
        (await world.database.query('SELECT FROM book_differences WHERE told_at IS NOT NULL')).length;
      await until(() => sent >= 3, { what: 'operators are told again and again' });
      expect(await told()).toBe(0);
      isAway = false;
      await until(async () => (await told()) === 1, { what: 'they are told' });
    } finally {
      closing.abort();
      await duty.close();
      await world.close();
    }
  }, 60_000);
});

describe('markers of many transactions', () => {
  it('are all looked up in one round, however large the records between them', async () => {
    const world = await AuditWorld.open();
    const closing = new AbortController();
    const prefix = `markers.${randomUUID()}.`;
    const topic = topicNames.events(prefix);
    const transactions = 30;
    await createTopics(kafka, [{ name: topic, partitions: 1, replicationFactor: 1, config: {} }], quiet);
    const env = { KAFKA_BROKERS: brokers, DATABASE_URL: world.database.url, TOPIC_PREFIX: prefix };
    const duty = createBooksDuty(readConfig(retrySchedulerConfig, { ...env, BOOKS_INTERVAL_MS: '60000' }), {
      producer: { send: async () => undefined },
      ...{
        readToMs: async () => null,
        mayJudgeLate: () => true,
        clock: systemClock,
        signal: closing.signal,
        log: quiet,
      },
    });
    try {
      const upstream = createKafka(kafka, 'upstream', quiet).producer({
        ...{ transactionalId: randomUUID(), idempotent: true, maxInFlightRequests: 1 },
      });
      await upstream.connect();
      for (let n = 0; n < transactions; n++) {
        const transaction = await upstream.transaction();
        await transaction.send({ topic, messages: [{ value: randomBytes(400_000), partition: 0 }] });
        await transaction.commit();
        await world.books.enter({ topic, partition: 0, offset: BigInt(2 * n), verdict: 'parked' });
      }
      await upstream.disconnect();
      const ends = () => asOperator(brokers, (admin) => admin.fetchTopicOffsets(topic));
      await until(async () => (await ends())[0]?.high === String(2 * transactions), { what: 'the last marker' });
      const partitions = [{ partition: 0, offset: String(2 * transactions) }];
      await asOperator(brokers, (admin) => admin.setOffsets({ groupId: `${prefix}renderer`, topic, partitions }));
      startDuty(duty, closing.signal);
      const isChecked = () =>
        world.database.query(`SELECT FROM book_checks WHERE line = 'events' AND checked_at IS NOT NULL`);
      await until(async () => (await isChecked()).length === 1, { what: 'a round' });
      const gaps = await world.database.query('SELECT bit_count(gaps)::int AS n FROM books WHERE topic = $1', [topic]);
      expect(gaps).toEqual([{ n: transactions }]);
    } finally {
      closing.abort();
      await duty.close();
      await world.close();
      await asOperator(brokers, (admin) => admin.deleteTopics({ topics: [topic] }));
    }
  }, 60_000);
});
