import { describe, expect, it } from 'vitest';
import type { EndpointId, NotificationId, ResendItemId, TemplateId, TenantId } from '#domain/ids';
import type { KafkaRecord, OutgoingRecord } from '#domain/kafka-record';
import { type Delivery, decodeDelivery, decodeTierTimes, encodeDelivery, encodeMoved } from './delivery-record.js';
import { inlineBodyBytesMax } from './topics.js';

const id = '019a0000-0000-7000-8000-000000000001';

function aDelivery(fields: Partial<Delivery> = {}): Delivery {
  return {
    notificationId: id as NotificationId,
    ask: { kind: 'attempt', number: 3 },
    tenantId: 'acme' as TenantId,
    endpointId: 'orders' as EndpointId,
    templateId: 'created' as TemplateId,
    shard: 0,
    askedBy: 'renderer',
    traceParent: null,
    content: { method: 'POST', contentType: 'application/json', body: Buffer.from('{"a":"Zoë 王"}') },
    ...fields,
  };
}

function stored({ topic, key, value, headers }: OutgoingRecord): KafkaRecord {
  const buffers = Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)]);
  return {
    ...{ topic, partition: 0, offset: 0n, timestampMs: 0, value },
    key: key === null ? null : Buffer.from(key),
    headers: Object.fromEntries(buffers),
  };
}

describe('a delivery record', () => {
  it('reads back as it was written, with the times of a tier', () => {
    const record = stored(encodeDelivery(aDelivery(), 'retry.5s', { dueMs: 9, releaseMs: 8 }));
    expect(decodeDelivery(record)).toEqual({ kind: 'delivery', delivery: aDelivery(), isMoved: false });
    expect(decodeTierTimes(record)).toEqual({ dueMs: 9, releaseMs: 8 });
    const resend = aDelivery({ ask: { kind: 'resend', item: id as ResendItemId }, content: null });
    expect(decodeDelivery(stored(encodeDelivery(resend, 'deliveries')))).toEqual({
      kind: 'delivery',
      delivery: resend,
      isMoved: false,
    });
  });

  it('goes to the partition of its shard, and through the tiers with it', () => {
    const sharded = aDelivery({ shard: 3 });
    expect(encodeDelivery(sharded, 'deliveries')).toMatchObject({ key: 'acme/orders', shift: 3 });
    const inTier = encodeDelivery(sharded, 'retry.5s', { dueMs: 9, releaseMs: 8 });
    expect(inTier).toMatchObject({ key: 'acme/orders', shift: 0 });
    expect(decodeDelivery(stored(inTier))).toEqual({ kind: 'delivery', delivery: sharded, isMoved: false });
    const absurd = { ...stored(inTier), headers: { ...stored(inTier).headers, shard: Buffer.from('64') } };
    expect(decodeDelivery(absurd)).toMatchObject({ delivery: { shard: 0 } });
  });

  it('says that it was moved, and no longer so in a tier', () => {
    const sharded = aDelivery({ shard: 3 });
    const moved = encodeMoved(sharded, 'deliveries');
    expect(moved).toMatchObject({ key: 'acme/orders', shift: 3 });
    const read = decodeDelivery(stored(moved));
    expect(read).toEqual({ kind: 'delivery', delivery: sharded, isMoved: true });
    const next =
      read.kind === 'delivery' ? encodeDelivery(read.delivery, 'retry.5s', { dueMs: 9, releaseMs: 8 }) : moved;
    expect(decodeDelivery(stored(next))).toMatchObject({ isMoved: false });
  });

  it('leaves a body that is too large to Postgres', () => {
    const body = Buffer.alloc(inlineBodyBytesMax + 1, 32);
    const large = aDelivery({ content: { method: 'POST', contentType: 'text/plain', body } });
    expect(decodeDelivery(stored(encodeDelivery(large, 'deliveries')))).toMatchObject({ delivery: { content: null } });
  });

  it.each([
    ['none', Buffer.alloc(0)],
    ['256 KiB of control characters', Buffer.alloc(inlineBodyBytesMax, 1)],
    ['what is no text', Buffer.from([0xff, 0x00, 0xfe])],
  ])('carries a body byte for byte as its value: %s', (_, body) => {
    const record = encodeDelivery(aDelivery({ content: { method: 'PUT', contentType: 'text/plain', body } }), 'x');
    expect(record.value?.equals(body)).toBe(true);
    const decoded = decodeDelivery(stored(record));
    expect(decoded.kind === 'delivery' && decoded.delivery.content?.body.equals(body)).toBe(true);
  });

  it('says which notification is meant even when the rest cannot be read', () => {
    const record = stored(encodeDelivery(aDelivery(), 'deliveries'));
    expect(decodeDelivery({ ...record, headers: { ...record.headers, delivery: Buffer.from('x') } })).toMatchObject({
      kind: 'broken',
      notificationId: id,
    });
    const { v: _v, ...unversioned } = record.headers;
    expect(decodeDelivery({ ...record, headers: unversioned })).toMatchObject({ kind: 'broken' });
    expect(decodeDelivery({ ...record, headers: {} })).toMatchObject({ kind: 'undecodable' });
  });
});
