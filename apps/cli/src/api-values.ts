import type { Timestamp__Output } from '#contracts/generated/google/protobuf/Timestamp';

/** An enum value without the prefix of its type, in upper case; empty for the unspecified one. */
export function reasonText(value: string, prefix: string): string {
  const text = value.startsWith(`${prefix}_`) ? value.slice(prefix.length + 1) : value;
  return text === 'UNSPECIFIED' ? '' : text;
}

/** The same in lower case, as states and outcomes are written. */
export function stateText(value: string, prefix: string): string {
  return reasonText(value, prefix).toLowerCase();
}

/** ISO 8601 in UTC with three fraction digits, more only when the time has them; empty when there is none. */
export function timeText(time: Timestamp__Output | null): string {
  if (time === null) return '';
  const ms = Number(time.seconds) * 1_000 + Math.floor(time.nanos / 1_000_000);
  if (Math.abs(ms) > 8.64e15) return '';
  const iso = new Date(ms).toISOString();
  const finer = String(time.nanos % 1_000_000)
    .padStart(6, '0')
    .replace(/0+$/, '');
  return finer === '' ? iso : `${iso.slice(0, -1)}${finer}Z`;
}

/** An int64 as a number where a double holds it exactly, else as its text. */
export function int64Value(text: string): number | string {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : text;
}

/** JSON has no absent scalar: what the API leaves empty is null. */
export function orNull<T extends string | number>(value: T): T | null {
  return value === '' || value === 0 ? null : value;
}

/** The last segment of a resource name: a slug or a uuid. */
export function idOf(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

/** The tenant of tenants/{tenant}/...; empty when the name has none. */
export function tenantOf(name: string): string {
  return /^tenants\/([^/]+)/.exec(name)?.[1] ?? '';
}

/** `{ body: text }` where the bytes are UTF-8, else `{ bodyBase64 }`. */
export function bytesValue(field: string, bytes: Uint8Array): Readonly<Record<string, string>> {
  const text = utf8Text(bytes);
  return text === null ? { [`${field}Base64`]: Buffer.from(bytes).toString('base64') } : { [field]: text };
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of bytes that are UTF-8; else null. */
export function utf8Text(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null; // not UTF-8: said by the null
  }
}
