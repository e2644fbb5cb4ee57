import { Column, type DataSource, Entity, PrimaryColumn } from 'typeorm';
import type { AttemptReport, FailureReason } from '#domain/attempt';
import type { NotificationId } from '#domain/ids';
import { MicroBatcher } from '#domain/micro-batcher';
import type { NextStep } from '#domain/retry-policy';
import { type PatientBatchDeps, patientBatch } from '#postgres/patient-batch';
import type { Claim } from './claims.js';

/** A finished attempt: inserted once, never changed. */
@Entity('attempts')
export class AttemptRow {
  @PrimaryColumn('uuid', { name: 'notification_id' })
  declare notificationId: NotificationId;
  @PrimaryColumn('integer')
  declare number: number;
  @Column('text')
  declare outcome: 'accepted' | 'gone' | 'failed' | 'unknown';
  @Column('text', { name: 'failure_reason', nullable: true })
  declare failureReason: FailureReason | null;
  @Column('integer', { name: 'http_status', nullable: true })
  declare httpStatus: number | null;
  @Column('integer', { name: 'duration_ms', nullable: true })
  declare durationMs: number | null;
  @Column('bytea', { name: 'response_body', nullable: true })
  declare responseBody: Buffer | null;
  @Column('integer', { name: 'response_bytes', nullable: true })
  declare responseBytes: number | null;
  @Column('jsonb', { name: 'response_headers', nullable: true })
  declare responseHeaders: Readonly<Record<string, string>> | null;
  @Column('text', { name: 'error_detail', nullable: true })
  declare errorDetail: string | null;
}

/** How an attempt ended and what follows. */
export interface AttemptFinish {
  readonly claim: Claim;
  readonly report: AttemptReport;
  readonly next: NextStep;
}

/** What the row says after a finish. */
export interface FinishAnswer {
  /** False: the lease had run out and the sweep closed the attempt as `unknown`; nothing was changed. */
  readonly recorded: boolean;
  /** When the next automatic attempt is due, milliseconds since the epoch on Postgres' clock; null: none is. */
  readonly retryDueMs: number | null;
  readonly nextNumber: number;
}

interface Answer {
  readonly id: string;
  readonly due_ms: string | null;
  readonly next_number: number;
}

/** Finishes attempts, many in one statement, repeated while Postgres is away: what was sent is never unrecorded. */
export class AttemptStore {
  private readonly batcher: MicroBatcher<AttemptFinish, FinishAnswer>;

  constructor(
    private readonly dataSource: DataSource,
    deps: PatientBatchDeps,
  ) {
    this.batcher = new MicroBatcher((items) => patientBatch(items, (batch) => this.finishBatch(batch), deps), {
      itemsMax: 500,
      flushesMax: 2,
    });
  }

  /** One claim, one finish. Resolves when the attempt is in the history and the notification has moved. */
  finish(finish: AttemptFinish): Promise<FinishAnswer> {
    return this.batcher.add(finish);
  }

  private async finishBatch(items: readonly AttemptFinish[]): Promise<readonly FinishAnswer[]> {
    const sorted = items.toSorted((a, b) => (a.claim.notificationId < b.claim.notificationId ? -1 : 1));
    const answers: readonly Answer[] = await this.dataSource.query(finishStatement, columnsOf(sorted));
    const byId = new Map(answers.map((answer) => [answer.id, answer]));
    return items.map(({ claim }) => {
      const answer = byId.get(claim.notificationId);
      if (answer === undefined) return { recorded: false, retryDueMs: null, nextNumber: claim.number };
      const retryDueMs = answer.due_ms === null ? null : Number(answer.due_ms);
      return { recorded: true, retryDueMs, nextNumber: answer.next_number };
    });
  }
}

/** These read the row as it is when it is updated (not the statement's snapshot), so a cancel in the same instant holds. */
const isSent = `(e.outcome = 'accepted')`;
const inSeries = `n.state = 'pending' AND f.trigger = 'auto' AND e.outcome <> 'accepted'`;
const failsNow = `(${inSeries} AND e.next_kind = 'failed')`;
const goesOn = `(${inSeries} AND e.next_kind = 'retry')`;

/**
 * Deletes the claim (id, number), inserts the finished attempt, moves the notification; all or nothing, and only from
 * claims so deleted: a late finish changes nothing. `accepted` makes any state `sent`; any other outcome of an automatic
 * attempt moves only a pending row; a manual one leaves the series as it stands. The number always goes on.
 */
const finishStatement = `
  WITH ended AS MATERIALIZED (
    SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::int[], $6::int[], $7::bytea[], $8::int[],
                         $9::text[], $10::text[], $11::text[], $12::float8[], $13::int[], $14::text[])
      AS e(id, number, outcome, failure_reason, http_status, duration_ms, response_body, response_bytes,
           response_headers, error_detail, next_kind, delay_ms, step, final_reason)),
  locked AS MATERIALIZED (
    SELECT n.id FROM notifications n JOIN ended USING (id) ORDER BY n.id FOR NO KEY UPDATE OF n),
  freed AS (
    DELETE FROM claims c USING ended e, locked l
     WHERE c.notification_id = e.id AND c.number = e.number AND l.id = e.id RETURNING c.*),
  kept AS (
    INSERT INTO attempts (notification_id, number, trigger, asked_by, requested_by, resend_item, url, endpoint_version,
      due_at, started_at, lease_until, finished_at, outcome, failure_reason, http_status, duration_ms, response_body,
      response_bytes, response_headers, error_detail)
    SELECT f.notification_id, f.number, f.trigger, f.asked_by, f.requested_by, f.resend_item, f.url, f.endpoint_version,
      f.due_at, f.started_at, f.lease_until, now(), e.outcome, e.failure_reason, e.http_status, e.duration_ms,
      e.response_body, e.response_bytes, e.response_headers::jsonb, e.error_detail
      FROM freed f JOIN ended e ON e.id = f.notification_id),
  items AS (
    UPDATE resend_job_items i SET state = 'done', done_at = now() FROM freed f WHERE i.id = f.resend_item),
  moved AS (
    UPDATE notifications n SET
      next_number = n.next_number + 1, attempt_count = n.attempt_count + 1,
      unknown_in_row = 0, asked_at = NULL, ask_count = 0,
      state = CASE WHEN ${isSent} THEN 'sent' WHEN ${failsNow} THEN 'failed' ELSE n.state END,
      step = CASE WHEN ${goesOn} THEN e.step ELSE n.step END,
      waiting_reason = CASE WHEN ${isSent} OR ${failsNow} THEN NULL WHEN ${goesOn} THEN 'RETRY_SCHEDULED'
                            ELSE n.waiting_reason END,
      failure_reason = CASE WHEN ${isSent} THEN NULL WHEN ${failsNow} THEN e.final_reason ELSE n.failure_reason END,
      failure_detail = CASE WHEN ${isSent} THEN NULL WHEN ${failsNow} THEN e.error_detail ELSE n.failure_detail END,
      next_attempt_at = CASE WHEN ${isSent} OR ${failsNow} THEN NULL
                             WHEN ${goesOn} THEN now() + e.delay_ms * interval '1 millisecond' ELSE n.next_attempt_at END,
      finished_at = CASE WHEN ${isSent} OR ${failsNow} THEN now() ELSE n.finished_at END
      FROM freed f JOIN ended e ON e.id = f.notification_id
     WHERE n.id = e.id AND n.next_number = e.number
    RETURNING n.id, n.state, n.next_number, n.next_attempt_at)
  SELECT id, next_number, CASE WHEN state = 'pending' THEN ceil(extract(epoch FROM next_attempt_at) * 1000) END AS due_ms
    FROM moved`;

function columnsOf(items: readonly AttemptFinish[]): readonly unknown[][] {
  const outcomes = items.map(({ report }) => report.outcome);
  return [
    items.map(({ claim }) => claim.notificationId),
    items.map(({ claim }) => claim.number),
    outcomes.map(({ kind }) => kind),
    outcomes.map((outcome) => reasonOf(outcome)),
    items.map(({ report }) => report.httpStatus ?? null),
    items.map(({ report }) => Math.round(report.durationMs)),
    items.map(({ report }) => report.responseBody),
    items.map(({ report }) => report.responseBytes),
    items.map(({ report }) => (report.responseHeaders === undefined ? null : headersJson(report.responseHeaders))),
    items.map(({ report }) => (report.errorDetail === undefined ? null : storableText(report.errorDetail))),
    items.map(({ next }) => next.kind),
    items.map(({ next }) => (next.kind === 'retry' ? next.delayMs : null)),
    items.map(({ next }) => (next.kind === 'retry' ? next.step : null)),
    items.map(({ next }) => (next.kind === 'failed' ? next.reason : null)),
  ];
}

function reasonOf(outcome: AttemptReport['outcome']): FailureReason | null {
  if (outcome.kind === 'accepted') return null;
  return outcome.kind === 'gone' ? 'GONE' : outcome.reason;
}

/** Postgres' text and jsonb take neither NUL nor half a surrogate pair; an endpoint may answer with both. */
function storableText(text: string): string {
  return Buffer.from(text.replaceAll('\0', '\u2400'), 'utf8').toString('utf8');
}

function headersJson(headers: Readonly<Record<string, string>>): string {
  const clean = Object.entries(headers).map(([name, value]) => [storableText(name), storableText(value)]);
  return JSON.stringify(Object.fromEntries(clean));
}
