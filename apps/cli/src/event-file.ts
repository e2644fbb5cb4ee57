import { isJsonObject, parseJsonText } from '#contracts/json-text';
import { utf8Text } from './api-values.js';
import { elementSpans } from './json-spans.js';

/** One event of a file, as its bytes stand there. */
export interface EventEntry {
  /** For people: `orders.ndjson:3`. */
  readonly where: string;
  readonly bytes: Buffer;
  /** Why these bytes are no JSON object; null when they are one. */
  readonly fault: string | null;
}

/**
 * The events of a file: one JSON object (then its bytes are the whole file, untouched), a JSON array of objects, or
 * NDJSON, one object a line. What is none of these is one entry with a fault; in NDJSON a wrong line is one.
 */
export function eventEntries(bytes: Buffer, name: string): readonly EventEntry[] {
  const text = utf8Text(bytes);
  if (text === null) return [{ where: name, bytes, fault: 'it is not UTF-8' }];
  const content = withoutMark(text);
  const parsed = parseJsonText(content);
  if (parsed.kind === 'value' && Array.isArray(parsed.value)) return elementEntries(content, name);
  if (parsed.kind === 'value') return [{ where: name, bytes, fault: objectFault(content) }];
  const lines = content.split('\n').map((line, n) => ({ line: line.replace(/\r$/, ''), number: n + 1 }));
  const filled = lines.filter(({ line }) => line.trim() !== '');
  const isNdjson = filled.length > 1 && objectFault(filled[0]?.line ?? '') === null;
  if (!isNdjson) return [{ where: name, bytes, fault: `it is not JSON: ${parsed.detail}` }];
  return filled.map(({ line, number }) => ({
    where: `${name}:${number}`,
    bytes: Buffer.from(line),
    fault: objectFault(line),
  }));
}

function elementEntries(text: string, name: string): readonly EventEntry[] {
  return elementSpans(text).map(({ start, end }, n) => {
    const element = text.slice(start, end);
    return { where: `${name}[${n}]`, bytes: Buffer.from(element), fault: objectFault(element) };
  });
}

function objectFault(text: string): string | null {
  const parsed = parseJsonText(text);
  if (parsed.kind === 'fault') return `it is not JSON: ${parsed.detail}`;
  return isJsonObject(parsed.value) ? null : 'it is JSON, but not an object';
}

/** A byte order mark is allowed before JSON by decoders that pass it over (RFC 8259, 8.1), ours too. */
function withoutMark(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}
