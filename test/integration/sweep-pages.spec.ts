import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeLostLeases, findOverdue, findRequestedItems, markAsked, type OverdueCursor } from '#audit/overdue';
import { requestResend } from '#audit/resend-items';
import { systemClock } from '#domain/clock';
import type { EndpointId, NotificationId, TenantId } from '#domain/ids';
import type { OutgoingRecord } from '#domain/kafka-record';
import { createLog } from '#telemetry/log';
import { AskPace, askWaitMsMax } from '../../apps/retry-scheduler/src/ask-pace.js';
import { PageCursor } from '../../apps/retry-scheduler/src/page-cursor.js';
import { type SweepOverdueDeps, sweepOverdue } from '../../apps/retry-scheduler/src/sweep-overdue.js';
import { AuditWorld, exhausted } from '../support/audit-world.js';

const graceMs = 1;
const rowsMax = 3;
/** More than a round looks at. */
const blocked = 20;
const blockedEndpoint = 'blocked' as EndpointId;

describe('what the sweep may not ask for', () => {
  let world: AuditWorld;

  beforeAll(async () => {
    world = await AuditWorld.open();
  });

  afterAll(async () => {
    await world?.close();
  });

  /** Two partitions: nobody reads that of the blocked endpoint. */
  function setup() {
    const { dataSource } = world;
    const sent: string[] = [];
    const producer = {
      send: async ({ headers }: OutgoingRecord) => void sent.push(String(headers['notification-id'])),
    };
    const now = () => systemClock.nowMs() + 1;
    const deps: SweepOverdueDeps = {
      findOverdue: (dueBeforeMs, after) =>
        findOverdue(dataSource, { dueBeforeMs, graceMs, askWaitMsMax, rowsMax, after }),
      findRequestedItems: (after) => findRequestedItems(dataSource, { graceMs, rowsMax, after }),
      closeLostLeases: () => closeLostLeases(dataSource, rowsMax),
      markAsked: (deliveries) => markAsked(dataSource, deliveries),
      readProgress: async () => ({
        deliveries: [{ topic: 'deliveries', partition: 1, readToMs: now(), begunToMs: now() }],
        tiers: [],
        tierPartitions: 0,
      }),
      mayJudgeLeases: () => true,
      partitionOf: async ({ endpointId }) => (endpointId === blockedEndpoint ? 0 : 1),
      ...{ pace: new AskPace(graceMs), itemPace: new AskPace(graceMs) },
      ...{ pages: new PageCursor(), itemPages: new PageCursor() },
      ...{
        deliveriesTopic: 'deliveries',
        producer,
        clock: systemClock,
        log: createLog({ app: 'test', level: 'error' }),
      },
    };
    return { sent, round: () => sweepOverdue(deps) };
  }

  async function item(endpointId: EndpointId): Promise<NotificationId> {
    const id = await world.insert({ endpointId });
    await world.finish(await world.claim(id), exhausted);
    const who = { tenantId: 'acme' as TenantId, principal: 'ann', reason: null, requestId: randomUUID() };
    await requestResend(world.dataSource, { notificationId: id, ...who });
    return id;
  }

  it('hides no lost row and no re-send item behind it for longer than it takes to look at all', async () => {
    for (let n = 0; n < blocked; n++) await world.insert({ endpointId: blockedEndpoint });
    const row = await world.insert();
    const { sent, round } = setup();
    await round();
    expect(sent).toEqual([]);
    await round();
    expect(sent).toEqual([row]);

    for (let n = 0; n < blocked; n++) await item(blockedEndpoint);
    const resent = await item('orders' as EndpointId);
    const next = setup();
    await next.round();
    await next.round();
    expect(next.sent).toContain(resent);
  });

  it('takes a place in its page: a page looks at so many and says where it ended', async () => {
    const dueBeforeMs = systemClock.nowMs() + 60_000;
    const query = { dueBeforeMs, graceMs: 60_000, askWaitMsMax, rowsMax: 10 };
    const first = await findOverdue(world.dataSource, { ...query, after: null });
    await markAsked(
      world.dataSource,
      first.deliveries.map(({ delivery }) => delivery),
    );
    const again = await findOverdue(world.dataSource, { ...query, after: null });
    expect(again).toEqual({ deliveries: [], next: first.next });
    const pages: number[] = [];
    let after: OverdueCursor | null = null;
    do {
      const page = await findOverdue(world.dataSource, { ...query, after });
      pages.push(page.deliveries.length);
      after = page.next;
    } while (after !== null);
    expect(pages).toEqual([0, 10, 0]);
  });
});
