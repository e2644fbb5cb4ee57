import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { noteDifferences, resolveDifferences } from '#audit/book-differences';
import { beginLedger } from '#audit/book-ledgers';
import { topicNames } from '#contracts/topics';
import { systemClock } from '#domain/clock';
import type { NotificationId } from '#domain/ids';
import { KafkajsLogLook } from '#kafka/kafkajs/kafkajs-log-look';
import { createTopics } from '#kafka/kafkajs/topics-command';
import { KafkaRecordProducer } from '#kafka/record-producer';
import { createLog } from '#telemetry/log';
import { notificationsDeps } from '../../apps/retry-scheduler/src/books-duty.js';
import { NotificationPass } from '../../apps/retry-scheduler/src/check-notifications.js';
import { AuditWorld, aNotification } from '../support/audit-world.js';
import { anEvent } from '../support/builders.js';
import { asOperator } from '../support/kafka-admin.js';
import { until } from '../support/until.js';

const quiet = createLog({ app: 'test', level: 'error' });
const brokers = inject('kafkaBrokers');
const kafka = { brokers: brokers.split(','), ssl: false };
/** A history of thirty is long. */
const limits = {
  ...{
    chunkRows: 5,
    firstRoundRows: 5,
    roundRows: 5,
    newestRows: 5,
    newestRowsMax: 5,
    hurriedRows: 1_000,
    leastRows: 1,
  },
};
const history = 30;

/** Passes over a history that is longer than one round reads. */
describe('a long pass of the books', () => {
  const topic = topicNames.events(`passes.${randomUUID()}.`);
  const producer = new KafkaRecordProducer(kafka, 'test', quiet, systemClock);
  const look = new KafkajsLogLook(kafka, 'test', quiet);
  const closing = new AbortController();
  let world: AuditWorld;
  let ids: readonly NotificationId[] = [];
  let next = 0;

  beforeAll(async () => {
    world = await AuditWorld.open();
    await createTopics(kafka, [{ name: topic, partitions: 1, replicationFactor: 1, config: {} }], quiet);
    for (let n = 0; n < history; n++) await happen();
    ids = (await world.database.query<{ id: NotificationId }>('SELECT id FROM notifications ORDER BY id')).map(
      ({ id }) => id,
    );
    const at = { topic, partition: 0, start: 0n, end: BigInt(history), committed: BigInt(history) };
    await beginLedger(world.dataSource, at);
  }, 60_000);

  afterAll(async () => {
    await Promise.all([producer.stop(), look.close()]);
    await world?.close();
    await asOperator(brokers, (admin) => admin.deleteTopics({ topics: [topic] }));
  });

  beforeEach(async () => {
    for (const table of ['book_differences', 'book_passes', 'book_pass_pages'])
      await world.database.query(`DELETE FROM ${table}`);
  });

  /** An event is read and matched; unless it is lost at once, its notification is there. */
  async function happen({ isLost = false } = {}): Promise<number> {
    const event = anEvent({ tenant: 'acme' });
    const headers = { 'content-type': 'application/cloudevents+json' };
    await producer.send({ topic, partition: 0, key: null, value: Buffer.from(JSON.stringify(event)), headers });
    const offset = next++;
    const source = { sourceTopic: topic, sourcePartition: 0, sourceOffset: String(offset) };
    if (!isLost)
      await world.insert(aNotification({ ...source, eventId: String(event['id']), eventSource: '/lending/test' }));
    await world.books.enter({ topic, partition: 0, offset: BigInt(offset), verdict: 'matched' });
    return offset;
  }

  function leader(): NotificationPass {
    const store = world.dataSource;
    const parts = { store, look, clock: systemClock, signal: closing.signal };
    const listing = {
      note: (found: Parameters<typeof noteDifferences>[1]) => noteDifferences(store, found, 0),
      resolve: async (open: readonly string[]) => void (await resolveDifferences(store, open)),
    };
    return new NotificationPass({ ...notificationsDeps(parts, listing), limits });
  }

  function found(): Promise<readonly object[]> {
    return world.database.query(
      `SELECT kind, notification_id AS id, first_offset AS at FROM book_differences
        WHERE resolved_at IS NULL ORDER BY kind, first_offset, notification_id`,
    );
  }

  const below = async () =>
    (await world.database.query<{ below: string }>('SELECT below FROM book_passes'))[0]?.below ?? null;

  it('is gone on with by the next leader, and counts each notification once', async () => {
    const first = leader();
    for (let n = 0; n < 3; n++) await first.round();
    const at = await below();
    expect(at).toBe(ids.at(-15));
    const second = leader();
    await second.round();
    expect(await below()).toBe(ids.at(-20));
    for (let rounds = 0; !second.isDone; rounds++) {
      if (rounds > history) throw new Error('it never ends');
      await second.round();
    }
    expect(await world.database.query('SELECT created::int AS n FROM notification_ledgers')).toEqual([{ n: history }]);
    expect([await below(), await found()]).toEqual([null, []]);
    expect(await world.database.query('SELECT FROM book_pass_pages')).toEqual([]);
  }, 30_000);

  it('does not keep what is lost meanwhile waiting for the next one', async () => {
    const pass = leader();
    await pass.round();
    const offset = await happen({ isLost: true });
    await pass.round();
    expect([pass.isDone, await found()]).toEqual([
      false,
      [{ kind: 'MISSING_NOTIFICATION', id: null, at: String(offset) }],
    ]);
    await world.database.query('UPDATE books SET matched = set_bit(matched, $1, 0), parked = set_bit(parked, $1, 1)', [
      offset,
    ]);
  }, 30_000);

  it('is overtaken by a quick look once rows were deleted, wherever they were', async () => {
    const first = leader();
    for (let n = 0; n < 4; n++) await first.round();
    expect(await found()).toEqual([]);
    const [row] = await world.database.query<{ source_offset: string }>(
      'SELECT source_offset FROM notifications WHERE id = $1',
      [ids.at(-8)],
    );
    await world.database.query('DELETE FROM notification_payloads WHERE id = $1', [ids.at(-8)]);
    await world.database.query('DELETE FROM notifications WHERE id = $1', [ids.at(-8)]);
    const pass = leader();
    await until(
      async () => {
        await pass.round();
        return (await found()).length > 0;
      },
      { what: 'the row that was deleted behind the pass' },
    );
    expect(await found()).toEqual([{ kind: 'MISSING_NOTIFICATION', id: null, at: row?.source_offset }]);
  }, 30_000);
});
