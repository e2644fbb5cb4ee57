import type { DataSource } from 'typeorm';
import type { FailureReason, ResponseCut } from '#domain/attempt';
import type { EndpointId, NotificationId, TemplateId, TenantId } from '#domain/ids';
import { rowsOf } from '#postgres/transaction';
import type { NotificationRow, WaitingReason } from './notifications.js';

/** A notification as operators see it (`v1_notifications` and what explains it). */
export interface NotificationView {
  readonly id: NotificationId;
  readonly tenant_id: TenantId;
  readonly event_source: string;
  readonly event_id: string;
  readonly event_type: string;
  readonly event_time: Date | null;
  readonly subject: string | null;
  readonly template_id: TemplateId;
  readonly template_version: number;
  readonly endpoint_id: EndpointId;
  readonly state: NotificationRow['state'];
  readonly waiting_reason: WaitingReason | 'SENDING' | null;
  readonly failure_reason: FailureReason | null;
  readonly failure_detail: string | null;
  readonly attempt_count: number;
  readonly step: number;
  readonly next_attempt_at: Date | null;
  readonly created_at: Date;
  readonly finished_at: Date | null;
  readonly payload_sha256: Buffer | null;
  readonly payload_bytes: number | null;
  readonly source_topic: string;
  readonly source_partition: number;
  /** Postgres' bigint comes as text. */
  readonly source_offset: string;
  readonly trace_parent: string | null;
}

/** An attempt as operators see it (`v1_attempts`); a started one has no outcome yet. */
export interface AttemptView {
  readonly number: number;
  readonly trigger: 'auto' | 'manual';
  readonly asked_by: string;
  readonly requested_by: string | null;
  readonly state: 'started' | 'finished';
  readonly outcome: 'accepted' | 'gone' | 'failed' | 'unknown' | null;
  readonly failure_reason: FailureReason | null;
  readonly http_status: number | null;
  readonly url: string;
  readonly endpoint_version: number;
  readonly due_at: Date | null;
  readonly started_at: Date;
  readonly finished_at: Date | null;
  readonly lease_until: Date;
  readonly duration_ms: number | null;
  readonly response_bytes: number | null;
  readonly error_detail: string | null;
  readonly dns_ms: number | null;
  readonly connect_ms: number | null;
  readonly tls_ms: number | null;
  readonly first_byte_ms: number | null;
  readonly peer_address: string | null;
  readonly response_cut: ResponseCut | null;
  /** What `loadResponses` will load of it, in bytes. */
  readonly kept_bytes: number;
}

/** What is kept of the answer to an attempt. */
export interface AttemptResponse {
  readonly number: number;
  readonly response_headers: Readonly<Record<string, string>> | null;
  readonly response_body: Buffer | null;
}

/** Columns a list may be narrowed by. */
export type NotificationColumn =
  | 'event_id'
  | 'event_source'
  | 'event_type'
  | 'subject'
  | 'state'
  | 'template_id'
  | 'endpoint_id';

/** Which notifications are listed. */
export interface NotificationQuery {
  /** Null: all tenants. */
  readonly tenantId: TenantId | null;
  readonly equals: readonly (readonly [NotificationColumn, string])[];
  /** The last id of the page before. */
  readonly beforeId: NotificationId | null;
  readonly rowsMax: number;
}

/** Rows of these states are few; the partial indexes find them among many that are sent. */
const stateHints: Readonly<Record<string, string>> = {
  pending: ' AND v.next_attempt_at IS NOT NULL',
  failed: ' AND v.failure_reason IS NOT NULL',
};

const columns = `v.*, (SELECT n.failure_detail FROM notifications n WHERE n.id = v.id) AS failure_detail,
  (SELECT n.trace_parent FROM notifications n WHERE n.id = v.id) AS trace_parent`;

/** One notification of a tenant; null when there is none. Throws a Failure. */
export async function findNotification(
  dataSource: DataSource,
  tenantId: TenantId,
  id: NotificationId,
): Promise<NotificationView | null> {
  const statement = `SELECT ${columns} FROM v1_notifications v WHERE v.id = $1 AND v.tenant_id = $2`;
  const [row] = await rowsOf<NotificationView>(dataSource, statement, [id, tenantId]);
  return row ?? null;
}

/** Notifications, newest id first. Throws a Failure. */
export function listNotifications(
  dataSource: DataSource,
  query: NotificationQuery,
): Promise<readonly NotificationView[]> {
  const { tenantId, equals, beforeId, rowsMax } = query;
  const parameters: unknown[] = [];
  const next = (value: unknown) => `$${parameters.push(value)}`;
  const conditions = [
    'true',
    ...(tenantId === null ? [] : [`v.tenant_id = ${next(tenantId)}`]),
    ...(beforeId === null ? [] : [`v.id < ${next(beforeId)}::uuid`]),
    ...equals.map(
      ([column, value]) => `v.${column} = ${next(value)}${column === 'state' ? (stateHints[value] ?? '') : ''}`,
    ),
  ];
  const statement = `SELECT ${columns} FROM v1_notifications v
    WHERE ${conditions.join(' AND ')} ORDER BY v.id DESC LIMIT ${next(rowsMax)}`;
  return rowsOf<NotificationView>(dataSource, statement, parameters);
}

/** Attempts of a notification after a number, oldest first, without their answers. Throws a Failure. */
export function listAttempts(
  dataSource: DataSource,
  id: NotificationId,
  afterNumber: number,
  rowsMax: number,
): Promise<readonly AttemptView[]> {
  return rowsOf<AttemptView>(
    dataSource,
    `SELECT v.*, coalesce(octet_length(a.response_body) + octet_length(a.response_headers::text), 0) AS kept_bytes
       FROM v1_attempts v LEFT JOIN attempts a ON a.notification_id = $1 AND a.number = v.number
      WHERE v.notification_id = $1 AND v.number > $2 ORDER BY v.number LIMIT $3`,
    [id, afterNumber, rowsMax],
  );
}

/** What came back of these attempts; an open one has no answer. Throws a Failure. */
export function loadResponses(
  dataSource: DataSource,
  id: NotificationId,
  numbers: readonly number[],
): Promise<readonly AttemptResponse[]> {
  return rowsOf<AttemptResponse>(
    dataSource,
    'SELECT number, response_headers, response_body FROM attempts WHERE notification_id = $1 AND number = ANY($2::int[])',
    [id, numbers],
  );
}

/** Which event, and, to tell one of its records from another, where that stands. */
export interface EventPosition {
  readonly tenantId: TenantId;
  readonly eventSource: string;
  readonly eventId: string;
  /** Null: of whichever record. */
  readonly record: { readonly topic: string; readonly partition: number; readonly offset: bigint } | null;
}

const namesMax = 1_000;

/** Ids of an event's notifications, at most 1,000; found by event, for the position has no index. Throws a Failure. */
export async function notificationsOfEvent(
  dataSource: DataSource,
  { tenantId, eventSource, eventId, record }: EventPosition,
): Promise<readonly NotificationId[]> {
  const rows = await rowsOf<{ id: NotificationId }>(
    dataSource,
    `SELECT id FROM notifications
      WHERE tenant_id = $1 AND event_id = $2 AND event_source = $3
        AND ($4::text IS NULL OR (source_topic = $4 AND source_partition = $5::int AND source_offset = $6::bigint))
      ORDER BY id LIMIT ${namesMax}`,
    [tenantId, eventId, eventSource, record?.topic, record?.partition, record === null ? null : String(record.offset)],
  );
  return rows.map(({ id }) => id);
}
