import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { Failure } from '#domain/failure';
import type { NotificationId, ResendItemId, TenantId } from '#domain/ids';
import { storeFailure } from '#postgres/store-failure';
import { rowsOf } from '#postgres/transaction';

/** An operator's wish for one more attempt of one notification. */
export interface ResendRequest {
  readonly tenantId: TenantId;
  readonly notificationId: NotificationId;
  /** Unique in the tenant: the same one again answers the same item. */
  readonly requestId: string;
  /** Who asks, and why. */
  readonly principal: string;
  readonly reason: string | null;
}

/** The item of a request, new or from before. */
export interface ResendItem {
  readonly id: ResendItemId;
  readonly notificationId: NotificationId;
  /** False: this request id was used before. */
  readonly isNew: boolean;
}

/**
 * A job of one item, and its line in the operator log, in one transaction. The delivery is produced after it; if the
 * process dies in between, the sweep asks for the item. Throws a Failure.
 */
export async function requestResend(dataSource: DataSource, request: ResendRequest): Promise<ResendItem> {
  // The statement does not see what another transaction commits while it runs; the repeated one does.
  const item = (await insertItem(dataSource, request)) ?? (await insertItem(dataSource, request));
  if (item !== null) return item;
  const message = `the request ${request.requestId} was stored, or what it asks for removed, in this instant`;
  throw new Failure('STORE_UNAVAILABLE', message, { retryable: true });
}

/** The item of a request id that was used before; null: it was not. Throws a Failure. */
export async function findResend(
  dataSource: DataSource,
  tenantId: TenantId,
  requestId: string,
): Promise<ResendItem | null> {
  const [row] = await rowsOf<ItemRow>(
    dataSource,
    `SELECT i.id, i.notification_id, false AS is_new FROM resend_job_items i JOIN resend_jobs j ON j.id = i.job_id
      WHERE j.tenant_id = $1 AND j.request_id = $2 LIMIT 1`,
    [tenantId, requestId],
  );
  return row === undefined ? null : itemOf(row);
}

interface ItemRow {
  readonly id: string;
  readonly notification_id: string;
  readonly is_new: boolean;
}

function itemOf(row: ItemRow): ResendItem {
  return { id: row.id as ResendItemId, notificationId: row.notification_id as NotificationId, isNew: row.is_new };
}

/**
 * Null: another transaction stored the same request id, or dropped the partition of the notification or of its payload, in
 * this instant. That both rows are looked for in this very statement keeps their partitions: a drop comes before it, and
 * then there is no item without bytes, or it finds the item.
 */
async function insertItem(dataSource: DataSource, request: ResendRequest): Promise<ResendItem | null> {
  const { tenantId, notificationId, requestId, principal, reason } = request;
  const [row] = await rowsOf<ItemRow>(
    dataSource,
    `WITH job AS (
       INSERT INTO resend_jobs (id, tenant_id, request_id, principal, reason, state)
       SELECT $1::uuid, $3::text, $5::text, $6::text, $7::text, 'running'
        WHERE EXISTS (SELECT FROM notifications WHERE id = $4::uuid)
          AND EXISTS (SELECT FROM notification_payloads WHERE id = $4::uuid)
       ON CONFLICT (tenant_id, request_id) DO NOTHING RETURNING id),
     item AS (
       INSERT INTO resend_job_items (id, job_id, notification_id, state, asked_at)
       SELECT $2::uuid, job.id, $4::uuid, 'requested', now() FROM job RETURNING id, notification_id),
     logged AS (
       INSERT INTO operator_log (tenant_id, principal, action, target, reason, request_id)
       SELECT $3::text, $6, 'notifications.resend', 'tenants/' || $3 || '/notifications/' || $4::text, $7, $5 FROM item)
     SELECT id, notification_id, true AS is_new FROM item
     UNION ALL
     SELECT i.id, i.notification_id, false FROM resend_job_items i JOIN resend_jobs j ON j.id = i.job_id
      WHERE j.tenant_id = $3 AND j.request_id = $5
     LIMIT 1`,
    [randomUUID(), randomUUID(), tenantId, notificationId, requestId, principal, reason],
  );
  return row === undefined ? null : itemOf(row);
}

/** Ends an item that cannot be sent: its endpoint is gone or switched off. Doing it again changes nothing. Throws a Failure. */
export async function refuseResendItem(dataSource: DataSource, id: ResendItemId): Promise<void> {
  try {
    await dataSource.query(
      `UPDATE resend_job_items SET state = 'cancelled', done_at = now() WHERE id = $1 AND state = 'requested'`,
      [id],
    );
  } catch (error) {
    throw storeFailure(error);
  }
}
