import { type DecodedEvent, decodeEvent } from '#contracts/event-record';
import { isJsonObject, ownField, parseJsonText } from '#contracts/json-text';
import { utf8Text } from './api-values.js';
import { CliFault } from './cli-fault.js';
import type { EventEntry } from './event-file.js';
import { memberSpans } from './json-spans.js';

/** A record as it is produced: CloudEvents 1.0, Kafka protocol binding. */
export interface EventRecord {
  readonly where: string;
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** What the renderer makes of the record. */
export function decodeRecord({ value, headers }: EventRecord): DecodedEvent {
  const bytes = Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)] as const);
  return decodeEvent({ value, headers: Object.fromEntries(bytes) });
}

/** Whether an event says whose it is; without, it is the default tenant's. */
export function namesTenant({ value, headers }: EventRecord): boolean {
  const parsed = parseJsonText((utf8Text(value) ?? '').replace(/^\ufeff/, ''));
  const inValue = parsed.kind === 'value' ? (ownField(parsed.value, 'tenant') ?? null) : null;
  return headers['ce_tenant'] !== undefined || (headers['content-type'] === structuredType && inValue !== null);
}

const structuredType = 'application/cloudevents+json';

/** The entry in structured mode: its bytes are the value. */
export function structuredRecord({ where, bytes }: EventEntry): EventRecord {
  return { where, value: bytes, headers: { 'content-type': structuredType } };
}

/**
 * The entry in binary mode: attributes as `ce_` headers, `datacontenttype` as the content type, and the data with its
 * source text, for a number that goes through a double may come out as another. Throws a CliFault when an attribute
 * cannot be a header.
 */
export function binaryRecord({ where, bytes }: EventEntry): EventRecord {
  const text = (utf8Text(bytes) ?? '').replace(/^\ufeff/, '');
  const headers = new Map<string, string>();
  let value = Buffer.alloc(0);
  for (const { name, start, end } of memberSpans(text)) {
    const source = text.slice(start, end);
    if (name === 'data') value = Buffer.from(source);
    else if (name === 'data_base64') value = Buffer.from(headerValue(source, { name, where }) ?? '', 'base64');
    else setAttribute(headers, { name, value: headerValue(source, { name, where }) });
  }
  if (!headers.has('content-type') && value.length > 0) headers.set('content-type', 'application/json');
  return { where, value, headers: Object.fromEntries(headers) };
}

function setAttribute(headers: Map<string, string>, attribute: { name: string; value: string | null }): void {
  const header = attribute.name === 'datacontenttype' ? 'content-type' : `ce_${attribute.name}`;
  if (attribute.value === null) headers.delete(header);
  else headers.set(header, attribute.value);
}

/** An attribute as text (CloudEvents 1.0, type system); null when it is JSON's null, which means absent. */
function headerValue(source: string, { name, where }: { name: string; where: string }): string | null {
  const parsed = parseJsonText(source);
  if (parsed.kind === 'value' && parsed.value === null) return null;
  if (parsed.kind === 'value' && typeof parsed.value === 'string') return parsed.value;
  if (parsed.kind === 'fault' || Array.isArray(parsed.value) || isJsonObject(parsed.value))
    throw new CliFault(
      'failed',
      `${where}: the attribute ${name} is no text and cannot be a header: leave out --binary`,
    );
  return source;
}
