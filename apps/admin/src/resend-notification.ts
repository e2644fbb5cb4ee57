/**
 * A wish for one more attempt -> resend item -> `deliveries`.
 *
 * Item, job and log line are one transaction; the record is produced after it. Killed between the two, or Kafka away: the
 * sweep asks for every item that is still requested, so the answer is OK as soon as the row is there. The same request
 * id again answers the same item, also when both come at once: the table lets one in. Two records of one item make one
 * attempt: the claim lets one through.
 */
import type { NotificationView } from '#audit/notification-reads';
import type { PayloadRow } from '#audit/payloads';
import type { ResendItem, ResendRequest } from '#audit/resend-items';
import { encodeDelivery } from '#contracts/delivery-record';
import type { Clock } from '#domain/clock';
import { shardOf } from '#domain/endpoint-shards';
import type { NotificationId, TenantId } from '#domain/ids';
import type { RecordProducer } from '#domain/kafka-record';
import type { EndpointRow } from '#registry/registry-rows';
import { ResourceFault } from '#registry/resource-fault';
import type { Log } from '#telemetry/log';
import type { Caller } from './call-gate.js';

/** What re-sending touches. */
export interface ResendNotificationDeps {
  readonly findNotification: (tenantId: TenantId, id: NotificationId) => Promise<NotificationView | null>;
  readonly findResend: (tenantId: TenantId, requestId: string) => Promise<ResendItem | null>;
  readonly loadPayload: (id: NotificationId) => Promise<PayloadRow | null>;
  /** Null: deleted. */
  readonly findEndpoint: (notification: NotificationView) => Promise<EndpointRow | null>;
  readonly mayTenantSend: (tenantId: TenantId) => Promise<boolean>;
  readonly requestResend: (request: ResendRequest) => Promise<ResendItem>;
  readonly producer: RecordProducer;
  readonly deliveriesTopic: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** What an operator asks for. */
export interface ResendWish {
  readonly tenantId: TenantId;
  readonly id: NotificationId;
  readonly requestId: string;
  /** May be empty. */
  readonly reason: string;
}

/** The item of the wish. */
export interface ResendAnswer {
  readonly item: ResendItem;
  readonly notification: NotificationView;
}

const requestIdCharsMax = 128;
const reasonCharsMax = 500;
/** The answer waits no longer for Kafka; the sweep sees to the rest. */
const produceMsMax = 5_000;

/** Throws ResourceFault invalid, not-found, already-exists or precondition, or a Failure. */
export async function resendNotification(
  wish: ResendWish,
  caller: Caller,
  deps: ResendNotificationDeps,
): Promise<ResendAnswer> {
  checkWish(wish);
  const notification = await requireNotification(wish, deps);
  const before = await deps.findResend(wish.tenantId, wish.requestId);
  if (before !== null) return { item: sameItem(before, wish), notification };
  const payload = await requirePayload(notification, deps);
  const { shards } = await requireWayOut(notification, deps);

  const { tenantId, id: notificationId, requestId, reason } = wish;
  const request = { tenantId, notificationId, requestId, principal: caller.principal, reason: reason || null };
  const item = sameItem(await deps.requestResend(request), wish);
  if (item.isNew) await produceSoon({ ...notification, shards }, item, payload, deps);
  return { item, notification };
}

function checkWish({ requestId, reason }: ResendWish): void {
  const isPrintable = (text: string) => /^[^\p{Cc}\p{Cs}]*$/u.test(text);
  const fields = [
    ...(requestId !== '' && requestId.length <= requestIdCharsMax && isPrintable(requestId)
      ? []
      : [{ field: 'requestId', said: `must be 1 to ${requestIdCharsMax} printable characters` }]),
    ...(reason.length <= reasonCharsMax && isPrintable(reason)
      ? []
      : [{ field: 'reason', said: `must be at most ${reasonCharsMax} printable characters` }]),
  ];
  if (fields.length > 0) throw ResourceFault.invalid(fields);
}

async function requireNotification(
  { tenantId, id }: ResendWish,
  deps: ResendNotificationDeps,
): Promise<NotificationView> {
  const notification = await deps.findNotification(tenantId, id);
  if (notification !== null) return notification;
  throw new ResourceFault('not-found', `there is no notification ${id} in tenant ${tenantId}`);
}

function sameItem(item: ResendItem, { id, requestId }: ResendWish): ResendItem {
  if (item.notificationId === id) return item;
  const said = `${requestId} was used for notification ${item.notificationId}`;
  throw new ResourceFault('already-exists', said, {
    fields: [{ field: 'requestId', said }],
    reason: 'REQUEST_ID_USED',
  });
}

async function requirePayload(notification: NotificationView, deps: ResendNotificationDeps): Promise<PayloadRow> {
  const { id, payload_sha256: sha256, failure_reason: reason } = notification;
  if (sha256 === null) throw unsendable(reason ?? 'TEMPLATE_ERROR', 'nothing was rendered for it');
  const payload = await deps.loadPayload(id);
  if (payload === null) throw unsendable('PAYLOAD_ERASED', 'its payload is not kept any more');
  return payload;
}

async function requireWayOut(notification: NotificationView, deps: ResendNotificationDeps): Promise<EndpointRow> {
  const { tenant_id: tenantId, endpoint_id: endpointId } = notification;
  if (!(await deps.mayTenantSend(tenantId)))
    throw unsendable('WEBHOOKS_DISABLED', `the webhooks of tenant ${tenantId} are switched off`);
  const endpoint = await deps.findEndpoint(notification);
  if (endpoint === null) throw unsendable('ENDPOINT_DELETED', `its endpoint ${endpointId} is deleted`);
  if (!endpoint.enabled)
    throw unsendable('ENDPOINT_DISABLED', `its endpoint ${endpointId} is switched off (${endpoint.disabledReason})`);
  return endpoint;
}

function unsendable(reason: string, said: string): ResourceFault {
  return new ResourceFault('precondition', `it cannot be sent again: ${said}`, { reason });
}

async function produceSoon(
  notification: NotificationView & { readonly shards: number },
  item: ResendItem,
  content: PayloadRow,
  deps: ResendNotificationDeps,
): Promise<void> {
  const { id: notificationId, tenant_id: tenantId, endpoint_id: endpointId, template_id: templateId } = notification;
  const traceParent = notification.trace_parent;
  const ask = { kind: 'resend', item: item.id } as const;
  const delivery = {
    notificationId,
    ask,
    tenantId,
    endpointId,
    templateId,
    shard: shardOf(notificationId, notification.shards),
    askedBy: 'admin',
    traceParent,
    content,
  } as const;
  const produced = deps.producer.send(encodeDelivery(delivery, deps.deliveriesTopic)).then(
    () => null,
    (error: unknown) => String(error),
  );
  const waited = deps.clock.wait(produceMsMax).then(() => `not written within ${produceMsMax} ms`);
  const cause = await Promise.race([produced, waited]);
  const labels = { notificationId, resendItem: item.id, tenantId };
  if (cause === null) deps.log.info('resend.asked', labels);
  else deps.log.warn('resend.leftToSweep', { ...labels, cause });
}
