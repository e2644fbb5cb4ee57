import { z } from 'zod';
import { shardsMax } from '#domain/endpoint-shards';
import type { EndpointId, NotificationId, ResendItemId, TemplateId, TenantId } from '#domain/ids';
import { endpointKey, isUuid } from '#domain/ids';
import { headerText, type KafkaRecord, type OutgoingRecord } from '#domain/kafka-record';
import type { RequestMethod } from '#domain/webhook-template';
import { inlineBodyBytesMax } from './topics.js';

/** Who asked for an attempt. */
export type AskedBy = 'renderer' | 'tier' | 'release' | 'sweep' | 'admin';

/** Which attempt a delivery asks for: the numbered next one, or one more for an item of a re-send job. */
export type DeliveryAsk =
  | { readonly kind: 'attempt'; readonly number: number }
  | { readonly kind: 'resend'; readonly item: ResendItemId };

/** The request's frozen part. */
export interface DeliveryContent {
  readonly method: RequestMethod;
  readonly contentType: string;
  readonly body: Buffer;
}

/** The record that asks for one attempt of a notification. It may exist twice; the claim lets one through. */
export interface Delivery {
  readonly notificationId: NotificationId;
  readonly ask: DeliveryAsk;
  readonly tenantId: TenantId;
  readonly endpointId: EndpointId;
  readonly templateId: TemplateId;
  /** Of its endpoint, from 0: which partition of `deliveries` it is written to (`domain/endpoint-shards`). */
  readonly shard: number;
  readonly askedBy: AskedBy;
  readonly traceParent: string | null;
  /** Null: too large for a record or not at hand; the dispatcher reads it from Postgres after its claim. */
  readonly content: DeliveryContent | null;
}

/** What a record of `deliveries` or of a tier turned out to be. */
export type DecodedDelivery =
  | { readonly kind: 'delivery'; readonly delivery: Delivery; readonly isMoved: boolean }
  /** The id can be read but not the rest: the notification is failed where operators see it. */
  | { readonly kind: 'broken'; readonly notificationId: NotificationId; readonly detail: string }
  | { readonly kind: 'undecodable'; readonly detail: string };

/** The version in header `v`; another one is undecodable. */
export const deliveryVersion = '2';

/** Header `delivery`: all but the body, which is the record's value as it will be sent, never escaped or copied. */
const deliverySchema = z.object({
  tenant: z.string(),
  endpoint: z.string(),
  template: z.string(),
  askedBy: z.enum(['renderer', 'tier', 'release', 'sweep', 'admin']),
  /** Both of them stand where the value is the body; an empty body is one. */
  method: z.enum(['POST', 'PUT', 'PATCH']).optional(),
  contentType: z.string().optional(),
});

/** The record of a delivery for one topic; in tiers `due` and `release` (milliseconds since the epoch) are added. */
export function encodeDelivery(
  delivery: Delivery,
  topic: string,
  times?: { readonly dueMs: number; readonly releaseMs: number },
): OutgoingRecord {
  const { ask, tenantId: tenant, endpointId: endpoint, templateId: template, askedBy } = delivery;
  const content = inlineContent(delivery);
  const [method, contentType] = [content?.method, content?.contentType];
  const headers: Record<string, string> = {
    v: deliveryVersion,
    'notification-id': delivery.notificationId,
    delivery: JSON.stringify({ tenant, endpoint, template, askedBy, method, contentType }),
  };
  if (ask.kind === 'attempt') headers['attempt'] = String(ask.number);
  else headers['resend-item'] = ask.item;
  if (delivery.shard > 0) headers['shard'] = String(delivery.shard);
  if (delivery.traceParent !== null) headers['traceparent'] = delivery.traceParent;
  if (times !== undefined) {
    headers['due'] = String(times.dueMs);
    headers['release'] = String(times.releaseMs);
  }
  // Tiers go by the key alone: whoever releases out of them goes by the header.
  const shift = times === undefined ? delivery.shard : 0;
  return { topic, key: endpointKey(tenant, endpoint), headers, value: content?.body ?? null, shift };
}

/**
 * The record of a delivery that was read where another number of shards had put it. It says that it was moved: whoever reads
 * it sends it from there, so that two that know different numbers never pass it to and fro.
 */
export function encodeMoved(delivery: Delivery, topic: string): OutgoingRecord {
  const record = encodeDelivery(delivery, topic);
  return { ...record, headers: { ...record.headers, moved: '1' } };
}

function inlineContent({ content }: Delivery): DeliveryContent | null {
  return content !== null && content.body.length <= inlineBodyBytesMax ? content : null;
}

/** Reads a record of `deliveries`; never throws. */
export function decodeDelivery(record: KafkaRecord): DecodedDelivery {
  const id = headerText(record, 'notification-id');
  if (id === undefined || !isUuid(id)) return { kind: 'undecodable', detail: 'header notification-id is not a UUID' };
  const notificationId = id as NotificationId;
  const broken = (detail: string): DecodedDelivery => ({ kind: 'broken', notificationId, detail });
  if (headerText(record, 'v') !== deliveryVersion) return broken('header v is not a version this dispatcher knows');
  const ask = decodeAsk(record);
  if (ask === null) return broken('neither header attempt nor header resend-item can be read');
  const about = decodeAbout(headerText(record, 'delivery'));
  if (about === null) return broken('the header delivery cannot be read');
  const { method, contentType } = about;
  const whole = method !== undefined && contentType !== undefined;
  return {
    kind: 'delivery',
    isMoved: record.headers['moved'] !== undefined,
    delivery: {
      notificationId,
      ask,
      tenantId: about.tenant as TenantId,
      endpointId: about.endpoint as EndpointId,
      templateId: about.template as TemplateId,
      shard: decodeShard(record),
      askedBy: about.askedBy,
      traceParent: headerText(record, 'traceparent') ?? null,
      content: whole ? { method, contentType, body: record.value ?? Buffer.alloc(0) } : null,
    },
  };
}

/** When a tier's record is due and when it leaves its tier, milliseconds since the epoch; null when it cannot be read. */
export function decodeTierTimes(record: KafkaRecord): { readonly dueMs: number; readonly releaseMs: number } | null {
  const dueMs = wholeNumber(headerText(record, 'due'));
  const releaseMs = wholeNumber(headerText(record, 'release'));
  return dueMs === null || releaseMs === null ? null : { dueMs, releaseMs };
}

/** The shard a record was written for; 0 where it says none. */
export function decodeShard(record: KafkaRecord): number {
  const shard = wholeNumber(headerText(record, 'shard')) ?? 0;
  return shard < shardsMax ? shard : 0;
}

function decodeAsk(record: KafkaRecord): DeliveryAsk | null {
  const item = headerText(record, 'resend-item');
  if (item !== undefined) return isUuid(item) ? { kind: 'resend', item: item as ResendItemId } : null;
  const number = wholeNumber(headerText(record, 'attempt'));
  return number !== null && number >= 1 ? { kind: 'attempt', number } : null;
}

function decodeAbout(text: string | undefined): z.infer<typeof deliverySchema> | null {
  if (text === undefined) return null;
  try {
    return deliverySchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null; // not JSON: said by the null
  }
}

function wholeNumber(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}
