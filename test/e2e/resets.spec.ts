import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anEvent } from '../support/builders.js';
import { aSecret, wire } from '../support/configure.js';
import { Stack } from '../support/stack.js';
import { until } from '../support/until.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

interface Course {
  readonly state: string;
  readonly step: number;
  readonly attempt_count: number;
  readonly failure_reason: string | null;
}

describe('a connection that is reset before an answer', () => {
  let stack: Stack;
  let receiver: WebhookReceiver;

  beforeAll(async () => {
    receiver = await WebhookReceiver.start();
    stack = await Stack.start(['renderer', 'dispatcher', 'retry-scheduler']);
    const secret = aSecret();
    const resets = (times: number) => (nth: number, response: { socket: { destroy(): void } | null }) => {
      if (nth > times) return 200;
      response.socket?.destroy();
      return 'own' as const;
    };
    await wire(stack, [
      { id: 'fine', secret, url: receiver.on('/fine', secret), eventTypes: ['fine'] },
      { id: 'once', secret, url: receiver.on('/once', secret, resets(1)), eventTypes: ['once'] },
      { id: 'always', secret, url: receiver.on('/always', secret, resets(1_000)), eventTypes: ['always'] },
    ]);
  });

  afterAll(async () => {
    await stack?.stop();
    await receiver?.stop();
  });

  async function courseOf(eventId: unknown): Promise<Course | undefined> {
    const [row] = await stack.database.query<Course>('SELECT * FROM notifications WHERE event_id = $1', [eventId]);
    return row;
  }

  /** Another endpoint of the same origin keeps connections open that have carried requests before. */
  async function keepWarm(until_: Promise<unknown>): Promise<void> {
    let done = false;
    const end = () => {
      done = true;
    };
    until_.then(end, end);
    while (!done) await stack.produce([anEvent({ type: 'fine' })]);
  }

  it('takes no step when the connection had carried a request, and the next attempt is made', async () => {
    await stack.produce([anEvent({ type: 'fine' })]);
    await until(() => receiver.of('/fine').length > 0, { what: 'a connection' });
    const event = anEvent({ type: 'once' });
    await stack.produce([event]);
    const sent = async () => ((await courseOf(event['id']))?.state === 'sent' ? courseOf(event['id']) : null);
    expect(await until(sent, { what: 'the notification is sent' })).toMatchObject({ step: 0, attempt_count: 2 });
    const attempts = await stack.database.query(
      `SELECT number, outcome, a.failure_reason FROM v1_attempts a JOIN notifications n ON n.id = a.notification_id
        WHERE event_id = $1 ORDER BY number`,
      [event['id']],
    );
    expect(attempts).toEqual([
      { number: 1, outcome: 'failed', failure_reason: 'RESET' },
      { number: 2, outcome: 'accepted', failure_reason: null },
    ]);
  });

  // Once in a row: an endpoint that always resets would else be asked for ever, without a pause.
  it('takes a step at least every second time, so an endpoint that always resets is given up', async () => {
    const event = anEvent({ type: 'always' });
    await stack.produce([event]);
    const failed = until(async () => (await courseOf(event['id']))?.state === 'failed', {
      what: 'the notification is given up',
      limitMs: 30_000,
    });
    await keepWarm(failed);
    await failed;
    const course = await courseOf(event['id']);
    expect(course).toMatchObject({ state: 'failed', failure_reason: 'EXHAUSTED', step: 3 });
    expect(course?.attempt_count).toBeLessThanOrEqual(8);
  });
});
