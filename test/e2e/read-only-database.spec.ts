import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { anEvent } from '../support/builders.js';
import { aSecret, wire } from '../support/configure.js';
import { type AppName, Stack } from '../support/stack.js';
import { adminQuery } from '../support/test-database.js';
import { until } from '../support/until.js';
import { later, WebhookReceiver } from '../support/webhook-receiver.js';

const apps: readonly AppName[] = ['renderer', 'dispatcher', 'retry-scheduler'];
const half = 200;
const total = 2 * half;
/** Refusals a worker has said before Postgres takes writes again: with its growing waits that is some seconds. */
const refusals = 6;
const bodyText = 'THE-BODY-OF-AN-EVENT';

describe('a database that is read-only for some seconds, as in a failover', () => {
  let stack: Stack;
  let receiver: WebhookReceiver;

  beforeAll(async () => {
    receiver = await WebhookReceiver.start();
    stack = await Stack.start(apps, { LEASE_MARGIN_MS: '10000' });
    const secret = aSecret();
    const url = receiver.on('/all', secret, later(100));
    await wire(stack, [{ id: 'all', secret, url, eventTypes: ['loan.*'], concurrency: 20 }]);
    await produceHalf();
    await until(() => receiver.requests.length >= 50, { what: 'the first requests', limitMs: 60_000 });
    await setReadOnly('on');
    await produceHalf();
    await until(() => refusalsOf('renderer') >= refusals, { what: 'the renderer is refused', limitMs: 60_000 });
    await until(() => refusalsOf('dispatcher') >= refusals, { what: 'the dispatcher is refused', limitMs: 60_000 });
    await setReadOnly('off');
    await until(isSettled, { what: 'nothing is pending', limitMs: 90_000 });
  });

  afterAll(async () => {
    await stack?.stop();
    await receiver?.stop();
  });

  async function produceHalf(): Promise<void> {
    await stack.produce(Array.from({ length: half }, () => anEvent({ data: { text: bodyText } })));
  }

  /** A session keeps what it began with, so those of the apps are ended. */
  async function setReadOnly(value: 'on' | 'off'): Promise<void> {
    const name = new URL(stack.database.url).pathname.slice(1);
    await adminQuery(inject('postgresUrl'), `ALTER DATABASE ${name} SET default_transaction_read_only = ${value}`);
    await adminQuery(
      inject('postgresUrl'),
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = '${name}' AND application_name <> 'hookline.test'`,
    );
  }

  /** Lines that name the SQLSTATE of a write in a read-only transaction. */
  function refusalsOf(name: AppName): number {
    return stack.app(name).lines.filter((line) => line.includes('25006')).length;
  }

  async function isSettled(): Promise<boolean> {
    const [row] = await stack.database.query<{ settled: string }>(
      `SELECT (SELECT count(*) FROM notifications WHERE state <> 'pending')
            + (SELECT count(*) FROM parked_events) AS settled`,
    );
    return Number(row?.settled) === total;
  }

  it('parks no event and fails no notification', async () => {
    expect(await stack.database.query('SELECT reason, detail FROM parked_events')).toEqual([]);
    const states = await stack.database.query(
      'SELECT state, failure_reason, count(*)::int AS n FROM notifications GROUP BY 1, 2',
    );
    expect(states).toEqual([{ state: 'sent', failure_reason: null, n: total }]);
  });

  it('repeats no request that was answered', () => {
    expect(new Set(receiver.requests.map(({ webhookId }) => webhookId)).size).toBe(total);
    expect(receiver.duplicates()).toEqual([]);
  });

  it('puts no body into a log, neither as text nor as bytes', () => {
    const bytes = Buffer.from(bodyText);
    const forms = [bodyText, bytes.toString('hex'), bytes.toJSON().data.join(',')];
    for (const name of apps) {
      const leaking = stack.app(name).lines.filter((line) => forms.some((form) => line.includes(form)));
      expect(leaking, name).toEqual([]);
    }
  });
});
