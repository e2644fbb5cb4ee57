import type { DataSource } from '#postgres/data-source';
import type { AttemptLine, EventBooks, NotificationLine } from './run-logs.js';

const epochMs = (column: string) => `(extract(epoch FROM ${column}) * 1000)::float8`;

/** All of `v1_notifications`. */
export function readNotifications(store: DataSource): Promise<readonly NotificationLine[]> {
  return store.query(
    `SELECT id, event_id AS "eventId", template_id AS "templateId", endpoint_id AS "endpointId", state,
            failure_reason AS "failureReason", attempt_count AS "attemptCount", step,
            ${epochMs('created_at')} AS "createdMs", ${epochMs('next_attempt_at')} AS "nextAttemptMs",
            ${epochMs('finished_at')} AS "finishedMs", encode(payload_sha256, 'hex') AS "payloadSha256",
            payload_bytes AS "payloadBytes"
       FROM v1_notifications`,
  );
}

/** All of `v1_attempts`. */
export function readAttempts(store: DataSource): Promise<readonly AttemptLine[]> {
  return store.query(
    `SELECT notification_id AS "notificationId", number, trigger, asked_by AS "askedBy", state, outcome,
            failure_reason AS "failureReason", http_status AS "httpStatus", url,
            ${epochMs('due_at')} AS "dueMs", ${epochMs('started_at')} AS "startedMs",
            ${epochMs('finished_at')} AS "finishedMs", ${epochMs('lease_until')} AS "leaseUntilMs",
            response_bytes AS "responseBytes", error_detail AS "errorDetail"
       FROM v1_attempts`,
  );
}

/** The first line of the books (docs/guarantees.md) over all partitions of a topic. */
export async function readBooks(store: DataSource, topic: string): Promise<Omit<EventBooks, 'recordsInTopic'>> {
  const [row] = await store.query<readonly Omit<EventBooks, 'recordsInTopic'>[]>(
    `SELECT coalesce(sum(bit_count(matched)), 0)::int AS matched, coalesce(sum(bit_count(unmatched)), 0)::int AS unmatched,
            coalesce(sum(bit_count(duplicate)), 0)::int AS duplicate, coalesce(sum(bit_count(parked)), 0)::int AS parked
       FROM books WHERE topic = $1`,
    [topic],
  );
  return row ?? { matched: 0, unmatched: 0, duplicate: 0, parked: 0 };
}

/** How many notifications are in each state, and attempts under way. */
export interface StoreCounts {
  readonly pending: number;
  readonly sent: number;
  readonly failed: number;
  readonly started: number;
  /** Re-send items that have no attempt yet. */
  readonly wishes: number;
}

export async function readCounts(store: DataSource): Promise<StoreCounts> {
  const [row] = await store.query<readonly StoreCounts[]>(
    `SELECT (count(*) FILTER (WHERE state = 'pending'))::int AS pending, (count(*) FILTER (WHERE state = 'sent'))::int AS sent,
            (count(*) FILTER (WHERE state = 'failed'))::int AS failed,
            (SELECT count(*) FROM v1_attempts WHERE state = 'started')::int AS started,
            (SELECT count(*) FROM resend_job_items WHERE state IN ('requested', 'claimed'))::int AS wishes
       FROM v1_notifications`,
  );
  return row ?? { pending: 0, sent: 0, failed: 0, started: 0, wishes: 0 };
}

const linesMax = 20;

/** In words what is not at its end yet: the oldest first, no more than a screen of it. */
export async function whatIsPending(store: DataSource): Promise<readonly string[]> {
  const groups: readonly Readonly<Record<string, unknown>>[] = await store.query(
    `SELECT endpoint_id, waiting_reason, count(*)::int AS notifications,
            round(extract(epoch FROM now() - min(next_attempt_at)))::int AS oldest_overdue_s
       FROM v1_notifications WHERE state = 'pending' GROUP BY endpoint_id, waiting_reason ORDER BY 4 DESC NULLS LAST`,
  );
  const rows: readonly Readonly<Record<string, unknown>>[] = await store.query(
    `SELECT n.id, n.endpoint_id, n.waiting_reason, n.attempt_count, n.step, n.next_attempt_at, r.asked_at, r.ask_count,
            a.number AS open_attempt, a.started_at, a.lease_until
       FROM v1_notifications n JOIN notifications r ON r.id = n.id
       LEFT JOIN v1_attempts a ON a.notification_id = n.id AND a.state = 'started'
      WHERE n.state = 'pending' ORDER BY n.next_attempt_at LIMIT ${linesMax}`,
  );
  const items: readonly Readonly<Record<string, unknown>>[] = await store.query(
    `SELECT id, notification_id, state, number, created_at, asked_at FROM resend_job_items
      WHERE state IN ('requested', 'claimed') ORDER BY created_at LIMIT ${linesMax}`,
  );
  return [...groups, ...rows, ...items].map((row) => JSON.stringify(row));
}
