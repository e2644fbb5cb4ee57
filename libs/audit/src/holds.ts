import type { DataSource } from 'typeorm';
import type { FailureReason } from '#domain/attempt';
import type { NotificationId } from '#domain/ids';
import { MicroBatcher } from '#domain/micro-batcher';
import { type PatientBatchDeps, patientBatch } from '#postgres/patient-batch';
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

/** Gives a notification up without an attempt. */
export interface Refusal {
  readonly notificationId: NotificationId;
  readonly reason: FailureReason;
  readonly detail: string;
}

/**
 * Holds and refuses notifications that no attempt is made of now, many in one statement, repeated while Postgres is away.
 * A claim opened in the same instant wins: the rows are locked first and judged by a statement that begins after it.
 */
export class HoldStore {
  private readonly holds: MicroBatcher<HoldRequest, number | null>;
  private readonly refusals: MicroBatcher<Refusal, boolean>;

  constructor(
    private readonly dataSource: DataSource,
    deps: PatientBatchDeps,
  ) {
    const limits = { itemsMax: 500, flushesMax: 1 };
    this.holds = new MicroBatcher((items) => patientBatch(items, (batch) => this.holdBatch(batch), deps), limits);
    this.refusals = new MicroBatcher((items) => patientBatch(items, (batch) => this.refuseBatch(batch), deps), limits);
  }

  /**
   * Holds a notification that is pending at this number, due (or within a second: clocks differ), not claimed. Its step and number stay. Answers when it is
   * due again (milliseconds since the epoch), or null when another record of it won: that one ends there.
   */
  hold(request: HoldRequest): Promise<number | null> {
    return this.holds.add(request);
  }

  /** Fails a pending, unclaimed notification. Doing it again changes nothing. */
  refuse(refusal: Refusal): Promise<boolean> {
    return this.refusals.add(refusal);
  }

  private async holdBatch(items: readonly HoldRequest[]): Promise<readonly (number | null)[]> {
    const rows = await this.judge<{ id: string; due_ms: string }>(items, holdStatement, [
      items.map(({ notificationId }) => notificationId),
      items.map(({ number }) => number),
      items.map(({ reason }) => reason),
      items.map(({ delayMs }) => delayMs),
    ]);
    const dueMs = new Map(rows.map((row) => [row.id, Number(row.due_ms)]));
    return items.map(({ notificationId }) => taken(dueMs, notificationId) ?? null);
  }

  private async refuseBatch(items: readonly Refusal[]): Promise<readonly boolean[]> {
    const rows = await this.judge<{ id: string }>(items, refuseStatement, [
      items.map(({ notificationId }) => notificationId),
      items.map(({ reason }) => reason),
      items.map(({ detail }) => detail),
    ]);
    const refused = new Map(rows.map(({ id }) => [id, true]));
    return items.map(({ notificationId }) => taken(refused, notificationId) ?? false);
  }

  private judge<T>(
    items: readonly { readonly notificationId: NotificationId }[],
    statement: string,
    parameters: readonly unknown[],
  ): Promise<readonly T[]> {
    const ids = items.map(({ notificationId }) => notificationId).toSorted();
    return inTransaction(this.dataSource, async (tx) => {
      await rowsOf(tx, 'SELECT FROM notifications WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE', [ids]);
      return rowsOf<T>(tx, statement, parameters);
    });
  }
}

const holdStatement = `
  UPDATE notifications n
     SET waiting_reason = h.reason, next_attempt_at = now() + h.delay_ms * interval '1 millisecond',
         asked_at = NULL, ask_count = 0
    FROM unnest($1::uuid[], $2::int[], $3::text[], $4::float8[]) AS h(id, number, reason, delay_ms)
   WHERE n.id = h.id AND n.state = 'pending' AND n.next_number = h.number
     AND (n.next_attempt_at <= now() OR (n.next_attempt_at <= now() + interval '1 second'
       AND coalesce(n.waiting_reason, '') NOT IN ('CIRCUIT_OPEN', 'ENDPOINT_PAUSED', 'RATE_LIMITED', 'ENDPOINT_FULL')))
     AND NOT EXISTS (SELECT FROM claims c WHERE c.notification_id = n.id)
  RETURNING n.id, ceil(extract(epoch FROM n.next_attempt_at) * 1000) AS due_ms`;

const refuseStatement = `
  UPDATE notifications n
     SET state = 'failed', failure_reason = r.reason, failure_detail = r.detail, waiting_reason = NULL,
         next_attempt_at = NULL, finished_at = now()
    FROM unnest($1::uuid[], $2::text[], $3::text[]) AS r(id, reason, detail)
   WHERE n.id = r.id AND n.state = 'pending' AND NOT EXISTS (SELECT FROM claims c WHERE c.notification_id = n.id)
  RETURNING n.id`;

/** Two records of one notification may stand in one batch: one of them wins. */
function taken<T>(answers: Map<string, T>, id: NotificationId): T | undefined {
  const answer = answers.get(id);
  answers.delete(id);
  return answer;
}
