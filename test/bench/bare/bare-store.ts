import { createHash } from 'node:crypto';
import pg from 'pg';

/** One delivery as the bare loop knows it. */
export interface BareDelivery {
  readonly id: string;
  readonly endpoint: string;
  readonly number: number;
  readonly body: Buffer;
  readonly partition: number;
  readonly offset: string;
}

/** What came of a request. */
export interface BareOutcome {
  readonly delivery: BareDelivery;
  readonly status: number;
  readonly durationMs: number;
}

/** As many connections as an app has; plans are kept, and pinned as the apps pin theirs. */
const connections = 6;
const pinned = '-c enable_seqscan=off -c enable_mergejoin=off -c jit=off';
const leaseMs = 30_000;

/**
 * `begin` and `finish` are two statements a batch: notification and claim, then attempt, notification and claim again.
 * The whole path has three, as storing and sending are apart: `keep`, `claim` and `finish`. Each is one commit.
 */
export class BareStore {
  private readonly pool: pg.Pool;

  constructor(
    url: string,
    private readonly topic: string,
  ) {
    this.pool = new pg.Pool({ connectionString: url, max: connections, options: pinned });
  }

  /** The rows of the notifications and the claims of their first attempts. */
  async begin(batch: readonly BareDelivery[]): Promise<void> {
    await this.pool.query({ name: 'begin', text: beginStatement, values: this.rowsOf(batch) });
  }

  /** What the renderer stores: receipts, notifications and payloads. */
  async keep(batch: readonly BareDelivery[]): Promise<void> {
    await this.pool.query({
      name: 'keep',
      text: keepStatement,
      values: [...this.rowsOf(batch), batch.map(({ body }) => body)],
    });
  }

  /** What the dispatcher asks first. */
  async claim(batch: readonly BareDelivery[]): Promise<void> {
    await this.pool.query({ name: 'claim', text: claimStatement, values: [batch.map(({ id }) => id)] });
  }

  /** The finished attempts; the claims go, the notifications are sent. */
  async finish(batch: readonly BareOutcome[]): Promise<void> {
    await this.pool.query({
      name: 'finish',
      text: finishStatement,
      values: [
        batch.map(({ delivery }) => delivery.id),
        batch.map(({ status }) => (status >= 200 && status < 300 ? 'accepted' : 'failed')),
        batch.map(({ status }) => status),
        batch.map(({ durationMs }) => Math.round(durationMs)),
      ],
    });
  }

  async close(): Promise<void> {
    await this.pool.end();
  }

  private rowsOf(batch: readonly BareDelivery[]): unknown[] {
    return [
      batch.map(({ id }) => id),
      batch.map(({ number }) => `repayment-${number}`),
      batch.map(({ number }) => `clients/${number % 1_000}`),
      batch.map(({ endpoint }) => endpoint),
      batch.map(({ body }) => createHash('sha256').update(body).digest()),
      batch.map(({ body }) => body.length),
      batch.map(({ partition }) => partition),
      batch.map(({ offset }) => offset),
      this.topic,
    ];
  }
}

/** A time-ordered id from where the record stands, so that it lies in the partition of today. */
export function deliveryId(topic: string, partition: number, offset: string, timestampMs: number): string {
  const bytes = createHash('sha256').update(`${topic}\0${partition}\0${offset}`).digest().subarray(0, 16);
  bytes.writeUIntBE(Math.floor(timestampMs), 0, 6);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

const given = `unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::int[], $7::int[], $8::bigint[]`;
const givenColumns = 'id, event_id, subject, endpoint_id, sha256, bytes, partition, at';

/** The columns that the renderer fills, so that the same indexes are written. */
const insertRows = `
    INSERT INTO notifications (id, tenant_id, event_source, event_id, event_type, event_time, subject, template_id,
      template_version, endpoint_id, state, waiting_reason, payload_sha256, payload_bytes, source_topic, source_partition,
      source_offset, next_attempt_at)
    SELECT id, 'bench', '/lending/core', event_id, 'loan.repaid', now(), subject, 'to-' || endpoint_id, 1, endpoint_id,
      'pending', 'READY', sha256, bytes, $9, partition, at, now()
      FROM given ON CONFLICT (id) DO NOTHING`;

const claimColumns = 'notification_id, number, trigger, asked_by, url, endpoint_version, due_at, lease_until';

/** Of a row with id and endpoint_id: the columns that the dispatcher's claim fills. */
const claimOf = `id, 1, 'auto', 'renderer', 'http://127.0.0.1/' || endpoint_id, 1, now(), now() + interval '${leaseMs} milliseconds'`;

const beginStatement = `
  WITH given AS MATERIALIZED (SELECT * FROM ${given}) AS g(${givenColumns}) ORDER BY id),
  rows AS (${insertRows} RETURNING id, endpoint_id)
  INSERT INTO claims (${claimColumns}) SELECT ${claimOf} FROM rows ON CONFLICT (notification_id) DO NOTHING`;

const keepStatement = `
  WITH given AS MATERIALIZED (SELECT * FROM ${given}, $10::bytea[]) AS g(${givenColumns}, body) ORDER BY id),
  receipts AS (
    INSERT INTO event_receipts_a SELECT md5(event_id)::uuid, at FROM given ORDER BY 1 ON CONFLICT (event) DO NOTHING),
  rows AS (${insertRows} RETURNING id)
  INSERT INTO notification_payloads (id, method, content_type, body, sha256)
  SELECT id, 'POST', 'application/json', body, sha256 FROM given JOIN rows USING (id) ON CONFLICT (id) DO NOTHING`;

const claimStatement = `
  INSERT INTO claims (${claimColumns})
  SELECT ${claimOf} FROM notifications
   WHERE id = ANY($1::uuid[]) AND state = 'pending' AND next_number = 1 AND next_attempt_at <= now()
  ON CONFLICT (notification_id) DO NOTHING`;

const finishStatement = `
  WITH ended AS MATERIALIZED (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::int[], $4::int[]) AS e(id, outcome, status, duration_ms) ORDER BY id),
  freed AS (DELETE FROM claims c USING ended e WHERE c.notification_id = e.id AND c.number = 1 RETURNING c.*),
  kept AS (
    INSERT INTO attempts (notification_id, number, trigger, asked_by, url, endpoint_version, due_at, started_at,
      lease_until, finished_at, outcome, http_status, duration_ms, response_body, response_bytes, response_headers)
    SELECT f.notification_id, f.number, f.trigger, f.asked_by, f.url, f.endpoint_version, f.due_at, f.started_at,
      f.lease_until, now(), e.outcome, e.status, e.duration_ms, '', 0, '{"content-length": "0"}'
      FROM freed f JOIN ended e ON e.id = f.notification_id)
  UPDATE notifications n SET next_number = 2, attempt_count = 1, state = 'sent', waiting_reason = NULL,
      next_attempt_at = NULL, finished_at = now()
    FROM freed f WHERE n.id = f.notification_id AND n.next_number = f.number`;
