import { expect } from 'vitest';
import { recordsInTopic } from '#kafka/kafkajs/topics-command';
import { createLog } from '#telemetry/log';
import { anEvent } from './builders.js';
import { asOperator, notInSync } from './kafka-admin.js';
import type { Stack } from './stack.js';
import { until } from './until.js';
import type { WebhookReceiver } from './webhook-receiver.js';

const chunkEvents = 20;
const underWayMax = 200;
const settleMsMax = 120_000;
const saidLines = 5;
const saidCharsMax = 300;

/** What the load is made of. */
export interface LoadOptions {
  /** Types of its events, in turn; that of `anEvent` when absent. */
  readonly types?: readonly string[];
}

/**
 * Events that keep coming: so many are always under way, so that whatever a test breaks it breaks under load, and the
 * pipeline's own pace bounds how many there are.
 */
export class Load {
  private produced = 0;
  private on = true;
  private readonly ended: Promise<void>;
  /** Only ever rejects. */
  private readonly failed: Promise<never>;

  constructor(
    private readonly stack: Stack,
    private readonly receiver: WebhookReceiver,
    private readonly options: LoadOptions = {},
  ) {
    this.ended = this.run();
    this.failed = this.ended.then(() => new Promise(() => undefined));
    this.failed.catch(() => undefined); // said by `end`
  }

  /** Waits until the receiver has accepted this many more; rejects at once when no more events can be produced. */
  async goesOn(count: number, what: string): Promise<void> {
    const enough = this.accepted() + count;
    const limits = { what: `${count} more requests ${what}`, limitMs: settleMsMax, detail: () => this.whereItStands() };
    await Promise.race([until(() => this.accepted() >= enough, limits), this.failed]);
  }

  /** No further event is begun. */
  cease(): void {
    this.on = false;
  }

  /** Ends the load; answers how many events there were. */
  async end(): Promise<number> {
    this.cease();
    await this.ended;
    return this.produced;
  }

  private accepted(): number {
    return this.receiver.requests.filter(({ status }) => status === 200).length;
  }

  /** Produced and sent so far, the notifications by state, and what each app said last. */
  private async whereItStands(): Promise<string> {
    const states = await this.stack.database.query(
      'SELECT state, count(*)::int AS n FROM notifications GROUP BY state',
    );
    const claims = await this.stack.database.query('SELECT count(*)::int AS n FROM claims');
    const counts = { produced: this.produced, accepted: this.accepted(), states, claims };
    const said = [...this.stack.apps].map(([name, { lines }]) => `${name}:\n${lastOf(lines).join('\n')}`);
    const warned = [...this.stack.apps].map(
      ([name, { lines }]) => `${name} warned:\n${lastOf(lines.filter(isWarning)).join('\n')}`,
    );
    const missing = await asOperator(this.stack.env['KAFKA_BROKERS'] ?? '', notInSync).catch(String);
    const probes = await Promise.all(
      [...this.stack.apps].map(async ([name, app]) => `${name} ${(await app.probe('/readyz')).body}`),
    );
    return `\n${[...said, ...warned, ...probes, `not in sync: ${missing}`, JSON.stringify(counts)].join('\n')}`;
  }

  private event(n: number): object {
    const { types } = this.options;
    return anEvent(types === undefined ? {} : { type: types[n % types.length] });
  }

  private async run(): Promise<void> {
    while (this.on) {
      const hasRoom = () => !this.on || this.produced - this.accepted() < underWayMax;
      await until(hasRoom, { what: 'room for more events', limitMs: 2 * settleMsMax }); // `goesOn` has more to say
      if (!this.on) return;
      await this.stack.produce(Array.from({ length: chunkEvents }, (_, n) => this.event(n)));
      this.produced += chunkEvents;
    }
  }
}

function lastOf(lines: readonly string[]): readonly string[] {
  return lines.slice(-saidLines).map((line) => line.slice(0, saidCharsMax));
}

function isWarning(line: string): boolean {
  return line.includes('"level":"warn"') || line.includes('"level":"error"');
}

/** Each of so many events is one notification, sent by one accepted request; the books balance and no claim is left. */
export async function expectNothingLost(stack: Stack, receiver: WebhookReceiver, total: number): Promise<void> {
  const { database } = stack;
  const states = () =>
    database.query<{ state: string; n: number }>(
      'SELECT state, count(*)::int AS n FROM notifications GROUP BY state ORDER BY state',
    );
  const isSettled = async () => {
    const rows = await states();
    return rows.every(({ state }) => state !== 'pending') && rows.reduce((sum, { n }) => sum + n, 0) >= total;
  };
  await until(isSettled, { what: `${total} notifications settled`, limitMs: settleMsMax });
  expect(await states()).toEqual([{ state: 'sent', n: total }]);
  const events = await database.query('SELECT count(DISTINCT (event_source, event_id))::int AS n FROM notifications');
  expect(events).toEqual([{ n: total }]);
  const accepted = receiver.requests.filter(({ status }) => status === 200);
  expect(new Set(accepted.map(({ webhookId }) => webhookId)).size).toBe(total);
  const repeated = receiver.duplicates().map(({ webhookId }) => webhookId);
  const history =
    'SELECT notification_id, number, outcome, failure_reason FROM v1_attempts WHERE notification_id = ANY($1)';
  expect(repeated.length === 0 ? [] : await database.query(history, [repeated])).toEqual([]);
  expect(receiver.requests.filter(({ signatureValid }) => !signatureValid)).toEqual([]);
  expect(await database.query('SELECT FROM claims')).toEqual([]);
  const gaps = await database.query(
    'SELECT FROM attempts GROUP BY notification_id HAVING max(number) <> count(*) OR min(number) <> 1',
  );
  expect(gaps).toEqual([]);
  await expectBooksBalance(stack, total);
}

/** Every record of the events' topic is in the books. The test's producer may have written one twice when a broker went away. */
async function expectBooksBalance(stack: Stack, total: number): Promise<void> {
  const kafka = { brokers: (stack.env['KAFKA_BROKERS'] ?? '').split(','), ssl: false };
  const log = createLog({ app: 'test', level: 'error' });
  // A broker that has just come back may be electing leaders: the question is repeated, not the answer believed.
  const count = () => recordsInTopic(kafka, stack.eventsTopic, log).catch(() => null);
  const records = await until(count, { what: 'the ends of the log of events', limitMs: settleMsMax });
  const read = async () => {
    const [row] = await stack.database.query<{ matched: number; duplicate: number; others: number }>(
      `SELECT sum(bit_count(matched))::int AS matched, sum(bit_count(duplicate))::int AS duplicate,
              sum(bit_count(unmatched | parked))::int AS others FROM books WHERE topic = $1`,
      [stack.eventsTopic],
    );
    return row !== undefined && row.matched + row.duplicate + row.others === records && row;
  };
  const books = await until(read, { what: `${records} records in the books`, limitMs: settleMsMax });
  expect(books).toEqual({ matched: total, duplicate: records - total, others: 0 });
}
