import { hash } from 'node:crypto';
import type { Claim } from '#audit/claims';
import type { Delivery, DeliveryContent } from '#contracts/delivery-record';
import type { NotificationId } from '#domain/ids';

/**
 * The frozen request of a claimed notification: the record's bytes when their SHA-256 is the claim's, else those in
 * Postgres. Null when neither are: other bytes than the frozen ones are never sent.
 */
export async function frozenContent(
  { notificationId, content }: Delivery,
  { payloadSha256 }: Claim,
  load: (id: NotificationId) => Promise<DeliveryContent | null>,
): Promise<DeliveryContent | null> {
  if (payloadSha256 === null) return null;
  const isFrozen = (body: Buffer) => hash('sha256', body, 'buffer').equals(payloadSha256);
  if (content !== null && isFrozen(content.body)) return content;
  const stored = await load(notificationId);
  return stored !== null && isFrozen(stored.body) ? stored : null;
}
