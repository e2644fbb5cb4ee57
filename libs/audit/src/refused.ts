/** Pending notifications of endpoints nothing is sent to any more. */
import type { DataSource } from 'typeorm';
import type { FailureReason } from '#domain/attempt';
import { inTransaction, rowsOf, type Transaction } from '#postgres/transaction';
import type { OverdueCursor } from './overdue.js';

/** What one page failed; `next` is null when there are no more. */
export interface RefusedPage {
  readonly failed: number;
  readonly next: OverdueCursor | null;
}

/** Grows with every change of tenants, endpoints, secrets and templates. Throws a Failure. */
export async function registryVersion(dataSource: DataSource): Promise<string> {
  const [row] = await rowsOf<{ version: string }>(dataSource, 'SELECT version FROM registry_version', []);
  return row?.version ?? '0';
}

/**
 * Fails a page of pending notifications whose endpoint is deleted or disabled, or whose tenant is switched off. One that was
 * claimed in the same instant is left to its attempt: the rows are locked first and judged by a statement that begins after
 * it. Doing it again changes nothing. Throws a Failure.
 */
export function failRefused(
  dataSource: DataSource,
  after: OverdueCursor | null,
  rowsMax: number,
): Promise<RefusedPage> {
  return inTransaction(dataSource, async (tx) => {
    const found = await rowsOf<RefusedRow>(tx, lockStatement, [
      after?.nextAttemptAt ?? null,
      after?.id ?? null,
      rowsMax,
    ]);
    const failed = found.length === 0 ? 0 : await failRows(tx, found);
    const last = found.length < rowsMax ? undefined : found.at(-1);
    return { failed, next: last === undefined ? null : { nextAttemptAt: last.next_attempt_at, id: last.id } };
  });
}

interface RefusedRow {
  readonly id: string;
  readonly next_attempt_at: string;
  readonly reason: Extract<FailureReason, 'ENDPOINT_DELETED' | 'WEBHOOKS_DISABLED' | 'ENDPOINT_DISABLED'>;
}

const lockStatement = `
  SELECT n.id, n.next_attempt_at::text,
         CASE WHEN e.deleted_at IS NOT NULL THEN 'ENDPOINT_DELETED'
              WHEN NOT t.webhooks_enabled THEN 'WEBHOOKS_DISABLED' ELSE 'ENDPOINT_DISABLED' END AS reason
    FROM notifications n
    JOIN endpoints e ON e.tenant_id = n.tenant_id AND e.id = n.endpoint_id
    JOIN tenants t ON t.id = n.tenant_id
   WHERE n.next_attempt_at IS NOT NULL AND n.state = 'pending'
     AND ($1::timestamptz IS NULL OR (n.next_attempt_at, n.id) > ($1, $2::uuid))
     AND (e.deleted_at IS NOT NULL OR NOT e.enabled OR NOT t.webhooks_enabled)
     AND NOT EXISTS (SELECT FROM claims c WHERE c.notification_id = n.id)
   ORDER BY n.next_attempt_at, n.id LIMIT $3 FOR NO KEY UPDATE OF n SKIP LOCKED`;

/** They ended when this statement began: the transaction may be older than the change that ended them. */
async function failRows(tx: Transaction, rows: readonly RefusedRow[]): Promise<number> {
  const ids = rows.map(({ id }) => id).toSorted();
  const failed = await rowsOf(
    tx,
    `UPDATE notifications n
        SET state = 'failed', failure_reason = r.reason, failure_detail = $3, waiting_reason = NULL,
            next_attempt_at = NULL, finished_at = statement_timestamp()
       FROM unnest($1::uuid[], $2::text[]) AS r(id, reason)
      WHERE n.id = r.id AND n.id BETWEEN $4::uuid AND $5::uuid AND n.state = 'pending'
        AND NOT EXISTS (SELECT FROM claims c WHERE c.notification_id = n.id)
     RETURNING n.id`,
    [rows.map(({ id }) => id), rows.map(({ reason }) => reason), detail, ids[0], ids.at(-1)],
  );
  return failed.length;
}

const detail = 'nothing is sent to its endpoint any more, and no further attempt was made';
