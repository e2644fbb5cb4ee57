import { z } from 'zod';
import type { EndpointId, NotificationId, ResendItemId, TemplateId, TenantId } from '#domain/ids';
import { endpointKey, isUuid } from '#domain/ids';
import { headerText, type KafkaRecord, type OutgoingRecord } from '#domain/kafka-record';
import type { RequestMethod } from '#domain/webhook-template';
import { inlineBodyBytesMax, inlineValueBytesMax } from './topics.js';

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
  readonly askedBy: AskedBy;
  readonly traceParent: string | null;
  /** Null: too large for a record or not at hand; the dispatcher reads it from Postgres after its claim. */
  readonly content: DeliveryContent | null;
}

/** What a record of `deliveries` or of a tier turned out to be. */
export type DecodedDelivery =
  | { readonly kind: 'delivery'; readonly delivery: Delivery }
  /** The id can be read but not the rest: the notification is failed where operators see it. */
  | { readonly kind: 'broken'; readonly notificationId: NotificationId; readonly detail: string }
  | { readonly kind: 'undecodable'; readonly detail: string };

/** The version in header `v`; another one is undecodable. */
export const deliveryVersion = '1';

const valueSchema = z.object({
  tenant: z.string(),
  endpoint: z.string(),
  template: z.string(),
  askedBy: z.enum(['renderer', 'tier', 'release', 'sweep', 'admin']),
  method: z.enum(['POST', 'PUT', 'PATCH']).optional(),
  contentType: z.string().optional(),
  body: z.string().optional(),
});

/** The record of a delivery for one topic; in tiers `due` and `release` (milliseconds since the epoch) are added. */
export function encodeDelivery(
  delivery: Delivery,
  topic: string,
  times?: { readonly dueMs: number; readonly releaseMs: number },
): OutgoingRecord {
  const { ask } = delivery;
  return {
    topic,
    key: endpointKey(delivery.tenantId, delivery.endpointId),
    headers: {
      v: deliveryVersion,
      'notification-id': delivery.notificationId,
      ...(ask.kind === 'attempt' ? { attempt: String(ask.number) } : { 'resend-item': ask.item }),
      ...(delivery.traceParent === null ? {} : { traceparent: delivery.traceParent }),
      ...(times === undefined ? {} : { due: String(times.dueMs), release: String(times.releaseMs) }),
    },
    value: encodeValue(delivery),
  };
}

/** With the body inside, unless it is too large for that as it is or as a JSON string. */
function encodeValue(delivery: Delivery): Buffer {
  const { tenantId: tenant, endpointId: endpoint, templateId: template, askedBy, content } = delivery;
  const outer = { tenant, endpoint, template, askedBy };
  const without = () => Buffer.from(JSON.stringify(outer));
  if (content === null || content.body.length > inlineBodyBytesMax) return without();
  const { method, contentType, body } = content;
  const whole = Buffer.from(JSON.stringify({ ...outer, method, contentType, body: body.toString('utf8') }));
  return whole.length > inlineValueBytesMax ? without() : whole;
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
  const value = decodeValue(record.value);
  if (value === null) return broken('the value is not a delivery');
  const { method, contentType, body } = value;
  const whole = method !== undefined && contentType !== undefined && body !== undefined;
  return {
    kind: 'delivery',
    delivery: {
      notificationId,
      ask,
      tenantId: value.tenant as TenantId,
      endpointId: value.endpoint as EndpointId,
      templateId: value.template as TemplateId,
      askedBy: value.askedBy,
      traceParent: headerText(record, 'traceparent') ?? null,
      content: whole ? { method, contentType, body: Buffer.from(body, 'utf8') } : null,
    },
  };
}

/** When a tier's record is due and when it leaves its tier, milliseconds since the epoch; null when it cannot be read. */
export function decodeTierTimes(record: KafkaRecord): { readonly dueMs: number; readonly releaseMs: number } | null {
  const dueMs = wholeNumber(headerText(record, 'due'));
  const releaseMs = wholeNumber(headerText(record, 'release'));
  return dueMs === null || releaseMs === null ? null : { dueMs, releaseMs };
}

function decodeAsk(record: KafkaRecord): DeliveryAsk | null {
  const item = headerText(record, 'resend-item');
  if (item !== undefined) return isUuid(item) ? { kind: 'resend', item: item as ResendItemId } : null;
  const number = wholeNumber(headerText(record, 'attempt'));
  return number !== null && number >= 1 ? { kind: 'attempt', number } : null;
}

function decodeValue(value: Buffer | null): z.infer<typeof valueSchema> | null {
  if (value === null) return null;
  try {
    return valueSchema.safeParse(JSON.parse(value.toString('utf8'))).data ?? null;
  } catch {
    return null; // not JSON: said by the null
  }
}

function wholeNumber(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}
