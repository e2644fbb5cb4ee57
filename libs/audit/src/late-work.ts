/** What should have been asked for, or closed, long ago. */
import type { DataSource } from 'typeorm';
import { rowsOf } from '#postgres/transaction';

/** Durations in milliseconds. */
export interface LateRules {
  readonly graceMs: number;
  readonly askWaitMsMax: number;
  /** Beyond what the sweep itself allows. */
  readonly marginMs: number;
  readonly leaseGraceMs: number;
  /** Up to when `deliveries` and every tier have been read, milliseconds since the epoch; null: nobody knows. */
  readonly readToMs: number | null;
}

export interface LateNotification {
  readonly kind: 'OVERDUE' | 'LEASE_OVERDUE';
  readonly id: string;
  readonly tenant_id: string | null;
  readonly number: number;
  /** ISO 8601. */
  readonly since: string;
}

const rowsMax = 1_000;

/**
 * Pending notifications that are due, not claimed, and should have been asked for by the sweep before what has been read by
 * now, but those that are held, which wait for their endpoint; and claims that should have been closed. The oldest of each.
 * Throws a Failure.
 */
export async function findLate(dataSource: DataSource, rules: LateRules): Promise<readonly LateNotification[]> {
  const leases = await rowsOf<LateNotification>(
    dataSource,
    `SELECT 'LEASE_OVERDUE' AS kind, c.notification_id AS id, n.tenant_id, c.number, to_json(c.lease_until) #>> '{}' AS since
       FROM claims c LEFT JOIN LATERAL (SELECT n.tenant_id FROM notifications n WHERE n.id = c.notification_id OFFSET 0) AS n
              ON true
      WHERE c.lease_until < now() - $1::float8 * interval '1 millisecond' ORDER BY c.lease_until, c.notification_id LIMIT $2`,
    [rules.leaseGraceMs + rules.marginMs, rowsMax],
  );
  if (rules.readToMs === null) return leases;
  const overdue = await rowsOf<LateNotification>(
    dataSource,
    `SELECT 'OVERDUE' AS kind, n.id, n.tenant_id, n.next_number AS number, to_json(n.next_attempt_at) #>> '{}' AS since
       FROM notifications n
      WHERE n.next_attempt_at < to_timestamp(($1::float8 - $2 - $4) / 1000) AND n.state = 'pending'
        AND (n.asked_at IS NULL OR n.asked_at < to_timestamp(
              ($1::float8 - $4 - greatest($2::float8, least($2::float8 * power(2, least(n.ask_count, 30)), $3::float8))) / 1000))
        AND coalesce(n.waiting_reason, '') NOT IN ('CIRCUIT_OPEN', 'ENDPOINT_PAUSED', 'RATE_LIMITED', 'ENDPOINT_FULL')
        AND NOT EXISTS (SELECT FROM claims c WHERE c.notification_id = n.id)
      ORDER BY n.next_attempt_at, n.id LIMIT $5`,
    [rules.readToMs, rules.graceMs, rules.askWaitMsMax, rules.marginMs, rowsMax],
  );
  return [...leases, ...overdue];
}
