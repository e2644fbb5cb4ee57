import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anEvent } from '../support/builders.js';
import { allSeen, aSecret, wire } from '../support/configure.js';
import { Stack } from '../support/stack.js';
import { until } from '../support/until.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const newEndpoints = 5;
const waiting = 40;
const concurrency = 2;

describe('a change of the registry while events come in', () => {
  let stack: Stack;
  let receiver: WebhookReceiver;

  beforeAll(async () => {
    receiver = await WebhookReceiver.start();
    const settings = { ATTEMPT_TIMEOUT_MS: '15000', LEASE_MARGIN_MS: '15000' };
    stack = await Stack.start(['renderer', 'dispatcher', 'retry-scheduler'], settings);
  });

  afterAll(async () => {
    await stack?.stop();
    await receiver?.stop();
  });

  /** How many notifications of an event type ended in which way; null while one is pending. */
  async function endsOf(type: string): Promise<Readonly<Record<string, number>> | null> {
    const rows = await stack.database.query<{ ended: string; n: number }>(
      `SELECT coalesce(failure_reason, state) AS ended, count(*)::int AS n FROM notifications
        WHERE event_type LIKE $1 GROUP BY 1`,
      [type],
    );
    return rows.some(({ ended }) => ended === 'pending') ? null : Object.fromEntries(rows.map((r) => [r.ended, r.n]));
  }

  /** Produces events of a type and waits until the dispatcher has all of them in its hands. */
  async function fillLane(type: string): Promise<void> {
    await stack.produce(Array.from({ length: waiting }, () => anEvent({ type })));
    const underWay = async () =>
      Number(/^hookline_records_under_way\S* (\d+)/m.exec((await stack.app('dispatcher').probe('/metrics')).body)?.[1]);
    await until(async () => (await underWay()) >= waiting, { what: 'all wait in the lane' });
  }

  // Stopped for the moment in which the renderer learns, the dispatcher finds the deliveries before it has looked for changes.
  it('sends every event of an endpoint just made, though the dispatcher learns of the endpoint after the event', async () => {
    const secret = aSecret();
    for (let n = 0; n < newEndpoints; n++) {
      const type = `new.n${n}`;
      const url = receiver.on(`/new${n}`, secret);
      process.kill(stack.app('dispatcher').pid, 'SIGSTOP');
      const wired = wire(stack, [{ id: `new${n}`, secret, url, eventTypes: [type] }]);
      const isRendered = async () => {
        await stack.produce([anEvent({ type })]);
        return (await stack.database.query('SELECT id FROM notifications WHERE event_type = $1', [type])).length > 0;
      };
      await until(isRendered, { what: 'the renderer has learned' }).finally(() =>
        process.kill(stack.app('dispatcher').pid, 'SIGCONT'),
      );
      await wired;
    }
    const ends = await until(() => endsOf('new.%'), { what: 'none is pending', limitMs: 60_000 });
    expect(Object.keys(ends)).toEqual(['sent']);
  });

  it('sends what waits in a lane to the URL the endpoint has when its turn comes', async () => {
    const secret = aSecret();
    let isChanged = false;
    const old = () => until(() => isChanged && 200, { what: 'the change', limitMs: 60_000 });
    const oldUrl = receiver.on('/old', secret, old);
    const newUrl = receiver.on('/fresh', secret);
    await wire(stack, [{ id: 'moved', secret, url: oldUrl, eventTypes: ['moved'], concurrency }]);
    await fillLane('moved');
    await until(() => receiver.of('/old').length === concurrency, { what: 'the first requests' });
    const change = `UPDATE endpoints SET url = $1, url_version = url_version + 1 WHERE id = 'moved'`;
    await stack.database.query(change, [newUrl]);
    await allSeen(stack);
    isChanged = true;
    await until(() => endsOf('moved'), { what: 'none is pending', limitMs: 60_000 });
    expect(receiver.of('/old')).toHaveLength(concurrency);
    expect(receiver.of('/fresh')).toHaveLength(waiting - concurrency);
  });

  it('sends nothing more to an endpoint that answered 410, and says of each notification why', async () => {
    const secret = aSecret();
    let isDisabled = false;
    const others = () => until(() => isDisabled && 410, { what: 'the endpoint is disabled', limitMs: 60_000 });
    const gone = () => (receiver.of('/gone').length === 1 ? 410 : others());
    await wire(stack, [
      { id: 'gone', secret, url: receiver.on('/gone', secret, gone), eventTypes: ['gone'], concurrency },
    ]);
    await stack.produce(Array.from({ length: waiting }, () => anEvent({ type: 'gone' })));
    // The places the first answer found taken, and the one it made free.
    const outMax = concurrency + 1;
    await until(() => receiver.of('/gone').length === outMax, { what: 'the first requests' });
    const disabled = `SELECT id FROM endpoints WHERE id = 'gone' AND NOT enabled AND disabled_reason = 'GONE'`;
    await until(async () => (await stack.database.query(disabled)).length === 1, { what: 'the endpoint is disabled' });
    await allSeen(stack);
    isDisabled = true;
    const ends = await until(() => endsOf('gone'), { what: 'none is pending', limitMs: 60_000 });
    expect(receiver.of('/gone')).toHaveLength(outMax);
    expect(ends).toEqual({ GONE: outMax, ENDPOINT_DISABLED: waiting - outMax });
  });
});
