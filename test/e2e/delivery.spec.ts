import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anEvent } from '../support/builders.js';
import { aSecret, wire } from '../support/configure.js';
import { Stack } from '../support/stack.js';
import { until } from '../support/until.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

interface StateCount {
  readonly state: string;
  readonly count: string;
}

describe('delivery', () => {
  let stack: Stack;
  let receiver: WebhookReceiver;

  beforeAll(async () => {
    receiver = await WebhookReceiver.start();
    stack = await Stack.start(['renderer', 'dispatcher', 'retry-scheduler']);
    const secret = aSecret();
    await wire(stack, [
      { id: 'all', url: receiver.on('/all', secret), secret, eventTypes: ['loan.*'] },
      {
        id: 'flaky',
        url: receiver.on('/flaky', secret, (nth) => (nth === 1 ? 500 : 200)),
        secret,
        eventTypes: ['flaky'],
        body: '{"id": {{ event.data.id }}, "greeting": "Dear {{ event.data.client.name }}", "rate": {{ event.data.rate }}}',
      },
    ]);
  });

  afterAll(async () => {
    await stack?.stop();
    await receiver?.stop();
  });

  it('delivers 1,000 events once each, every body equal to its stored bytes, every signature valid', async () => {
    const events = Array.from({ length: 1_000 }, () => anEvent());
    await stack.produce(events);
    await until(() => receiver.of('/all').length >= 1_000, { what: '1,000 requests', limitMs: 60_000 });
    await until(async () => (await sentCount(stack, 'all')) === 1_000, { what: '1,000 notifications sent' });

    const requests = receiver.of('/all');
    expect(requests).toHaveLength(1_000);
    expect(receiver.duplicates()).toHaveLength(0);
    expect(requests.filter(({ signatureValid }) => !signatureValid)).toHaveLength(0);
    const stored = await stack.database.query<{ id: string; body: Buffer; sha256: Buffer }>(
      'SELECT p.id, p.body, p.sha256 FROM notification_payloads p JOIN notifications n USING (id) WHERE n.endpoint_id = $1',
      ['all'],
    );
    const byId = new Map(stored.map((row) => [row.id, row]));
    for (const { webhookId, body } of requests) {
      expect(body.equals(byId.get(webhookId)?.body ?? Buffer.alloc(0))).toBe(true);
      expect(createHash('sha256').update(body).digest()).toEqual(byId.get(webhookId)?.sha256);
    }
    expect(requests.map(({ body }) => body.toString()).sort()).toEqual(
      events.map((event) => JSON.stringify(event)).sort(),
    );
  });

  it('makes one notification of the same event sent twice, and books the second as a duplicate', async () => {
    const event = anEvent({ type: 'loan.twice' });
    await stack.produce([event]);
    await until(() => receiver.requests.some(({ body }) => body.includes(String(event['id']))), {
      what: 'the request',
    });
    await stack.produce([event]);
    const duplicates = async () => {
      const [row] = await stack.database.query<{ n: string }>('SELECT sum(bit_count(duplicate)) AS n FROM books');
      return Number(row?.n) === 1;
    };
    await until(duplicates, { what: 'the duplicate in the books' });
    expect(receiver.requests.filter(({ body }) => body.includes(String(event['id'])))).toHaveLength(1);
  });

  it('makes attempt 2 of a failed delivery never early and at most a second late', async () => {
    const event = anEvent({ type: 'flaky' });
    await stack.produce([event]);
    const requests = await until(() => receiver.of('/flaky').length === 2 && receiver.of('/flaky'), {
      what: 'two attempts',
    });
    await until(async () => (await sentCount(stack, 'flaky')) === 1, { what: 'the notification is sent' });

    const attempts = await stack.database.query<{
      number: number;
      outcome: string;
      finished_at: Date;
      started_at: Date;
      due_at: Date;
    }>(
      `SELECT a.* FROM v1_attempts a JOIN notifications n ON n.id = a.notification_id WHERE n.endpoint_id = 'flaky' ORDER BY number`,
    );
    expect(attempts.map(({ number, outcome }) => [number, outcome])).toEqual([
      [1, 'failed'],
      [2, 'accepted'],
    ]);
    const waitedMs = Number(attempts[1]?.started_at) - Number(attempts[0]?.finished_at);
    expect(waitedMs).toBeGreaterThanOrEqual(1_000);
    expect(waitedMs).toBeLessThan(2_000);
    expect(requests.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(requests[0]?.body).toEqual(requests[1]?.body);
    const data = event['data'] as { id: string; rate: number; client: { name: string } };
    expect(JSON.parse(String(requests[0]?.body))).toEqual({
      id: data.id,
      greeting: `Dear ${data.client.name}`,
      rate: data.rate,
    });
  });
});

async function sentCount(stack: Stack, endpoint: string): Promise<number> {
  const rows = await stack.database.query<StateCount>(
    'SELECT state, count(*) AS count FROM notifications WHERE endpoint_id = $1 GROUP BY state',
    [endpoint],
  );
  return Number(rows.find(({ state }) => state === 'sent')?.count ?? 0);
}
