import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuditWorld, aNotification } from '../support/audit-world.js';

/** 1,024 characters of which no two are equal: an index entry over them is too large, whatever is compressed. */
const wideText = Array.from({ length: 1_024 }, (_, i) => String.fromCharCode(0x4e00 + i * 7)).join('');

describe('a batch with one row that Postgres refuses', () => {
  let world: AuditWorld;

  beforeAll(async () => {
    world = await AuditWorld.open();
  });

  afterAll(async () => {
    await world?.close();
  });

  it.each([
    ['NUL in a text', { subject: 'a\0b' }],
    ['a text that is too wide for its index', { subject: wideText }],
    ['an event id that is too wide for its index', { eventId: wideText }],
  ])('stores the others: %s', async (_, fault) => {
    const rows = Array.from({ length: 20 }, (__, i) => aNotification(i === 7 ? fault : {}));
    const results = await Promise.allSettled(rows.map((row) => world.notifications.insert(row)));
    const refused = results.flatMap(({ status }, i) => (status === 'rejected' ? [i] : []));
    const stored = await world.database.query<{ id: string }>(
      'SELECT id FROM notifications JOIN notification_payloads USING (id) WHERE id = ANY($1::uuid[])',
      [rows.map(({ id }) => id)],
    );
    expect(refused.filter((i) => i !== 7)).toEqual([]);
    expect(stored.length).toBeGreaterThanOrEqual(19);
    const [result] = results.slice(7);
    if (result?.status === 'rejected') expect(result.reason).toMatchObject({ code: 'STORE_REFUSED', retryable: false });
  });

  it('keeps the unmatched and the parked events beside it', async () => {
    const position = (i: number) => ({ topic: 'events', partition: 0, offset: String(i) });
    const event = { tenantId: 'acme', eventSource: '/s', eventId: '1', eventType: 't', subject: null } as const;
    const unmatched = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) =>
        world.unmatchedEvents.add({
          ...event,
          ...position(i),
          tenantId: event.tenantId as never,
          eventId: i === 7 ? 'a\0b' : '1',
        }),
      ),
    );
    expect(unmatched.flatMap(({ status }, i) => (status === 'rejected' ? [i] : []))).toEqual([7]);
    expect(await world.database.query('SELECT FROM unmatched_events')).toHaveLength(19);
  });
});
