import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeDelivery } from '#contracts/delivery-record';
import { inlineBodyBytesMax, topicNames } from '#contracts/topics';
import { aSecret, wire } from '../support/configure.js';
import { readTopics } from '../support/read-topics.js';
import { Stack } from '../support/stack.js';
import { until } from '../support/until.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const bodyBytesMax = 524_288;

describe('a large body', () => {
  let stack: Stack;
  let receiver: WebhookReceiver;

  beforeAll(async () => {
    receiver = await WebhookReceiver.start();
    stack = await Stack.start(['renderer', 'dispatcher']);
    const secret = aSecret();
    const twice = '{{ event.data.text }}{{ event.data.text }}{{ event.data.tail }}';
    await wire(stack, [
      {
        id: 'text',
        url: receiver.on('/text', secret),
        secret,
        eventTypes: ['text'],
        contentType: 'text/plain',
        body: twice,
      },
      { id: 'event', url: receiver.on('/event', secret), secret, eventTypes: ['event'] },
    ]);
  });

  afterAll(async () => {
    await stack?.stop();
    await receiver?.stop();
  });

  /** Produces a value byte for byte; the id tells the event. */
  async function produce(id: string, type: string, data: string): Promise<Buffer> {
    const value = Buffer.from(`{"id":"${id}","source":"/s","type":"${type}","data":${data}}`);
    const headers = { 'content-type': 'application/cloudevents+json' };
    await stack.sink.send({ topic: stack.eventsTopic, key: null, value, headers });
    return value;
  }

  async function courseOf(eventId: string) {
    const settled = async () => {
      const [row] = await stack.database.query<{ id: string; state: string; failure_reason: string | null }>(
        'SELECT id, state, failure_reason, attempt_count, payload_bytes FROM notifications WHERE event_id = $1',
        [eventId],
      );
      return row !== undefined && row.state !== 'pending' && row;
    };
    return until(settled, { what: `the notification of ${eventId}`, limitMs: 60_000 });
  }

  /** A body of exactly this many bytes from two equal parts and a rest, mostly of two bytes a character. */
  function textData(bytes: number): string {
    const half = Math.floor(bytes / 4);
    const tail = bytes - half * 4;
    return JSON.stringify({ text: 'é'.repeat(half), tail: 'x'.repeat(tail) });
  }

  it.each([
    ['as large as a record may carry', inlineBodyBytesMax, true],
    ['one byte larger than that', inlineBodyBytesMax + 1, false],
    ['as large as a body may be', bodyBytesMax, false],
  ])('%s is sent whole', async (_, bytes, inline) => {
    await produce(`whole-${bytes}`, 'text', textData(bytes));
    const { id, ...course } = await courseOf(`whole-${bytes}`);
    expect(course).toMatchObject({ state: 'sent', attempt_count: 1, payload_bytes: bytes });
    const request = receiver.requests.find(({ webhookId }) => webhookId === id) ?? expect.fail('no request');
    expect(request.body).toHaveLength(bytes);
    expect(request.signatureValid).toBe(true);
    const [stored] = await stack.database.query<{ sha256: Buffer }>(
      'SELECT sha256 FROM notification_payloads WHERE id = $1 AND body = $2',
      [id, request.body],
    );
    expect(stored?.sha256).toEqual(createHash('sha256').update(request.body).digest());

    const records = await readTopics(stack, [topicNames.deliveries(stack.prefix)]);
    const delivery = records
      .map(decodeDelivery)
      .find((one) => one.kind === 'delivery' && one.delivery.notificationId === id);
    expect(delivery?.kind === 'delivery' && delivery.delivery.content !== null).toBe(inline);
  });

  it.each([
    ['a rendered one', 'text'],
    ['the event itself', 'event'],
  ])('over the limit fails OUTPUT_TOO_LARGE without an attempt: %s', async (_, type) => {
    const id = `over-${type}`;
    const frame = Buffer.byteLength(`{"id":"${id}","source":"/s","type":"event","data":""}`);
    const data = type === 'text' ? textData(bodyBytesMax + 1) : JSON.stringify('y'.repeat(bodyBytesMax + 1 - frame));
    const value = await produce(id, type, data);
    const { id: notificationId, ...course } = await courseOf(id);
    expect(course).toEqual({
      state: 'failed',
      failure_reason: 'OUTPUT_TOO_LARGE',
      attempt_count: 0,
      payload_bytes: null,
    });
    expect(receiver.requests.filter(({ webhookId }) => webhookId === notificationId)).toHaveLength(0);
    const kept = await stack.database.query('SELECT FROM notifications WHERE id = $1 AND event_bytes = $2', [
      notificationId,
      value,
    ]);
    expect(kept).toHaveLength(1);
  });

  it('of an event itself at the limit is sent byte for byte', async () => {
    const id = 'at-limit';
    const frame = Buffer.byteLength(`{"id":"${id}","source":"/s","type":"event","data":""}`);
    const value = await produce(id, 'event', JSON.stringify('z'.repeat(bodyBytesMax - frame)));
    expect(value).toHaveLength(bodyBytesMax);
    const { id: notificationId, state } = await courseOf(id);
    expect(state).toBe('sent');
    expect(receiver.requests.find(({ webhookId }) => webhookId === notificationId)?.body.equals(value)).toBe(true);
  });
});
