import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requestResend } from '#audit/resend-items';
import { topicNames } from '#contracts/topics';
import type { EndpointId, NotificationId, TenantId } from '#domain/ids';
import { headerText } from '#domain/kafka-record';
import { AuditWorld, exhausted, failedOnce } from '../support/audit-world.js';
import { anEvent } from '../support/builders.js';
import { aSecret, wire } from '../support/configure.js';
import { readTopics } from '../support/read-topics.js';
import { Stack } from '../support/stack.js';
import { until } from '../support/until.js';
import { later, WebhookReceiver } from '../support/webhook-receiver.js';

const graceMs = 1_500;
const slowMs = 600;
const backlog = 12;

interface AttemptLine {
  readonly number: number;
  readonly outcome: string;
  readonly asked_by: string;
  readonly trigger: string;
}

describe('the sweep', () => {
  let stack: Stack;
  let receiver: WebhookReceiver;
  let world: AuditWorld;
  const lost = { first: '', retry: '', item: '' } as Record<'first' | 'retry' | 'item', NotificationId>;

  beforeAll(async () => {
    receiver = await WebhookReceiver.start();
    stack = await Stack.start(['renderer', 'dispatcher', 'retry-scheduler'], { SWEEP_GRACE_MS: String(graceMs) });
    const secret = aSecret();
    const hang = (nth: number) => (nth === 1 ? 'own' : 200);
    const slow = later(slowMs);
    const tenant = 'acme';
    await wire(stack, [
      { id: 'orders', tenant, secret, url: receiver.on('/orders', secret), eventTypes: ['order.*'] },
      { id: 'hanging', tenant, secret, url: receiver.on('/hanging', secret, hang), eventTypes: ['hang'] },
      { id: 'slow', tenant, secret, url: receiver.on('/slow', secret, slow), eventTypes: ['slow'], concurrency: 1 },
    ]);
    world = await AuditWorld.open(stack.database);
    await loseRecords();
  });

  afterAll(async () => {
    await world?.close();
    await stack?.stop();
    await receiver?.stop();
  });

  /** Rows as the apps leave them when their record never reaches Kafka. */
  async function loseRecords(): Promise<void> {
    lost.first = await world.insert();
    lost.retry = await world.insert();
    await world.finish(await world.claim(lost.retry), { ...failedOnce, next: { kind: 'retry', delayMs: 1, step: 1 } });
    lost.item = await world.insert();
    await world.finish(await world.claim(lost.item), exhausted);
    const who = { tenantId: 'acme' as TenantId, principal: 'ann', reason: null, requestId: randomUUID() };
    await requestResend(world.dataSource, { notificationId: lost.item, ...who });
  }

  async function sent(id: NotificationId): Promise<readonly AttemptLine[]> {
    await until(async () => (await world.course(id)).state === 'sent', { what: `${id} is sent`, limitMs: 60_000 });
    return world.database.query<AttemptLine>(
      'SELECT number, outcome, asked_by, trigger FROM v1_attempts WHERE notification_id = $1 ORDER BY number',
      [id],
    );
  }

  it('asks for a notification whose delivery was never written', async () => {
    expect(await sent(lost.first)).toEqual([{ number: 1, outcome: 'accepted', asked_by: 'sweep', trigger: 'auto' }]);
    const requests = receiver.requests.filter(({ webhookId }) => webhookId === lost.first);
    expect(requests).toMatchObject([{ attempt: 1, signatureValid: true }]);
    expect(requests[0]?.body.toString()).toBe('{"a":1}');
  });

  it('asks for a retry whose tier record was lost', async () => {
    expect(await sent(lost.retry)).toEqual([
      { number: 1, outcome: 'failed', asked_by: 'renderer', trigger: 'auto' },
      { number: 2, outcome: 'accepted', asked_by: 'sweep', trigger: 'auto' },
    ]);
    expect(await world.course(lost.retry)).toMatchObject({ step: 1, attempt_count: 2 });
  });

  it('asks for a re-send whose record was lost', async () => {
    expect(await sent(lost.item)).toEqual([
      { number: 1, outcome: 'failed', asked_by: 'renderer', trigger: 'auto' },
      { number: 2, outcome: 'accepted', asked_by: 'admin', trigger: 'manual' },
    ]);
  });

  it('closes the attempt of a killed process as unknown, and the next one has the same id and bytes and takes no step', async () => {
    const event = anEvent({ tenant: 'acme', type: 'hang' });
    await stack.produce([event]);
    const [first] = await until(() => receiver.of('/hanging').length > 0 && receiver.of('/hanging'), {
      what: 'a request',
    });
    await stack.app('dispatcher').kill('SIGKILL');
    stack.app('dispatcher').launch();
    const id = first?.webhookId as NotificationId;
    expect(await sent(id)).toEqual([
      { number: 1, outcome: 'unknown', asked_by: 'renderer', trigger: 'auto' },
      { number: 2, outcome: 'accepted', asked_by: 'sweep', trigger: 'auto' },
    ]);
    const [, second, ...more] = receiver.of('/hanging');
    expect(more).toEqual([]);
    expect(second).toMatchObject({ webhookId: id, attempt: 2, signatureValid: true });
    expect(second?.body.equals(first?.body ?? Buffer.alloc(0))).toBe(true);
    expect(second?.body.toString()).toBe(JSON.stringify(event));
    expect(await world.course(id)).toMatchObject({ step: 0, attempt_count: 2, unknown_in_row: 0 });
  });

  it('asks for nothing of a backlog that is merely waiting, however long', async () => {
    await stack.produce(Array.from({ length: backlog }, () => anEvent({ tenant: 'acme', type: 'slow' })));
    const rows = () =>
      world.database.query<{ id: string; state: string; waited_ms: string }>(
        `SELECT id, state, extract(epoch FROM finished_at - created_at) * 1000 AS waited_ms
           FROM notifications WHERE endpoint_id = $1`,
        ['slow' as EndpointId],
      );
    const isDone = async () => {
      const found = await rows();
      return found.length === backlog && found.every(({ state }) => state === 'sent') && found;
    };
    const done = await until(isDone, { what: 'the backlog is sent', limitMs: 60_000 });
    expect(Math.max(...done.map(({ waited_ms }) => Number(waited_ms)))).toBeGreaterThan(2 * graceMs);
    const ids = new Set(done.map(({ id }) => id));
    const records = await readTopics(stack, [topicNames.deliveries(stack.prefix)]);
    expect(records.filter((record) => ids.has(headerText(record, 'notification-id') ?? ''))).toHaveLength(backlog);
    expect(receiver.of('/slow')).toHaveLength(backlog);
  });
});
