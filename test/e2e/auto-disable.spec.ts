import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { topicNames } from '#contracts/topics';
import { anEvent } from '../support/builders.js';
import { aSecret, wire } from '../support/configure.js';
import { readTopics } from '../support/read-topics.js';
import { Stack } from '../support/stack.js';
import { until } from '../support/until.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const settings = {
  AUTO_DISABLE_AFTER_MS: '15000',
  AUTO_DISABLE_MIN_ATTEMPTS: '6',
  AUTO_DISABLE_MIN_SPREAD_MS: '3000',
  CIRCUIT_CONSECUTIVE: '10000',
  CIRCUIT_MIN_RESULTS: '10000',
  RETRY_SCHEDULE: '1s,1s,2s,2s,2s',
  RETRY_TIERS: '1s,5s',
};
const limitMs = 90_000;

describe('an endpoint that fails for long', () => {
  let stack: Stack;
  let receiver: WebhookReceiver;

  beforeAll(async () => {
    receiver = await WebhookReceiver.start();
    stack = await Stack.start(['renderer', 'dispatcher', 'retry-scheduler'], settings);
  });

  afterAll(async () => {
    await stack?.stop();
    await receiver?.stop();
  });

  /** Resolves once the topic `operator-events` has one of this type about this endpoint. */
  async function isTold(type: string, endpoint: string): Promise<void> {
    const has = async () => {
      const records = await readTopics(stack, [topicNames.operatorEvents(stack.prefix)]);
      const events = records.map(
        ({ value }) => JSON.parse(String(value)) as { type: string; data: { endpoint: string } },
      );
      return events.some((event) => event.type === type && event.data.endpoint === endpoint);
    };
    await until(has, { what: `operators are told: ${type} ${endpoint}`, limitMs });
  }

  it('is warned of, and told to be well again; what is exhausted is told as well', async () => {
    const secret = aSecret();
    let status = 500;
    await wire(stack, [{ id: 'sick', secret, url: receiver.on('/sick', secret, () => status), eventTypes: ['sick'] }]);
    await stack.produce([anEvent({ type: 'sick' })]);
    await isTold('hookline.endpoint.failing', 'sick');
    await isTold('hookline.notification.exhausted', 'sick');
    status = 200;
    await stack.produce([anEvent({ type: 'sick' })]);
    await isTold('hookline.endpoint.recovered', 'sick');
    expect(await stack.database.query(`SELECT enabled FROM endpoints WHERE id = 'sick'`)).toEqual([{ enabled: true }]);
  });

  it('is warned of, then disabled, and what is for it fails with that reason; another one is left alone', async () => {
    const secret = aSecret();
    const dead = receiver.on('/dead', secret, () => 500);
    const flaky = receiver.on('/flaky', secret, (nth) => (nth === 1 ? 500 : 200));
    await wire(stack, [
      { id: 'dead', secret, url: dead, eventTypes: ['x'] },
      { id: 'flaky', secret, url: flaky, eventTypes: ['x'] },
    ]);
    await stack.produce([anEvent({ type: 'x' }), anEvent({ type: 'x' }), anEvent({ type: 'x' })]);
    const reasonOf = async (id: string) => {
      const [row] = await stack.database.query<{ disabled_reason: string | null }>(
        'SELECT disabled_reason FROM endpoints WHERE id = $1',
        [id],
      );
      return row?.disabled_reason;
    };
    await until(async () => (await reasonOf('dead')) === 'FAILING', { what: 'it is disabled', limitMs });
    await stack.produce([anEvent({ type: 'x' })]);
    const isFailed = async () => {
      const rows = await stack.database.query<{ failure_reason: string | null }>(
        `SELECT failure_reason FROM v1_notifications WHERE endpoint_id = 'dead' AND state = 'failed'`,
      );
      return rows.some(({ failure_reason }) => failure_reason === 'ENDPOINT_DISABLED');
    };
    await until(isFailed, { what: 'what was for it fails', limitMs });
    await isTold('hookline.endpoint.disabled', 'dead');
    await isTold('hookline.endpoint.failing', 'dead');
    expect(await reasonOf('flaky')).toBeNull();
  });
});
