import type { DataSource } from 'typeorm';
import type { AskedBy, Delivery } from '#contracts/delivery-record';
import { shardOf } from '#domain/endpoint-shards';
import type { EndpointId, NotificationId, ResendItemId, TemplateId, TenantId } from '#domain/ids';
import { storeFailure } from '#postgres/store-failure';
import { countUnknown } from './endpoint-minutes.js';

/** What the sweep asks the store for; times are milliseconds. */
export interface OverdueQuery {
  /** Rows due before this instant (milliseconds since the epoch) are overdue. */
  readonly dueBeforeMs: number;
  readonly graceMs: number;
  /** Each further ask of the same row waits twice as long, up to this. */
  readonly askWaitMsMax: number;
  readonly rowsMax: number;
  /** The last row of the page before; null for the first page. */
  readonly after: OverdueCursor | null;
}

/** Where a page ended. */
export interface OverdueCursor {
  /** When the last one was due, or was asked for. As Postgres prints it: a number of milliseconds would lose digits. */
  readonly nextAttemptAt: string;
  readonly id: string;
}

/** A claim whose lease ran out, now closed as attempt `unknown`. */
export interface LostLease {
  readonly notificationId: NotificationId;
  readonly number: number;
  /** Asks for the next attempt, due now; null when the notification is not pending any more. */
  readonly delivery: Delivery | null;
}

/** What a delivery is asked again from. */
export interface OverdueRow {
  readonly id: string;
  readonly tenant_id: string;
  readonly endpoint_id: string;
  readonly template_id: string;
  readonly trace_parent: string | null;
  readonly number: number;
  /** Of its endpoint now; null: the endpoint's row is gone. */
  readonly shards: number | null;
}

/** What `shards` of a row is read from; the notification is `n`. */
export const shardsColumn = `(SELECT e.shards FROM endpoints e
  WHERE e.tenant_id = n.tenant_id AND e.id = n.endpoint_id) AS shards`;

/** The shard of a notification `n` now (`domain/endpoint-shards`). */
const shardColumn = `('x' || right(n.id::text, 8))::bit(32)::bigint % coalesce(
  (SELECT e.shards FROM endpoints e WHERE e.tenant_id = n.tenant_id AND e.id = n.endpoint_id), 1)`;

/** A delivery to be asked again, and since when it is due (milliseconds since the epoch). */
export interface OverdueDelivery {
  readonly delivery: Delivery;
  readonly dueMs: number;
  /** How often the sweep has asked for it without a claim or a hold. */
  readonly askCount: number;
  /** Its lane was full: its dispatcher takes it back as fast as the endpoint takes it. */
  readonly isInLane: boolean;
}

/** What may be asked again of a page, by rising time; `next` is null when there are no more pages. */
export interface OverduePage {
  readonly deliveries: readonly OverdueDelivery[];
  readonly next: OverdueCursor | null;
}

/** After this many leases lost one after another a notification is failed `LEASE_LOST`. */
const unknownInRowMax = 3;

/** What is found of a page: what may be asked for, and its last row whether that may or not. */
interface PageRow extends OverdueRow {
  readonly due_ms: string;
  readonly at_text: string;
  readonly cursor_id: string;
  readonly is_askable: boolean;
  readonly page_rows: number;
}

interface FoundRow extends PageRow {
  readonly ask_count: number;
  readonly is_in_lane: boolean;
}

interface FoundItem extends PageRow {
  readonly item: string;
}

/** Of `page`, with the columns `at` and `cursor_id` it is ordered by and `is_askable`: what its reader needs, in order. */
const askableOf = `SELECT n.*, (SELECT count(*)::int FROM page) AS page_rows FROM judged n
      WHERE n.is_askable OR n.cursor_id = (SELECT p.cursor_id FROM page p ORDER BY p.at DESC, p.cursor_id DESC LIMIT 1)
      ORDER BY n.at, n.cursor_id`;

/** Whether nothing is sent to the endpoint of a row for now: what is asked for would only come back. */
const isSpared = `(
          EXISTS (SELECT FROM endpoints e
              WHERE e.tenant_id = n.tenant_id AND e.id = n.endpoint_id AND e.paused_at IS NOT NULL AND e.deleted_at IS NULL)
          OR EXISTS (SELECT FROM endpoint_circuits c
              WHERE c.tenant_id = n.tenant_id AND c.endpoint_id = n.endpoint_id AND c.state = 'open' AND c.probe_at > now()
                AND c.shard = ${shardColumn}))`;

/**
 * A page of pending rows that are due: of those it looks at, what is not claimed and not asked for lately. Looks at so many rows
 * and no more, whatever may not be asked among them.
 */
export async function findOverdue(dataSource: DataSource, query: OverdueQuery): Promise<OverduePage> {
  const rows: readonly FoundRow[] = await run(
    dataSource,
    `WITH page AS MATERIALIZED (
       SELECT n.id, n.id AS cursor_id, n.next_attempt_at AS at, n.tenant_id, n.endpoint_id, n.template_id, n.trace_parent,
              n.next_number, n.ask_count, n.asked_at, coalesce(n.waiting_reason, '') AS waiting_reason
         FROM notifications n
        WHERE n.next_attempt_at < to_timestamp($1::float8 / 1000) AND n.state = 'pending'
          AND ($5::timestamptz IS NULL OR (n.next_attempt_at, n.id) > ($5, $6::uuid))
        ORDER BY n.next_attempt_at, n.id LIMIT $4),
     judged AS MATERIALIZED (
       SELECT n.id, n.cursor_id, n.at, n.at::text AS at_text, n.tenant_id, n.endpoint_id, n.template_id, n.trace_parent,
              n.next_number AS number, n.ask_count, ${shardsColumn},
              n.waiting_reason IN ('ENDPOINT_FULL', 'RATE_LIMITED') AS is_in_lane,
              extract(epoch FROM greatest(n.at, n.asked_at)) * 1000 AS due_ms,
              (n.asked_at IS NULL OR n.asked_at < now()
                 - least($2::float8 * power(2, least(n.ask_count, 30)), $3::float8) * interval '1 millisecond')
              AND NOT EXISTS (SELECT FROM claims c WHERE c.notification_id = n.id)
              AND NOT (n.waiting_reason IN ('CIRCUIT_OPEN', 'ENDPOINT_PAUSED') AND ${isSpared}) AS is_askable
         FROM page n)
     ${askableOf}`,
    [
      ...[query.dueBeforeMs, query.graceMs, query.askWaitMsMax, query.rowsMax],
      ...[query.after?.nextAttemptAt ?? null, query.after?.id ?? null],
    ],
  );
  return pageOf(rows, query.rowsMax, (row) => ({
    delivery: deliveryOf(row, { kind: 'attempt', number: row.number }, 'sweep'),
    dueMs: Number(row.due_ms),
    askCount: row.ask_count,
    isInLane: row.is_in_lane,
  }));
}

/**
 * A page of re-send items still requested after the grace: their record was lost, or another claim was open. Those of an
 * endpoint that is paused, or whose circuit is open, would only come back.
 */
export async function findRequestedItems(
  dataSource: DataSource,
  { graceMs, rowsMax, after }: Pick<OverdueQuery, 'graceMs' | 'rowsMax' | 'after'>,
): Promise<OverduePage> {
  const rows: readonly FoundItem[] = await run(
    dataSource,
    `WITH page AS MATERIALIZED (
       SELECT i.id AS cursor_id, coalesce(i.asked_at, i.created_at) AS at, i.notification_id
         FROM resend_job_items i
        WHERE i.state = 'requested' AND coalesce(i.asked_at, i.created_at) < now() - $1::float8 * interval '1 millisecond'
          AND ($3::timestamptz IS NULL OR (coalesce(i.asked_at, i.created_at), i.id) > ($3, $4::uuid))
        ORDER BY coalesce(i.asked_at, i.created_at), i.id LIMIT $2),
     judged AS MATERIALIZED (
       SELECT n.id, p.cursor_id, p.at, p.at::text AS at_text, n.tenant_id, n.endpoint_id, n.template_id, n.trace_parent,
              n.next_number AS number, p.cursor_id AS item, ${shardsColumn}, extract(epoch FROM p.at) * 1000 AS due_ms,
              n.id IS NOT NULL AND NOT ${isSpared} AS is_askable
         FROM page p LEFT JOIN LATERAL (SELECT * FROM notifications m WHERE m.id = p.notification_id OFFSET 0) n ON true)
     ${askableOf}`,
    [graceMs, rowsMax, after?.nextAttemptAt ?? null, after?.id ?? null],
  );
  return pageOf(rows, rowsMax, (row) => ({
    delivery: deliveryOf(row, { kind: 'resend', item: row.item as ResendItemId }, 'admin'),
    dueMs: Number(row.due_ms),
    askCount: 0,
    isInLane: false,
  }));
}

function pageOf<R extends PageRow>(
  rows: readonly R[],
  rowsMax: number,
  askOf: (row: R) => OverdueDelivery,
): OverduePage {
  const last = rows.at(-1);
  const isLastPage = last === undefined || last.page_rows < rowsMax;
  return {
    deliveries: rows.filter((row) => row.is_askable).map(askOf),
    next: isLastPage ? null : { nextAttemptAt: last.at_text, id: last.cursor_id },
  };
}

/** Remembers that rows were asked for again, after their records were written. */
export async function markAsked(dataSource: DataSource, deliveries: readonly Delivery[]): Promise<void> {
  const ids = deliveries.flatMap(({ ask, notificationId }) => (ask.kind === 'attempt' ? [notificationId] : []));
  const items = deliveries.flatMap(({ ask }) => (ask.kind === 'resend' ? [ask.item] : []));
  await run(
    dataSource,
    `UPDATE notifications SET asked_at = now(), ask_count = ask_count + 1 WHERE id = ANY($1::uuid[]) AND state = 'pending'`,
    [ids.toSorted()],
  );
  await run(dataSource, 'UPDATE resend_job_items SET asked_at = now() WHERE id = ANY($1::uuid[])', [items]);
}

/**
 * Closes claims past their lease as attempt `unknown`; the request may have been seen, so the next attempt (same id, same
 * bytes) is due now. Takes no step; three in a row fail the notification. A manual one is asked for again as its item.
 * A finish that comes later changes nothing.
 */
export async function closeLostLeases(dataSource: DataSource, rowsMax: number): Promise<readonly LostLease[]> {
  const rows: readonly (OverdueRow & { lost_number: number; state: string })[] = await run(dataSource, closeStatement, [
    rowsMax,
    unknownInRowMax,
  ]);
  return rows.map((row) => ({
    notificationId: row.id as NotificationId,
    number: row.lost_number,
    delivery: row.state === 'pending' ? deliveryOf(row, { kind: 'attempt', number: row.number }, 'sweep') : null,
  }));
}

/** A manual attempt is not of the series: what a pending notification waits for stays. */
const inSeries = `(n.state = 'pending' AND f.trigger = 'auto')`;
const failsNow = `(${inSeries} AND n.unknown_in_row + 1 >= $2)`;

/** Locks the notification before the claim, as the finish does, so that the two cannot wait for each other. */
const closeStatement = `
  WITH lost AS MATERIALIZED (
    SELECT c.notification_id AS id, c.number FROM claims c WHERE c.lease_until < now() ORDER BY c.lease_until LIMIT $1),
  locked AS MATERIALIZED (
    SELECT n.id FROM notifications n JOIN lost USING (id) ORDER BY n.id FOR NO KEY UPDATE OF n),
  freed AS (
    DELETE FROM claims c USING lost l, locked k
     WHERE c.notification_id = l.id AND c.number = l.number AND k.id = l.id AND c.lease_until < now() RETURNING c.*),
  kept AS (
    INSERT INTO attempts (notification_id, number, trigger, asked_by, requested_by, resend_item, url, endpoint_version,
      due_at, started_at, lease_until, finished_at, outcome, error_detail)
    SELECT f.notification_id, f.number, f.trigger, f.asked_by, f.requested_by, f.resend_item, f.url, f.endpoint_version,
      f.due_at, f.started_at, f.lease_until, now(), 'unknown', 'the lease ran out; the request may have been seen'
      FROM freed f),
  items AS (
    UPDATE resend_job_items i SET state = 'requested', asked_at = now() FROM freed f WHERE i.id = f.resend_item),
  moved AS (
    UPDATE notifications n SET
      next_number = n.next_number + 1, attempt_count = n.attempt_count + 1, asked_at = NULL, ask_count = 0,
      unknown_in_row = CASE WHEN ${inSeries} THEN n.unknown_in_row + 1 ELSE n.unknown_in_row END,
      state = CASE WHEN ${failsNow} THEN 'failed' ELSE n.state END,
      failure_reason = CASE WHEN ${failsNow} THEN 'LEASE_LOST' ELSE n.failure_reason END,
      finished_at = CASE WHEN ${failsNow} THEN now() ELSE n.finished_at END,
      waiting_reason = CASE WHEN ${failsNow} THEN NULL WHEN ${inSeries} THEN 'READY' ELSE n.waiting_reason END,
      next_attempt_at = CASE WHEN ${failsNow} THEN NULL WHEN ${inSeries} THEN now() ELSE n.next_attempt_at END
      FROM freed f WHERE n.id = f.notification_id AND n.next_number = f.number
    RETURNING n.id, n.tenant_id, n.endpoint_id, n.template_id, n.trace_parent, n.next_number AS number, n.state,
      f.number AS lost_number, f.trigger, ${shardsColumn}),
  counted AS (${countUnknown('moved')})
  SELECT * FROM moved`;

/** The delivery of a row; its content is loaded by whoever sends it. */
export function deliveryOf(row: OverdueRow, ask: Delivery['ask'], askedBy: AskedBy): Delivery {
  return {
    notificationId: row.id as NotificationId,
    ask,
    tenantId: row.tenant_id as TenantId,
    endpointId: row.endpoint_id as EndpointId,
    templateId: row.template_id as TemplateId,
    shard: shardOf(row.id as NotificationId, row.shards ?? 1),
    askedBy,
    traceParent: row.trace_parent,
    content: null,
  };
}

async function run(dataSource: DataSource, statement: string, parameters: readonly unknown[]): Promise<never> {
  try {
    return (await dataSource.query(statement, [...parameters])) as never;
  } catch (error) {
    throw storeFailure(error);
  }
}
