import type { Event, ParkReason } from '#domain/event';
import { isSlug, type TenantId } from '#domain/ids';
import type { JsonValue } from '#domain/json-value';
import { headerText, type KafkaRecord } from '#domain/kafka-record';
import { eventTimeMs } from './event-time.js';
import { isJsonObject, ownField, parseJsonText } from './json-text.js';
import { recordBytesMax } from './topics.js';

/** An event, or why its record is parked. */
export type DecodedEvent =
  | { readonly kind: 'event'; readonly event: Event }
  | { readonly kind: 'parked'; readonly reason: ParkReason; readonly detail: string };

type Parked = Extract<DecodedEvent, { kind: 'parked' }>;
type EventRecord = Pick<KafkaRecord, 'value' | 'headers'>;

/** An event without the extension `tenant` belongs to this one, if someone created it. */
export const defaultTenant = 'default' as TenantId;

const attributeCharsMax = 1_024;
/** Attributes are indexed, and an entry of a Postgres index takes at most 2,704 bytes. */
const attributeBytesMax = 2_048;
const typeCharsMax = 255;
/** CloudEvents 1.0, in the order of the specification; extensions follow. */
const specAttributes = ['specversion', 'id', 'source', 'type', 'datacontenttype', 'dataschema', 'subject', 'time'];
/** Data stands in the value; as attributes these would be the event's data a second time. */
const dataHeaders = ['ce_data', 'ce_data_base64'];
/** Keeps byte order marks: the one that may precede JSON is cut from the bytes, so that text and bytes are the same. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Decodes a record by the Kafka protocol binding of CloudEvents 1.0, structured or binary. Without a content type the
 * value is taken as structured. Never throws: what is no event says why.
 */
export function decodeEvent(record: EventRecord): DecodedEvent {
  const bytes = record.value?.length ?? 0;
  if (bytes > recordBytesMax) return parked('TOO_LARGE', `the value has ${bytes} bytes, at most ${recordBytesMax}`);
  const twice = repeatedHeader(record);
  if (twice !== undefined) return parked('DUPLICATE_HEADER', `the header ${twice} stands more than once`);
  const attributeHeaders = Object.keys(record.headers).filter((name) => name.startsWith('ce_'));
  const contentType = headerText(record, 'content-type') ?? headerText(record, 'Content-Type');
  const structured = contentType?.toLowerCase().startsWith('application/cloudevents') ?? attributeHeaders.length === 0;
  if (structured && attributeHeaders.length > 0)
    return parked('MIXED_MODE', `a structured content type together with the header ${attributeHeaders[0]}`);
  if (!structured) return decodeBinary(record, attributeHeaders, contentType);
  return decodeStructured(record, contentType);
}

function decodeStructured(record: EventRecord, contentType: string | undefined): DecodedEvent {
  if (contentType !== undefined && !/^application\/cloudevents\+json\s*(;|$)/i.test(contentType))
    return parked('NOT_AN_EVENT', `the content type ${contentType.slice(0, 100)} is not application/cloudevents+json`);
  const envelope = withoutMark(record.value);
  if (envelope === null) return parked('NOT_AN_EVENT', 'the record has no value');
  return decodeEnvelope(record, envelope);
}

/**
 * A binary record becomes an envelope: attributes in the order of the specification, its data verbatim. `datacontenttype`
 * is the content type (Kafka protocol binding 1.0.2, 3.2.1), so a `ce_` header of that name counts only without one.
 */
function decodeBinary(record: EventRecord, names: readonly string[], typeHeader: string | undefined): DecodedEvent {
  const contentType = typeHeader ?? headerText(record, 'ce_datacontenttype');
  if (contentType !== undefined && !/^application\/(?:[a-z0-9.-]+\+)?json\s*(;|$)/i.test(contentType))
    return parked('DATA_NOT_JSON', `the content type ${contentType.slice(0, 100)} is not JSON`);
  const misplaced = names.find((name) => dataHeaders.includes(name));
  if (misplaced !== undefined)
    return parked('BAD_ATTRIBUTE', `data belongs into the value, not the header ${misplaced}`);
  const attributes = new Map<string, string>();
  for (const name of names) {
    const text = decodeUtf8(record.headers[name] as Buffer);
    if (text === null) return parked('NOT_UTF8', `the header ${name} is not UTF-8`);
    attributes.set(name.slice('ce_'.length), text);
  }
  if (contentType !== undefined) attributes.set('datacontenttype', contentType);
  const data = withoutMark(record.value);
  if (data !== null) {
    const text = decodeUtf8(data);
    if (text === null) return parked('NOT_UTF8', 'the value is not UTF-8');
    const parsed = parseJsonText(text);
    if (parsed.kind === 'fault') return parked('DATA_NOT_JSON', `the data is ${parsed.detail}`);
  }
  const order = [...specAttributes, ...[...attributes.keys()].filter((name) => !specAttributes.includes(name))];
  const fields = order.flatMap((name) => {
    const text = attributes.get(name);
    return text === undefined ? [] : [`${JSON.stringify(name)}:${JSON.stringify(text)}`];
  });
  const head = `{${fields.join(',')}${data === null ? '' : ',"data":'}`;
  return decodeEnvelope(record, Buffer.concat([Buffer.from(head), data ?? Buffer.alloc(0), Buffer.from('}')]));
}

function decodeEnvelope(record: EventRecord, envelope: Buffer): DecodedEvent {
  const text = decodeUtf8(envelope);
  if (text === null) return parked('NOT_UTF8', 'the value is not UTF-8');
  const parsed = parseJsonText(text);
  if (parsed.kind === 'fault') return parked('NOT_JSON', `the value is ${parsed.detail}`);
  const content = parsed.value;
  if (!isJsonObject(content)) return parked('NOT_AN_EVENT', 'the value is JSON but not an object');
  return eventFrom(content, envelope, headerText(record, 'traceparent') ?? null);
}

function eventFrom(content: JsonValue, envelope: Buffer, headerTrace: string | null): DecodedEvent {
  const missing = ['id', 'source', 'type'].find((name) => attribute(content, name) === undefined);
  if (missing !== undefined) return parked('MISSING_ATTRIBUTE', `the attribute ${missing} is missing`);
  const fault = attributeFault(content);
  if (fault !== null) return fault;
  const text = (name: string) => attribute(content, name) as string | undefined;
  const time = text('time');
  const timeMs = time === undefined ? null : eventTimeMs(time);
  if (time !== undefined && timeMs === null)
    return parked('BAD_ATTRIBUTE', 'the attribute time is not an RFC 3339 timestamp with at most 9 fraction digits');
  const tenant = text('tenant') ?? defaultTenant;
  if (!isSlug(tenant))
    return parked('UNKNOWN_TENANT', `no tenant can have the id ${JSON.stringify(tenant.slice(0, 80))}`);
  return {
    kind: 'event',
    event: {
      tenantId: tenant as TenantId,
      source: text('source') as string,
      id: text('id') as string,
      type: text('type') as string,
      subject: text('subject') ?? null,
      timeMs,
      traceParent: headerTrace ?? text('traceparent') ?? null,
      content,
      envelope,
    },
  };
}

/** An attribute that is null counts as absent (CloudEvents 1.0.2, JSON format, 2.2). */
function attribute(content: JsonValue, name: string): JsonValue | undefined {
  return ownField(content, name) ?? undefined;
}

/** What is wrong with the attributes that Hookline reads; null when nothing is. */
function attributeFault(content: JsonValue): Parked | null {
  for (const name of ['specversion', 'id', 'source', 'type', 'subject', 'time', 'tenant', 'traceparent']) {
    const value = attribute(content, name);
    if (value === undefined) continue;
    if (typeof value !== 'string') return parked('BAD_ATTRIBUTE', `the attribute ${name} is not a string`);
    if (value === '') return parked('BAD_ATTRIBUTE', `the attribute ${name} is empty`);
    const charsMax = name === 'type' ? typeCharsMax : attributeCharsMax;
    if (value.length > charsMax)
      return parked('BAD_ATTRIBUTE', `the attribute ${name} has ${value.length} characters, at most ${charsMax}`);
    if (Buffer.byteLength(value) > attributeBytesMax)
      return parked('BAD_ATTRIBUTE', `the attribute ${name} has over ${attributeBytesMax} bytes`);
    if (/\0|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(value))
      return parked('BAD_ATTRIBUTE', `the attribute ${name} holds NUL or half a surrogate pair`);
  }
  const version = attribute(content, 'specversion');
  if (version !== undefined && !(version as string).startsWith('1.'))
    return parked('BAD_ATTRIBUTE', 'the attribute specversion is not 1.x');
  if (attribute(content, 'data_base64') !== undefined)
    return parked('DATA_NOT_JSON', 'the data is base64; Hookline reads JSON data only');
  return null;
}

/** A value without the byte order mark that decoders of JSON may pass over (RFC 8259, 8.1), so receivers get none; null when empty. */
function withoutMark(value: Buffer | null): Buffer | null {
  const isMarked = value?.subarray(0, byteOrderMark.length).equals(byteOrderMark) === true;
  const rest = isMarked ? value.subarray(byteOrderMark.length) : value;
  return rest === null || rest.length === 0 ? null : rest;
}

function repeatedHeader(record: EventRecord): string | undefined {
  return Object.keys(record.headers).find((name) => !Buffer.isBuffer(record.headers[name]));
}

function decodeUtf8(bytes: Buffer): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null; // not UTF-8: said by the null
  }
}

function parked(reason: ParkReason, detail: string): Parked {
  return { kind: 'parked', reason, detail };
}
