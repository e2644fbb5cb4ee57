import { afterEach, describe, expect, it } from 'vitest';
import { anEvent } from '../support/builders.js';
import { aSecret, wire } from '../support/configure.js';
import { type AppName, Stack } from '../support/stack.js';
import { until } from '../support/until.js';
import { later, WebhookReceiver } from '../support/webhook-receiver.js';

const apps: readonly AppName[] = ['renderer', 'dispatcher', 'retry-scheduler', 'admin'];
const eventCount = 1_000;

/** Answers after a moment, so that requests are under way when the process is killed; one event of sixteen fails first. */
const slowAndFlaky = later(20, (nth, _response, request) =>
  nth === 1 && String(request.headers['webhook-id']).endsWith('1') ? 500 : 200,
);

describe('a process that ends', () => {
  const open: { stop(): Promise<void> }[] = [];

  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.stop();
  });

  async function setup() {
    const receiver = await WebhookReceiver.start();
    open.push(receiver);
    const stack = await Stack.start(apps, { ATTEMPT_TIMEOUT_MS: '5000' });
    open.push(stack);
    const secret = aSecret();
    await wire(stack, [
      { id: 'busy', url: receiver.on('/busy', secret, slowAndFlaky), secret, eventTypes: ['loan.*'], concurrency: 20 },
    ]);
    return { receiver, stack };
  }

  async function allSent(stack: Stack): Promise<void> {
    const isSettled = async () => {
      const rows = await stack.database.query<{ state: string; n: string }>(
        'SELECT state, count(*) AS n FROM notifications GROUP BY state',
      );
      return rows.length === 1 && rows[0]?.state === 'sent' && Number(rows[0].n) === eventCount;
    };
    await until(isSettled, { what: `${eventCount} notifications sent`, limitMs: 90_000 });
  }

  async function expectGaplessHistory(stack: Stack): Promise<void> {
    const gaps = await stack.database.query(
      'SELECT notification_id FROM attempts GROUP BY notification_id HAVING max(number) <> count(*) OR min(number) <> 1',
    );
    expect(gaps).toEqual([]);
    expect(await stack.database.query('SELECT * FROM claims')).toEqual([]);
  }

  it.each(apps)('loses nothing when the %s is killed in the middle of 1,000 events', async (name) => {
    const { receiver, stack } = await setup();
    await stack.produce(Array.from({ length: eventCount }, () => anEvent()));
    await until(() => receiver.requests.length >= eventCount / 4, { what: 'a quarter of the requests' });
    await stack.app(name).kill('SIGKILL');
    stack.app(name).launch();
    await allSent(stack);

    const accepted = receiver.requests.filter(({ status }) => status === 200);
    expect(new Set(accepted.map(({ webhookId }) => webhookId)).size).toBe(eventCount);
    // At most the requests that were under way are repeated, and only the dispatcher has any.
    const duplicates = receiver.duplicates().map(({ webhookId, attempt }) => `${webhookId} ${attempt}`);
    expect(duplicates.length, duplicates.join()).toBeLessThanOrEqual(name === 'dispatcher' ? 20 : 0);
    expect(receiver.requests.filter(({ signatureValid }) => !signatureValid)).toEqual([]);
    await expectGaplessHistory(stack);
    const books = () =>
      stack.database.query<{ matched: string; others: string }>(
        `SELECT sum(bit_count(matched)) AS matched, sum(bit_count(unmatched | duplicate | parked)) AS others
           FROM books WHERE topic = $1`,
        [stack.eventsTopic],
      );
    await until(async () => Number((await books())[0]?.matched) >= eventCount, { what: 'the books, which follow' });
    expect(await books()).toEqual([{ matched: String(eventCount), others: '0' }]);
  });

  it('repeats no request and exits 0 when every app is stopped in the middle of 1,000 events', async () => {
    const { receiver, stack } = await setup();
    await stack.produce(Array.from({ length: eventCount }, () => anEvent()));
    await until(() => receiver.requests.length >= eventCount / 4, { what: 'a quarter of the requests' });
    for (const name of apps) {
      const exitCode = await stack.app(name).kill('SIGTERM');
      expect(exitCode, `${name}: ${stack.app(name).lines.slice(-10).join('\n')}`).toBe(0);
      stack.app(name).launch();
    }
    await allSent(stack);
    expect(receiver.duplicates()).toEqual([]);
    await expectGaplessHistory(stack);
    const unknown = await stack.database.query(`SELECT FROM attempts WHERE outcome = 'unknown'`);
    expect(unknown).toHaveLength(0);
  });
});
