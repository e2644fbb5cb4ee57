import type { DataSource } from 'typeorm';
import type { AskedBy } from '#contracts/delivery-record';
import type { NotificationId, ResendItemId } from '#domain/ids';
import { MicroBatcher } from '#domain/micro-batcher';
import { type PatientBatchDeps, patientBatch } from '#postgres/patient-batch';

/** Asks for the right to make one attempt. */
export interface ClaimRequest {
  readonly notificationId: NotificationId;
  /** The attempt's number; null for a re-send item, whose number is the notification's next. */
  readonly number: number | null;
  readonly resendItem: ResendItemId | null;
  readonly askedBy: AskedBy;
  /** Where it will be sent, as it is kept in the history. */
  readonly url: string;
  readonly urlVersion: number;
  /** How long the right is held, in milliseconds: the attempt's total deadline and a margin. */
  readonly leaseMs: number;
}

/** The right to make one attempt, held until the lease ends. */
export interface Claim {
  readonly notificationId: NotificationId;
  /** From 1, without gaps. */
  readonly number: number;
  readonly trigger: 'auto' | 'manual';
  /** Entries of the retry schedule used up. */
  readonly step: number;
  /** Milliseconds since the notification was created, on Postgres' clock. */
  readonly ageMs: number;
  /** Null for a notification that never had a payload. */
  readonly payloadSha256: Buffer | null;
  /** The lease's end on this process' monotonic clock, counted from before it was asked: never later than Postgres' own. */
  readonly leaseEndsMonotonicMs: number;
}

/** What became of a request: ours, another's or done long ago, or too early. */
export type ClaimAnswer =
  | { readonly kind: 'claimed'; readonly claim: Claim }
  | { readonly kind: 'gone' }
  /** `isHeld`: a hold made it wait, and another record or the row alone brings it back. */
  | { readonly kind: 'not-due'; readonly waitMs: number; readonly dueMs: number; readonly isHeld: boolean };

interface Answer {
  readonly place: string;
  readonly number: number | null;
  readonly trigger: 'auto' | 'manual' | null;
  readonly step: number | null;
  readonly age_ms: string | null;
  readonly sha256: Buffer | null;
  readonly due_in_ms: string | null;
  readonly due_ms: string | null;
  readonly is_held: boolean | null;
}

/** Opens claims, many in one statement. A repeated request (two records for one attempt) is let through once. */
export class ClaimStore {
  private readonly automatic: MicroBatcher<ClaimRequest, ClaimAnswer>;
  private readonly manual: MicroBatcher<ClaimRequest, ClaimAnswer>;

  constructor(
    private readonly dataSource: DataSource,
    private readonly deps: PatientBatchDeps,
  ) {
    const batcher = (statement: string) =>
      new MicroBatcher<ClaimRequest, ClaimAnswer>(
        (items) => patientBatch(items, (batch) => this.openBatch(statement, batch), deps),
        { itemsMax: 500, flushesMax: 2 },
      );
    this.automatic = batcher(openAutomatic);
    this.manual = batcher(openManual);
  }

  /** Waits while Postgres is away; an answer is then as true as when it was given. */
  open(request: ClaimRequest): Promise<ClaimAnswer> {
    return (request.resendItem === null ? this.automatic : this.manual).add(request);
  }

  private async openBatch(statement: string, requests: readonly ClaimRequest[]): Promise<readonly ClaimAnswer[]> {
    const askedMonotonicMs = this.deps.clock.monotonicMs();
    const order = requests.map((_, i) => i).sort((a, b) => (idAt(requests, a) < idAt(requests, b) ? -1 : 1));
    const sorted = order.map((i) => requests[i] as ClaimRequest);
    const answers: readonly Answer[] = await this.dataSource.query(statement, [
      sorted.map(({ notificationId }) => notificationId),
      sorted.map(({ number }) => number),
      sorted.map(({ resendItem }) => resendItem),
      sorted.map(({ askedBy }) => askedBy),
      sorted.map(({ url }) => url),
      sorted.map(({ urlVersion }) => urlVersion),
      sorted.map(({ leaseMs }) => leaseMs),
    ]);
    const result = new Array<ClaimAnswer>(requests.length).fill({ kind: 'gone' });
    for (const answer of answers) {
      const place = Number(answer.place) - 1;
      const request = sorted[place] as ClaimRequest;
      result[order[place] as number] = answerTo(request, answer, askedMonotonicMs + request.leaseMs);
    }
    return result;
  }
}

/** The row is locked before it is judged, so that a finish in the same instant is seen: no attempt is made twice. */
const asked = `
  asked AS MATERIALIZED (
    SELECT * FROM unnest($1::uuid[], $2::int[], $3::uuid[], $4::text[], $5::text[], $6::int[], $7::float8[])
      WITH ORDINALITY AS a(id, number, resend_item, asked_by, url, url_version, lease_ms, place))`;

const openAutomatic = `
  WITH ${asked},
  ready AS MATERIALIZED (
    SELECT a.place, n.id, n.next_number, n.step, n.created_at, n.payload_sha256, n.next_attempt_at,
           n.waiting_reason IN ('CIRCUIT_OPEN', 'ENDPOINT_PAUSED', 'RATE_LIMITED', 'ENDPOINT_FULL') AS is_held
      FROM asked a JOIN notifications n ON n.id = a.id
     WHERE n.state = 'pending' AND n.next_number = a.number
     ORDER BY n.id, a.place FOR NO KEY UPDATE OF n),
  opened AS (
    INSERT INTO claims (notification_id, number, trigger, asked_by, url, endpoint_version, due_at, lease_until)
    SELECT DISTINCT ON (r.id) r.id, r.next_number, 'auto', a.asked_by, a.url, a.url_version, r.next_attempt_at,
           now() + a.lease_ms * interval '1 millisecond'
      FROM ready r JOIN asked a USING (place) WHERE r.next_attempt_at <= now() ORDER BY r.id, place
    ON CONFLICT (notification_id) DO NOTHING RETURNING notification_id)
  SELECT r.place, CASE WHEN o.notification_id IS NOT NULL THEN r.next_number END AS number, 'auto' AS trigger, r.step,
         extract(epoch FROM now() - r.created_at) * 1000 AS age_ms, r.payload_sha256 AS sha256,
         ceil(extract(epoch FROM r.next_attempt_at - now()) * 1000) AS due_in_ms,
         ceil(extract(epoch FROM r.next_attempt_at) * 1000) AS due_ms, r.is_held
    FROM ready r LEFT JOIN opened o ON o.notification_id = r.id
      AND r.place = (SELECT min(first.place) FROM ready first WHERE first.id = r.id)`;

/** While another claim is open the item stays requested and is asked again. */
const openManual = `
  WITH ${asked},
  ready AS MATERIALIZED (
    SELECT a.place, n.id, n.next_number, n.step, n.created_at, n.payload_sha256, i.id AS item, j.principal
      FROM asked a JOIN resend_job_items i ON i.id = a.resend_item JOIN resend_jobs j ON j.id = i.job_id
      JOIN notifications n ON n.id = i.notification_id
     WHERE i.state = 'requested' AND n.payload_sha256 IS NOT NULL
     ORDER BY n.id, a.place FOR NO KEY UPDATE OF n, i),
  opened AS (
    INSERT INTO claims (notification_id, number, trigger, asked_by, requested_by, resend_item, url, endpoint_version, lease_until)
    SELECT DISTINCT ON (r.id) r.id, r.next_number, 'manual', a.asked_by, r.principal, r.item, a.url, a.url_version,
           now() + a.lease_ms * interval '1 millisecond'
      FROM ready r JOIN asked a USING (place) ORDER BY r.id, place
    ON CONFLICT (notification_id) DO NOTHING RETURNING notification_id, number, resend_item),
  marked AS (
    UPDATE resend_job_items i SET state = 'claimed', number = o.number FROM opened o WHERE i.id = o.resend_item)
  SELECT r.place, r.next_number AS number, 'manual' AS trigger, r.step,
         extract(epoch FROM now() - r.created_at) * 1000 AS age_ms, r.payload_sha256 AS sha256,
         NULL AS due_in_ms, NULL AS due_ms, false AS is_held
    FROM ready r JOIN opened o ON o.resend_item = r.item
   WHERE r.place = (SELECT min(first.place) FROM ready first WHERE first.id = r.id)`;

function answerTo(request: ClaimRequest, answer: Answer, leaseEndsMonotonicMs: number): ClaimAnswer {
  if (answer.number === null) {
    const waitMs = Number(answer.due_in_ms);
    if (waitMs <= 0) return { kind: 'gone' };
    return { kind: 'not-due', waitMs, dueMs: Number(answer.due_ms), isHeld: answer.is_held === true };
  }
  return {
    kind: 'claimed',
    claim: {
      notificationId: request.notificationId,
      number: answer.number,
      trigger: answer.trigger ?? 'auto',
      step: answer.step ?? 0,
      ageMs: Number(answer.age_ms),
      payloadSha256: answer.sha256,
      leaseEndsMonotonicMs,
    },
  };
}

function idAt(requests: readonly ClaimRequest[], i: number): string {
  return requests[i]?.notificationId ?? '';
}
