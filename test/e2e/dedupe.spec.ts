import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anEvent } from '../support/builders.js';
import { aSecret, wire } from '../support/configure.js';
import { Stack } from '../support/stack.js';
import { until } from '../support/until.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const first = new Date(Date.now() - 60_000).toISOString();
const later = new Date(Date.now() - 59_000).toISOString();

/** `design.md`, 4: the canonical time is the one first seen, for `DEDUPE_WINDOW`. */
describe('the same event produced again', () => {
  let stack: Stack;
  let receiver: WebhookReceiver;

  beforeAll(async () => {
    receiver = await WebhookReceiver.start();
    stack = await Stack.start(['renderer', 'dispatcher']);
    const secret = aSecret();
    await wire(stack, [{ id: 'all', url: receiver.on('/all', secret), secret, eventTypes: ['loan.*'] }]);
  });

  afterAll(async () => {
    await stack?.stop();
    await receiver?.stop();
  });

  it.each([
    ['with the same time', first, first],
    ['with another time', first, later],
    ['without a time', first, undefined],
    ['both times without one', undefined, undefined],
  ])('makes no second notification: %s', async (_, firstTime, secondTime) => {
    const event = anEvent({ time: firstTime });
    await stack.produce([event]);
    const rows = () => stack.database.query('SELECT id FROM notifications WHERE event_id = $1', [event['id']]);
    const requests = () => receiver.requests.filter(({ body }) => body.includes(String(event['id'])));
    await until(() => requests().length === 1, { what: 'the request' });
    const [before] = await books();
    await stack.produce([{ ...event, time: secondTime }]);
    await until(async () => (await books())[0]?.n !== before?.n, { what: 'the second record in the books' });
    expect(await rows()).toHaveLength(1);
    expect(requests()).toHaveLength(1);
  });

  function books() {
    return stack.database.query<{ n: string }>('SELECT sum(bit_count(matched | duplicate | parked)) AS n FROM books');
  }
});
