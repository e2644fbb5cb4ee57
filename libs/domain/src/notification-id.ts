import { createHash } from 'node:crypto';
import type { NotificationId, TemplateId, TenantId } from './ids.js';

/** What a notification's id is derived from. */
export interface NotificationIdentity {
  readonly tenantId: TenantId;
  readonly eventSource: string;
  readonly eventId: string;
  readonly templateId: TemplateId;
  /** The event's canonical time, milliseconds since the epoch, floored. */
  readonly timeMs: number;
}

/**
 * The deterministic id of a notification, a UUID of version 7 (RFC 9562, 5.7): bytes 0-5 are the canonical time, bytes
 * 6-15 the first ten of SHA-256 over tenant, source, event id and template id joined by 0x00, with version and variant
 * set. Reading an event again derives the same id, so it makes no second notification; ids sort by time.
 */
export function notificationId(identity: NotificationIdentity): NotificationId {
  const { tenantId, eventSource, eventId, templateId, timeMs } = identity;
  const hash = createHash('sha256').update([tenantId, eventSource, eventId, templateId].join('\0'), 'utf8').digest();
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(Math.floor(timeMs), 0, 6);
  hash.copy(bytes, 6, 0, 10);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)];
  return parts.join('-') as NotificationId;
}

/** The time an id begins with, milliseconds since the epoch. */
export function notificationTimeMs(id: NotificationId): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
