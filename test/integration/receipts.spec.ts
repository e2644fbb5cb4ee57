import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { receiptKey, switchReceipts } from '#audit/receipts';
import { notificationId, notificationTimeMs } from '#domain/notification-id';
import { AuditWorld, aNotification } from '../support/audit-world.js';

const windowMs = 1_000;

describe('receipts', () => {
  let world: AuditWorld;

  beforeAll(async () => {
    world = await AuditWorld.open();
  });

  afterAll(async () => {
    await world?.close();
  });

  /** The same event with its id made of another time. */
  function again(first: ReturnType<typeof aNotification>, timeMs: number): ReturnType<typeof aNotification> {
    return { ...first, id: notificationId({ ...first, timeMs }), sourceOffset: '1' };
  }

  /** What `insert` answers to the same event a second later. */
  async function answerLater(first: ReturnType<typeof aNotification>) {
    return world.notifications.insert(again(first, notificationTimeMs(first.id) + 1_000));
  }

  async function held(event: string): Promise<readonly string[]> {
    const rows = await world.database.query<{ generation: string }>(
      `SELECT 'a' AS generation FROM event_receipts_a WHERE event = $1
       UNION ALL SELECT 'b' FROM event_receipts_b WHERE event = $1`,
      [event],
    );
    return rows.map(({ generation }) => generation);
  }

  /** The generation that is written now begins now, however long ago its database was made. */
  async function beginGeneration(): Promise<void> {
    await world.database.query('UPDATE receipt_generation SET since = now()');
  }

  /** Moves the beginning of the generation that is written now into the past. */
  async function age(ms: number): Promise<void> {
    await world.database.query(`UPDATE receipt_generation SET since = since - $1::float8 * interval '1 millisecond'`, [
      ms,
    ]);
  }

  it('tell the time an event was first seen at, and nothing is stored for another one', async () => {
    const first = aNotification();
    expect(await world.notifications.insert(first)).toMatchObject({ kind: 'stored', isNew: true });
    const firstMs = notificationTimeMs(first.id);
    expect(await answerLater(first)).toEqual({ kind: 'first-seen-at', timeMs: firstMs });
    expect(await world.notifications.insert({ ...first, sourceOffset: '1' })).toMatchObject({
      ...{ kind: 'stored', isNew: false, isSameRecord: false },
    });
    const rows = await world.database.query('SELECT FROM notifications WHERE event_id = $1', [first.eventId]);
    expect(rows).toHaveLength(1);
  });

  it('take the first of two times within one batch, also for another template of the event', async () => {
    const first = aNotification();
    const later = again(first, notificationTimeMs(first.id) + 5);
    const other = { ...first, templateId: 'other' as never };
    const otherTemplate = { ...other, id: notificationId({ ...other, timeMs: notificationTimeMs(first.id) }) };
    const answers = await Promise.all([first, later, otherTemplate].map((one) => world.notifications.insert(one)));
    expect(answers.map(({ kind }) => kind)).toEqual(['stored', 'first-seen-at', 'stored']);
  });

  it('agree on one time when two processes see an event in the same instant', async () => {
    const other = await AuditWorld.open(world.database);
    try {
      for (let round = 0; round < 20; round++) {
        const first = aNotification();
        const second = again(first, notificationTimeMs(first.id) + 7);
        const answers = await Promise.all([world.notifications.insert(first), other.notifications.insert(second)]);
        expect(answers.filter(({ kind }) => kind === 'stored')).toHaveLength(1);
      }
    } finally {
      await other.close();
    }
  });

  it('are forgotten a generation later, once every partition has been read past them and the window', async () => {
    const first = aNotification();
    await world.notifications.insert(first);
    const event = receiptKey(first);
    const now = () => Date.now() + 60_000;
    await beginGeneration();

    expect(await held(event)).toEqual(['a']);
    expect(await switchReceipts(world.dataSource, { windowMs, readToMs: null })).toBe(false);
    expect(await switchReceipts(world.dataSource, { windowMs, readToMs: Date.now() - 60_000 })).toBe(false);
    await age(windowMs * 2);
    expect(await switchReceipts(world.dataSource, { windowMs, readToMs: now() })).toBe(true);
    expect(await held(event)).toEqual(['a']);
    expect(await answerLater(first)).toMatchObject({ kind: 'first-seen-at' });

    const second = aNotification({ eventId: randomUUID() });
    await world.notifications.insert(second);
    expect(await held(receiptKey(second))).toEqual(['b']);
    expect(await switchReceipts(world.dataSource, { windowMs: 3_600_000, readToMs: now() })).toBe(false);
    await age(windowMs * 2);
    expect(await switchReceipts(world.dataSource, { windowMs, readToMs: now() })).toBe(true);
    expect(await held(event)).toEqual([]);
    expect(await held(receiptKey(second))).toEqual(['b']);
    expect(await answerLater(first)).toMatchObject({ kind: 'stored', isNew: true });
  });

  it('switch while notifications are being stored, and none is stored twice', async () => {
    const firsts = Array.from({ length: 300 }, () => aNotification());
    const storing = Promise.all(firsts.map((one) => world.notifications.insert(one)));
    await age(windowMs * 2);
    await switchReceipts(world.dataSource, { windowMs, readToMs: Date.now() + 60_000 });
    await storing;
    const answers = await Promise.all(firsts.map(answerLater));
    expect(new Set(answers.map(({ kind }) => kind))).toEqual(new Set(['first-seen-at']));
  });
});
