import type { TenantId } from './ids.js';
import type { JsonValue } from './json-value.js';

/** A fact from another system, decoded from one record (CloudEvents 1.0). */
export interface Event {
  readonly tenantId: TenantId;
  readonly source: string;
  readonly id: string;
  readonly type: string;
  readonly subject: string | null;
  /** The event's own time as given, milliseconds since the epoch, floored; null when it gave none. */
  readonly timeMs: number | null;
  readonly traceParent: string | null;
  /** The whole event: its attributes and `data`, as templates see it. */
  readonly content: JsonValue;
  /** The event in structured mode: the record's value byte for byte (but a byte order mark), or a binary record's envelope. */
  readonly envelope: Buffer;
}

/** Why a record was parked. */
export type ParkReason =
  | 'NOT_UTF8'
  | 'NOT_JSON'
  | 'NOT_AN_EVENT'
  | 'MISSING_ATTRIBUTE'
  | 'BAD_ATTRIBUTE'
  | 'DUPLICATE_HEADER'
  | 'MIXED_MODE'
  | 'DATA_NOT_JSON'
  | 'TOO_LARGE'
  | 'UNKNOWN_TENANT'
  | 'TENANT_NOT_ALLOWED'
  | 'TOO_OLD'
  | 'RENDER_FAULT';

/** How far an event's time may be ahead of its record before the record's time is believed instead, in milliseconds. */
export const futureTimeMsMax = 3_600_000;

/** The time an id begins with, or `TOO_OLD`. */
export type CanonicalTime = { readonly kind: 'time'; readonly ms: number } | { readonly kind: 'too-old' };

/**
 * The time a notification's id begins with: the event's own; the record's when the event gives none, or one older than
 * the oldest table partition, or one more than an hour ahead of the record.
 */
export function canonicalTime(event: { timeMs: number | null }, recordMs: number, oldestMs: number): CanonicalTime {
  const { timeMs } = event;
  if (timeMs !== null && timeMs >= oldestMs && timeMs <= recordMs + futureTimeMsMax)
    return { kind: 'time', ms: timeMs };
  return recordMs >= oldestMs ? { kind: 'time', ms: recordMs } : { kind: 'too-old' };
}
