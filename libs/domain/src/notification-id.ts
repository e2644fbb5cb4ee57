import { hash } from 'node:crypto';
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

/** The hexadecimal digits of the two bits `10` (RFC 9562, 4.1) and two others. */
const variants = '89ab';

/**
 * The deterministic id of a notification, a UUID of version 7 (RFC 9562, 5.7): bytes 0-5 are the canonical time, bytes
 * 6-15 the first ten of SHA-256 over tenant, source, event id and template id joined by 0x00, with version and variant
 * set. Reading an event again derives the same id, so it makes no second notification; ids sort by time.
 */
export function notificationId(identity: NotificationIdentity): NotificationId {
  const { tenantId, eventSource, eventId, templateId, timeMs } = identity;
  const digest = hash('sha256', [tenantId, eventSource, eventId, templateId].join('\0'), 'hex');
  const time = Math.floor(timeMs).toString(16).padStart(12, '0');
  const variant = variants[Number.parseInt(digest.charAt(4), 16) & 3];
  const parts = [time.slice(0, 8), time.slice(8), `7${digest.slice(1, 4)}`, `${variant}${digest.slice(5, 8)}`];
  return `${parts.join('-')}-${digest.slice(8, 20)}` as NotificationId;
}

/** The time an id begins with, milliseconds since the epoch. */
export function notificationTimeMs(id: NotificationId): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
