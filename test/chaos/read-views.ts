import type { DataSource } from '#postgres/data-source';
import type { AttemptLine, DisabledEndpoint, EventBooks, NotificationLine } from './run-logs.js';
import type { RunShards } from './run-shards.js';

const epochMs = (column: string) => `(extract(epoch FROM ${column}) * 1000)::float8`;

const pageRows = 10_000;
const firstId = '00000000-0000-0000-0000-000000000000';
const lastId = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** All of `v1_notifications` and `v1_attempts`, a page at a time: what stands in memory is one page. */
export async function keepViews(store: DataSource, shards: Pick<RunShards, 'append'>): Promise<void> {
  for (let after: string | null = null, isLast = false; !isLast; ) {
    const rows: readonly NotificationLine[] = await store.query(
      `SELECT id, event_id AS "eventId", template_id AS "templateId", endpoint_id AS "endpointId", state,
              failure_reason AS "failureReason", attempt_count AS "attemptCount", step,
              ${epochMs('created_at')} AS "createdMs", ${epochMs('next_attempt_at')} AS "nextAttemptMs",
              ${epochMs('finished_at')} AS "finishedMs", encode(payload_sha256, 'hex') AS "payloadSha256",
              payload_bytes AS "payloadBytes"
         FROM v1_notifications WHERE id > $1 ORDER BY id LIMIT ${pageRows}`,
      [after ?? firstId],
    );
    isLast = rows.length < pageRows;
    const until: string = isLast ? lastId : (rows.at(-1)?.id ?? lastId);
    const events = new Map(rows.map(({ id, eventId }) => [id, eventId]));
    for (const row of rows) shards.append('notifications', row.eventId, row);
    // An attempt of no notification is found by the checker wherever it stands.
    for (const row of await attemptsBetween(store, after ?? firstId, until))
      shards.append('attempts', events.get(row.notificationId) ?? null, row);
    after = until;
  }
}

/** Those of notifications after `after`, up to `until`. */
function attemptsBetween(store: DataSource, after: string, until: string): Promise<readonly AttemptLine[]> {
  return store.query(
    `SELECT notification_id AS "notificationId", number, trigger, asked_by AS "askedBy", state, outcome,
            failure_reason AS "failureReason", http_status AS "httpStatus", url,
            ${epochMs('due_at')} AS "dueMs", ${epochMs('started_at')} AS "startedMs",
            ${epochMs('finished_at')} AS "finishedMs", ${epochMs('lease_until')} AS "leaseUntilMs",
            response_bytes AS "responseBytes", error_detail AS "errorDetail"
       FROM v1_attempts WHERE notification_id > $1 AND notification_id <= $2`,
    [after, until],
  );
}

/** Endpoints that are switched off. */
export function readDisabled(store: DataSource): Promise<readonly DisabledEndpoint[]> {
  return store.query(
    `SELECT id AS "endpointId", disabled_reason AS reason, ${epochMs('disabled_at')} AS "atMs"
       FROM endpoints WHERE NOT enabled ORDER BY id`,
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

/** What is not at its end yet. */
export interface StoreCounts {
  /** Notifications that wait for an attempt, or for the end of one. */
  readonly pending: number;
  readonly failed: number;
  /** Attempts under way. */
  readonly started: number;
  /** Re-send items that have no attempt yet. */
  readonly wishes: number;
}

/** By small indexes, however many have ended. */
export async function readCounts(store: DataSource): Promise<StoreCounts> {
  const [row] = await store.query<readonly StoreCounts[]>(
    `SELECT (SELECT count(*) FROM notifications WHERE next_attempt_at IS NOT NULL)::int AS pending,
            (SELECT count(*) FROM notifications WHERE failure_reason IS NOT NULL)::int AS failed,
            (SELECT count(*) FROM v1_attempts WHERE state = 'started')::int AS started,
            (SELECT count(*) FROM resend_job_items WHERE state IN ('requested', 'claimed'))::int AS wishes`,
  );
  return row ?? { pending: 0, failed: 0, started: 0, wishes: 0 };
}

/** Notifications whose state says that they have not ended; a look at every row. */
export async function countPending(store: DataSource): Promise<number> {
  const [row] = await store.query<readonly { readonly n: number }[]>(
    `SELECT count(*)::int AS n FROM v1_notifications WHERE state = 'pending'`,
  );
  return row?.n ?? 0;
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
