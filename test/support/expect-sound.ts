import { expect } from 'vitest';
import type { Worker } from '#contracts/topics';
import { recordsInTopic } from '#kafka/kafkajs/topics-command';
import { createLog } from '#telemetry/log';
import type { CrashWorld } from './crash-world.js';
import { until } from './until.js';

/** What a test did to a world that is settled by now. */
export interface Expectation {
  /** Notifications there must be, however they ended. */
  readonly notifications: number;
  /** Requests that came after an accepted one, at most. */
  readonly duplicatesMax: number;
  /** Workers that run. */
  readonly readers: readonly Worker[];
}

const catchUpMsMax = 20_000;

/**
 * What must hold after whatever was killed: nothing lost, one row for event and template, attempts numbered 1 to n, one
 * request for each attempt at most, all with the row's id and bytes, a verdict for every event, every record finished.
 */
export async function expectSound(world: CrashWorld, expectation: Expectation): Promise<void> {
  await expectRows(world, expectation.notifications);
  await expectRequests(world, expectation.duplicatesMax);
  await expectAllRead(world, expectation.readers);
}

async function expectRows({ stack }: CrashWorld, notifications: number): Promise<void> {
  const [counts] = await stack.database.query(
    `SELECT count(*)::int AS rows, count(DISTINCT (tenant_id, event_source, event_id, template_id))::int AS events
       FROM notifications`,
  );
  expect(counts, 'one row for event and template').toEqual({ rows: notifications, events: notifications });
  const gaps = await stack.database.query(
    `SELECT n.id, n.attempt_count, array_agg(a.number ORDER BY a.number) AS numbers
       FROM notifications n JOIN attempts a ON a.notification_id = n.id GROUP BY n.id, n.attempt_count
     HAVING min(a.number) <> 1 OR max(a.number) <> count(*) OR n.attempt_count <> count(*)`,
  );
  expect(gaps, 'attempts without gaps').toEqual([]);
  expect(await stack.database.query('SELECT * FROM claims'), 'claims left open').toEqual([]);
}

async function expectRequests({ stack, receiver }: CrashWorld, duplicatesMax: number): Promise<void> {
  const said = receiver.duplicates().map(({ webhookId, attempt }) => `${webhookId} ${attempt}`);
  expect(said.length, `duplicates: ${said}`).toBeLessThanOrEqual(duplicatesMax);
  const rows = await stack.database.query<{ id: string; body: Buffer; attempt_count: number }>(
    'SELECT n.id, p.body, n.attempt_count FROM notifications n JOIN notification_payloads p ON p.id = n.id',
  );
  const stored = new Map(rows.map((row) => [row.id, row]));
  const seen = new Set<string>();
  for (const { webhookId, attempt, body, signatureValid } of receiver.requests) {
    const row = stored.get(webhookId);
    expect(row?.body.equals(body), `the bytes of ${webhookId} ${attempt}`).toBe(true);
    expect(signatureValid, `the signature of ${webhookId} ${attempt}`).toBe(true);
    expect(attempt, `the attempts of ${webhookId}`).toBeLessThanOrEqual(row?.attempt_count ?? 0);
    expect(seen.has(`${webhookId} ${attempt}`), `${webhookId} ${attempt} was sent twice`).toBe(false);
    seen.add(`${webhookId} ${attempt}`);
  }
}

/** Every event has its verdict, and what is committed is the end of each log. */
async function expectAllRead(world: CrashWorld, readers: readonly Worker[]): Promise<void> {
  const { stack, directBrokers } = world;
  const { eventsTopic } = stack;
  for (const reader of readers) {
    const isRead = async () => (await world.unread(reader)).length === 0;
    const detail = async () => String(await world.unread(reader));
    await until(isRead, { what: `the ${reader} has committed all`, limitMs: catchUpMsMax, detail });
  }
  const kafka = { brokers: directBrokers.split(','), ssl: false };
  const records = await recordsInTopic(kafka, eventsTopic, createLog({ app: 'test', level: 'error' }));
  const [books] = await stack.database.query(
    'SELECT sum(bit_count(matched | unmatched | duplicate | parked))::int AS verdicts FROM books WHERE topic = $1',
    [eventsTopic],
  );
  expect(books, 'a verdict for every event').toEqual({ verdicts: records === 0 ? null : records });
}
