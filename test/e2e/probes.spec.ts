import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anEvent } from '../support/builders.js';
import { aSecret, wire } from '../support/configure.js';
import { type OwnServers, startOwnServers } from '../support/own-servers.js';
import { type AppName, Stack } from '../support/stack.js';
import { until } from '../support/until.js';
import { later, WebhookReceiver } from '../support/webhook-receiver.js';

const workers: readonly AppName[] = ['renderer', 'dispatcher', 'retry-scheduler'];
/** How soon a probe must turn red in an outage, and green after it. */
const noticeMs = 10_000;
/** Every tenth event fails first, so that tiers are in use as well. */
const eventCount = 500;

let servers: OwnServers;

beforeAll(async () => {
  servers = await startOwnServers();
});

afterAll(async () => {
  await servers?.stop();
});

describe('an outage', () => {
  let stack: Stack;
  let receiver: WebhookReceiver;

  beforeAll(async () => {
    receiver = await WebhookReceiver.start();
    stack = await Stack.start(workers, {}, servers.addresses);
    const secret = aSecret();
    const slowAndFlaky = later(20, (nth, _response, request) =>
      nth === 1 && String(request.headers['webhook-id']).endsWith('1') ? 500 : 200,
    );
    const url = receiver.on('/all', secret, slowAndFlaky);
    await wire(stack, [{ id: 'all', url, secret, eventTypes: ['loan.*'] }]);
  });

  afterAll(async () => {
    await stack?.stop();
    await receiver?.stop();
  });

  const pids = () => workers.map((name) => stack.app(name).pid);

  async function readiness(name: AppName) {
    const { status, body } = await stack.app(name).probe('/readyz');
    const report = JSON.parse(body === '' ? '{}' : body) as { causes?: readonly string[] };
    return { status, causes: (report.causes ?? []).join('; ') };
  }

  async function allRed(cause: RegExp): Promise<void> {
    await Promise.all(
      workers.map((name) =>
        until(
          async () => {
            const { status, causes } = await readiness(name);
            return status === 503 && cause.test(causes);
          },
          { what: `${name} says ${cause}`, limitMs: noticeMs },
        ),
      ),
    );
    for (const name of workers) expect((await stack.app(name).probe('/livez')).status).toBe(200);
  }

  async function allGreen(): Promise<void> {
    await Promise.all(workers.map((name) => stack.app(name).ready(noticeMs)));
  }

  /** Everything produced so far is sent, each event by one accepted request, and the books balance. */
  async function expectNothingLost(total: number): Promise<void> {
    const isSettled = async () => {
      const rows = await stack.database.query<{ state: string; n: string }>(
        'SELECT state, count(*) AS n FROM notifications GROUP BY state',
      );
      return rows.length === 1 && rows[0]?.state === 'sent' && Number(rows[0].n) === total;
    };
    await until(isSettled, { what: `${total} notifications sent`, limitMs: 60_000 });
    const accepted = receiver.requests.filter(({ status }) => status === 200);
    expect(accepted).toHaveLength(total);
    expect(new Set(accepted.map(({ webhookId }) => webhookId)).size).toBe(total);
    expect(receiver.duplicates()).toEqual([]);
    const books = () =>
      stack.database.query<{ matched: string; others: string }>(
        `SELECT sum(bit_count(matched)) AS matched, sum(bit_count(unmatched | duplicate | parked)) AS others
           FROM books WHERE topic = $1`,
        [stack.eventsTopic],
      );
    await until(async () => Number((await books())[0]?.matched) >= total, { what: 'the books, which follow' });
    expect(await books()).toEqual([{ matched: String(total), others: '0' }]);
    expect(await stack.database.query('SELECT FROM claims')).toEqual([]);
    // A claim whose commit nobody learned of is never sent: its lease runs out, and the receiver saw nothing of it.
    const unknown = await stack.database.query<{ id: string; number: number }>(
      `SELECT notification_id AS id, number FROM attempts WHERE outcome = 'unknown'`,
    );
    const wasSeen = unknown.filter(({ id, number }) =>
      receiver.requests.some(({ webhookId, attempt }) => webhookId === id && attempt === number),
    );
    expect(wasSeen).toEqual([]);
    const gaps = await stack.database.query(
      'SELECT FROM attempts GROUP BY notification_id HAVING max(number) <> count(*) OR min(number) <> 1',
    );
    expect(gaps).toEqual([]);
  }

  it('is not there: every app answers its three probes', async () => {
    for (const name of workers) {
      const app = stack.app(name);
      expect((await app.probe('/livez')).status).toBe(200);
      expect(await readiness(name)).toEqual({ status: 200, causes: '' });
      const { status, body } = await app.probe('/metrics');
      expect(status).toBe(200);
      expect(body).toMatch(/^# TYPE hookline_\w+ (counter|gauge|histogram)$/m);
      expect(body).toContain('hookline_records_under_way');
      expect(body).toMatch(/^hookline_kafka_requests_total\{[^}]*\bapi="Fetch"[^}]*\} [1-9]/m);
    }
  });

  it.each([
    ['Kafka', 1],
    ['Postgres', 2],
  ] as const)(
    'of %s in the middle of 500 events turns readiness red, loses nothing and repeats nothing',
    async (name, nth) => {
      const server = name === 'Kafka' ? servers.kafka : servers.postgres;
      const pidsBefore = pids();
      const total = (eventCount + 1) * nth;
      const before = receiver.requests.length;
      await stack.produce(Array.from({ length: eventCount }, () => anEvent()));
      await until(() => receiver.requests.length >= before + eventCount / 5, { what: 'a fifth of the requests' });
      await server.crash();
      await allRed(new RegExp(name, 'i'));
      await server.revive();
      await allGreen();
      await stack.produce([anEvent()]);
      await expectNothingLost(total);
      expect(pids()).toEqual(pidsBefore);
    },
  );
});

describe('an app that starts while its servers are away', () => {
  let stack: Stack;
  let receiver: WebhookReceiver;

  beforeAll(async () => {
    receiver = await WebhookReceiver.start();
    stack = await Stack.start([], {}, servers.addresses);
    const secret = aSecret();
    await wire(stack, [{ id: 'all', url: receiver.on('/all', secret), secret, eventTypes: ['loan.*'] }]);
  });

  afterAll(async () => {
    await stack?.stop();
    await receiver?.stop();
  });

  it('waits with growing pauses and says so, is alive but not ready, and becomes ready when they come', async () => {
    await stack.produce([anEvent()]);
    await Promise.all([servers.kafka.crash(), servers.postgres.crash()]);
    const apps = await stack.launch(workers);
    const pidsBefore = apps.map(({ pid }) => pid);
    for (const app of apps) {
      await until(async () => (await app.probe('/livez')).status === 200, { what: `${app.name} is alive` });
      const { status, body } = await app.probe('/readyz');
      expect(status).toBe(503);
      expect(body).toMatch(/postgres/i);
      expect(body).toMatch(/kafka/i);
      const waits = (event: string) =>
        app.lines.flatMap((line) => {
          const entry = JSON.parse(line) as { event: string; waitMs: number; cause: string };
          return entry.event === event ? [entry] : [];
        });
      for (const event of ['store.waiting', 'topics.waiting']) {
        // Two pools wait side by side, so the second line need not be longer yet.
        const grown = () =>
          waits(event).find(({ waitMs }) => waitMs > (waits(event)[0]?.waitMs ?? Number.POSITIVE_INFINITY));
        await until(grown, { what: `${app.name}: ${event} with growing pauses` });
        const [first] = waits(event);
        expect(first?.cause).not.toBe('');
      }
    }
    await servers.postgres.revive();
    for (const app of apps)
      await until(
        async () => {
          const { body } = await app.probe('/readyz');
          return /kafka/i.test(body) && !/postgres/i.test(body);
        },
        { what: `${app.name} waits for Kafka alone` },
      );
    await servers.kafka.revive();
    await Promise.all(apps.map((app) => app.ready()));
    expect(apps.map(({ pid }) => pid)).toEqual(pidsBefore);
    await until(() => receiver.requests.length === 1, { what: 'the event of before' });
    await stack.produce([anEvent()]);
    await until(() => receiver.requests.length === 2, { what: 'the event of after' });
  });
});
