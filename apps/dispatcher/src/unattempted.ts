/** What becomes of a delivery of which no attempt is made now: it waits in a tier, is held, or fails. */
import type { HoldRequest } from '#audit/holds';
import { type Delivery, encodeDelivery, encodeMoved } from '#contracts/delivery-record';
import type { FailureReason } from '#domain/attempt';
import { endpointKey, type NotificationId } from '#domain/ids';
import { placeInTier } from '#domain/retry-tier';
import { count } from '#telemetry/instruments';
import type { DispatchNotificationDeps } from './dispatch-notification.js';
import type { LaneFull } from './endpoint-lanes.js';

/** Should nobody let a row go on, the sweep asks for it after this: long, because whatever is due is looked at again and again. */
const aloneMs = 86_400_000;
/** A delivery held in a full lane looks again after this, plus up to as much again by chance. */
const holdMs = 1_000;

/** To the tier from which it comes back in time. */
export async function sendToTier(delivery: Delivery, dueMs: number, deps: DispatchNotificationDeps): Promise<null> {
  const { tier, releaseMs } = placeInTier(deps.tiers, dueMs, deps.clock.nowMs());
  await deps.producer.send(encodeDelivery(delivery, tier.topic, { dueMs, releaseMs }));
  return null;
}

/**
 * To the partition of its shard, whose owner alone knows what the endpoint takes. Killed between record and offset: it is moved
 * twice, and the claim lets one through.
 */
export async function moveToItsShard(delivery: Delivery, topic: string, deps: DispatchNotificationDeps): Promise<void> {
  await deps.producer.send(encodeMoved(delivery, topic));
  const { notificationId, tenantId, endpointId, shard } = delivery;
  deps.log.info('delivery.moved', { notificationId, endpoint: endpointKey(tenantId, endpointId), shard });
}

/**
 * It waits through no fault of its own, keeps its step and its number, and is a row alone: no record brings it back.
 * Answers when it is due again, null when another record of it won.
 */
async function hold(
  { notificationId, ask, tenantId, endpointId }: Delivery,
  { reason, delayMs }: Pick<HoldRequest, 'reason' | 'delayMs'>,
  deps: DispatchNotificationDeps,
): Promise<number | null> {
  if (ask.kind === 'resend') return null; // the item stays requested and is asked again
  const dueMs = await deps.holds.hold({ notificationId, number: ask.number, reason, delayMs });
  count('hookline_held_total', { reason });
  const held = { notificationId, endpoint: endpointKey(tenantId, endpointId), reason, delayMs, won: dueMs !== null };
  deps.log.info('notification.held', held);
  return dueMs;
}

/** Until its endpoint is no longer spared: it waits as a row alone, and `release-held` lets it go on. */
export async function holdAlone(
  delivery: Delivery,
  reason: 'CIRCUIT_OPEN' | 'ENDPOINT_PAUSED',
  deps: DispatchNotificationDeps,
): Promise<void> {
  await hold(delivery, { reason, delayMs: aloneMs }, deps);
}

/** A full lane is soon empty: some of what is held circulates through the shortest tier, the rest waits as rows. */
export async function holdInFullLane(
  delivery: Delivery,
  reason: LaneFull,
  deps: DispatchNotificationDeps,
): Promise<void> {
  const delayMs = Math.round(holdMs * (1 + deps.clock.chance()));
  const dueMs = await hold(delivery, { reason, delayMs }, deps);
  const key = endpointKey(delivery.tenantId, delivery.endpointId, delivery.shard);
  if (dueMs !== null && deps.lanes.mayCirculate(key, delayMs))
    await sendToTier({ ...delivery, askedBy: 'release' }, dueMs, deps);
}

/** Fails the notification, or the item that asked to send it again. */
export async function refuse(delivery: Delivery, reason: FailureReason, deps: DispatchNotificationDeps): Promise<void> {
  if (delivery.ask.kind === 'resend') return deps.refuseItem(delivery);
  return fail(delivery.notificationId, reason, 'no attempt was made', deps);
}

export async function fail(
  id: NotificationId,
  reason: FailureReason,
  detail: string,
  deps: DispatchNotificationDeps,
): Promise<void> {
  const failed = await deps.holds.refuse({ notificationId: id, reason, detail });
  deps.log.info('notification.failed', { notificationId: id, reason, detail, won: failed });
}
