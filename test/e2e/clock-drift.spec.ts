import { afterEach, describe, expect, it } from 'vitest';
import { topicNames } from '#contracts/topics';
import { anEvent } from '../support/builders.js';
import { aSecret, wire } from '../support/configure.js';
import { readTopics } from '../support/read-topics.js';
import { Stack } from '../support/stack.js';
import { until } from '../support/until.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

/** Fewer failures than open a circuit. */
const eventCount = 8;
/** The only step of the schedule and the only tier, so that no record goes from tier to tier. */
const tier = '3s';
const delayMs = 3_000;
/** Two a notification are needed. Unheeded, the drift costs one more every few milliseconds for as long as the retry waits. */
const deliveriesMax = eventCount * 5;
/** Well below the drift of the clock that is behind: a retry that were late by it would not be sent. */
const sentLimitMs = 45_000;

interface Retry {
  readonly asked_by: string;
  readonly outcome: string;
  readonly waited_ms: number;
  readonly is_early: boolean;
}

describe('apps whose clock is not the one of Postgres', () => {
  const open: { stop(): Promise<void> }[] = [];

  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.stop();
  });

  /** Starts the apps with a wall clock that is ahead of the machine's, and so of Postgres', by this much. */
  async function setup(aheadMs: number): Promise<Stack> {
    const preload = `const now = Date.now; Date.now = () => now() + ${aheadMs};`;
    const receiver = await WebhookReceiver.start();
    open.push(receiver);
    const stack = await Stack.start(['renderer', 'dispatcher', 'retry-scheduler'], {
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(preload)}`,
      RETRY_SCHEDULE: tier,
      RETRY_TIERS: tier,
    });
    open.push(stack);
    const secret = aSecret();
    const failsOnce = receiver.on('/flaky', secret, (nth) => (nth === 1 ? 500 : 200));
    await wire(stack, [{ id: 'flaky', secret, url: failsOnce, eventTypes: ['loan.*'] }]);
    return stack;
  }

  it.each([
    ['10 s ahead', 10_000],
    ['60 s behind', -60_000],
  ])('retry on time and for a handful of records when it is %s', async (_said, aheadMs) => {
    const stack = await setup(aheadMs);
    await stack.produce(Array.from({ length: eventCount }, () => anEvent()));
    const sent = () => stack.database.query(`SELECT id FROM notifications WHERE state = 'sent'`);
    await until(async () => (await sent()).length === eventCount, { what: 'all are sent', limitMs: sentLimitMs });

    const retries = await stack.database.query<Retry>(
      `SELECT r.asked_by, r.outcome, r.started_at < r.due_at AS is_early,
              extract(epoch FROM r.started_at - f.finished_at)::float8 * 1000 AS waited_ms
         FROM v1_attempts r JOIN v1_attempts f ON f.notification_id = r.notification_id AND f.number = 1
        WHERE r.number = 2`,
    );
    expect(retries).toHaveLength(eventCount);
    // Asked by the tier: a record that were late would be asked for by the sweep.
    for (const retry of retries)
      expect(retry).toMatchObject({ asked_by: 'tier', outcome: 'accepted', is_early: false });
    expect(Math.min(...retries.map(({ waited_ms }) => waited_ms))).toBeGreaterThanOrEqual(delayMs);

    const deliveries = await readTopics(stack, [topicNames.deliveries(stack.prefix)]);
    expect(deliveries.length).toBeLessThanOrEqual(deliveriesMax);
  });
});
