import type { DataSource } from 'typeorm';
import type { FailureReason } from '#domain/attempt';
import type { NotificationId } from '#domain/ids';
import { inTransaction, rowsOf } from '#postgres/transaction';
import type { WaitingReason } from './notifications.js';

/** Makes a notification wait although its attempt is due. */
export interface HoldRequest {
  readonly notificationId: NotificationId;
  readonly number: number;
  readonly reason: Extract<WaitingReason, 'CIRCUIT_OPEN' | 'ENDPOINT_PAUSED' | 'RATE_LIMITED' | 'ENDPOINT_FULL'>;
  /** From now, in milliseconds. */
  readonly delayMs: number;
}

/**
 * Holds a notification that is pending at this number, due, not claimed. Its step and number stay.
 * Answers when it is due again (milliseconds since the epoch), or null when another record of it won: that one ends there.
 */
export async function holdNotification(dataSource: DataSource, hold: HoldRequest): Promise<number | null> {
  const [row] = await judged<{ due_ms: string }>(
    dataSource,
    hold.notificationId,
    `UPDATE notifications n
        SET waiting_reason = $3, next_attempt_at = now() + $4::float8 * interval '1 millisecond', asked_at = NULL, ask_count = 0
      WHERE id = $1 AND state = 'pending' AND next_number = $2 AND next_attempt_at <= now()
        AND NOT EXISTS (SELECT FROM claims c WHERE c.notification_id = n.id)
      RETURNING ceil(extract(epoch FROM next_attempt_at) * 1000) AS due_ms`,
    [hold.notificationId, hold.number, hold.reason, hold.delayMs],
  );
  return row === undefined ? null : Number(row.due_ms);
}

/** Fails a pending, unclaimed notification without an attempt. Running it again changes nothing. */
export async function failNotification(
  dataSource: DataSource,
  id: NotificationId,
  reason: FailureReason,
  detail: string,
): Promise<boolean> {
  const rows = await judged(
    dataSource,
    id,
    `UPDATE notifications n
        SET state = 'failed', failure_reason = $2, failure_detail = $3, waiting_reason = NULL, next_attempt_at = NULL, finished_at = now()
      WHERE id = $1 AND state = 'pending' AND NOT EXISTS (SELECT FROM claims c WHERE c.notification_id = n.id)
      RETURNING id`,
    [id, reason, detail],
  );
  return rows.length > 0;
}

/**
 * Locks the row, then judges it in a second statement: a claim opened in this instant holds the lock, and only a
 * statement that begins after it sees the claim.
 */
function judged<T>(
  dataSource: DataSource,
  id: NotificationId,
  statement: string,
  parameters: readonly unknown[],
): Promise<readonly T[]> {
  return inTransaction(dataSource, async (tx) => {
    await rowsOf(tx, 'SELECT FROM notifications WHERE id = $1 FOR NO KEY UPDATE', [id]);
    return rowsOf<T>(tx, statement, parameters);
  });
}
