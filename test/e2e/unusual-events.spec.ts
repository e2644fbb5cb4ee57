import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anEvent } from '../support/builders.js';
import { aSecret, wire } from '../support/configure.js';
import { Stack } from '../support/stack.js';
import { until } from '../support/until.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

/** 1,024 characters of which no two are equal: an index entry over them is too large, whatever is compressed. */
const wideText = Array.from({ length: 1_024 }, (_, i) => String.fromCharCode(0x4e00 + i * 7)).join('');

describe('an unusual event', () => {
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

  async function becomes(event: Readonly<Record<string, unknown>>): Promise<string> {
    const find = async () => {
      const [row] = await stack.database.query<{ became: string }>(
        `SELECT state AS became FROM notifications WHERE event_id = $1 AND state <> 'pending'
         UNION ALL SELECT reason || ': ' || detail FROM parked_events WHERE position($2::bytea IN value) > 0`,
        [event['id'], Buffer.from(JSON.stringify(event['id']))],
      );
      return row?.became;
    };
    return until(find, { what: `what becomes of ${String(event['id']).slice(0, 40)}` });
  }

  // CloudEvents JSON format 1.0.2, 2.2: "null" MUST be treated as the equivalent of unset or omitted.
  it.each(['subject', 'time', 'dataschema', 'datacontenttype', 'tenant', 'traceparent'])(
    'with %s null counts as one without it',
    async (name) => {
      const event = anEvent({ [name]: null });
      await stack.produce([event]);
      expect(await becomes(event)).toBe('sent');
    },
  );

  // design.md 4: older than the oldest partition is kept as event_time, and the record's time makes the id.
  it.each(['1969-07-20T20:17:40Z', '0001-01-01T00:00:00Z'])('of %s is sent and keeps its time', async (time) => {
    const event = anEvent({ time });
    await stack.produce([event]);
    expect(await becomes(event)).toBe('sent');
    const [row] = await stack.database.query<{ event_time: string }>(
      `SELECT to_char(event_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS event_time FROM notifications WHERE event_id = $1`,
      [event['id']],
    );
    expect(row?.event_time).toBe(time);
  });

  it.each(['id', 'source', 'subject'])('with the widest %s harms no event beside it', async (name) => {
    const wide = anEvent({ [name]: wideText });
    const others = Array.from({ length: 60 }, () => anEvent());
    await stack.produce([...others.slice(0, 30), wide, ...others.slice(30)]);
    const became = await Promise.all(others.map(becomes));
    expect(new Set(became)).toEqual(new Set(['sent']));
    expect(await becomes(wide), 'sent, or parked with its reason').toMatch(/^sent$|^[A-Z_]+: /);
  });
});
