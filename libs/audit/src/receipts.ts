import { hash } from 'node:crypto';
import type { DataSource } from 'typeorm';
import type { TenantId } from '#domain/ids';
import { inTransaction, rowsOf } from '#postgres/transaction';

/** What names an event, given upstream. */
export interface EventIdentity {
  readonly tenantId: TenantId;
  readonly eventSource: string;
  readonly eventId: string;
}

/** A switch waits no longer than this for statements under way; the next round tries again. Milliseconds. */
const lockMsMax = 500;
/** Nor does a renderer wait for a scheduler that holds the lock and is not heard of, milliseconds. */
const silentMsMax = 5_000;

/**
 * The key of an event's receipt: the first half of SHA-256 over tenant, source and event id joined by 0x00, as a UUID.
 * Two events of one key would only share the time their ids begin with; the ids themselves stay apart.
 */
export function receiptKey({ tenantId, eventSource, eventId }: EventIdentity): string {
  const hex = hash('sha256', [tenantId, eventSource, eventId].join('\0'), 'hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

/**
 * Common table expressions that end in `receipts(event, first_ms)`: the time first seen of each event of
 * `given(event, time_ms)`, whose events are also the array parameter `events`. An event without one gets the time that
 * was given, in the generation that is written now. An event that another process stores in this instant is missing: the
 * statement is repeated.
 */
export function receiptExpressions(events: string): string {
  const known = (generation: string) =>
    `SELECT event, time_ms FROM event_receipts_${generation} WHERE event = ANY(${events}::uuid[])`;
  const store = (generation: string) =>
    `INSERT INTO event_receipts_${generation} SELECT event, time_ms FROM first_seen
      WHERE (SELECT writes_to FROM receipt_generation WHERE only_row) = '${generation}'
     ON CONFLICT (event) DO NOTHING RETURNING event, time_ms`;
  return `
    known AS MATERIALIZED (
      SELECT event, min(time_ms) AS time_ms FROM (${known('a')} UNION ALL ${known('b')}) AS both_generations
       GROUP BY event),
    first_seen AS MATERIALIZED (
      SELECT * FROM given g WHERE NOT EXISTS (SELECT FROM known k WHERE k.event = g.event) ORDER BY event),
    into_a AS (${store('a')}),
    into_b AS (${store('b')}),
    receipts AS MATERIALIZED (
      SELECT event, time_ms AS first_ms FROM known
      UNION ALL SELECT event, time_ms FROM into_a UNION ALL SELECT event, time_ms FROM into_b)`;
}

/** When a switch is allowed; all in milliseconds. */
export interface SwitchRule {
  /** `DEDUPE_WINDOW`: an event produced again within it makes no second notification. */
  readonly windowMs: number;
  /** Up to when every partition of the events topics is read and finished, since the epoch; null: not known of all. */
  readonly readToMs: number | null;
}

/**
 * Empties the older generation of receipts and writes to it from now on, if whatever could repeat one of its events has
 * been read: every events partition is finished past the older generation's last receipt plus the window. Answers whether
 * it switched. Running twice or on two schedulers switches once. Throws a Failure.
 */
export function switchReceipts(dataSource: DataSource, { windowMs, readToMs }: SwitchRule): Promise<boolean> {
  if (readToMs === null) return Promise.resolve(false);
  return inTransaction(dataSource, async (tx) => {
    const [row] = await rowsOf<{ writes_to: 'a' | 'b' }>(
      tx,
      `SELECT writes_to FROM receipt_generation
        WHERE only_row AND since + $1::float8 * interval '1 millisecond' < to_timestamp($2::float8 / 1000) FOR UPDATE`,
      [windowMs, readToMs],
    );
    if (row === undefined) return false;
    const older = row.writes_to === 'a' ? 'b' : 'a';
    await rowsOf(tx, `SET LOCAL lock_timeout = ${lockMsMax}`, []);
    await rowsOf(tx, `SET LOCAL idle_in_transaction_session_timeout = ${silentMsMax}`, []);
    await rowsOf(tx, 'LOCK TABLE event_receipts_a, event_receipts_b IN ACCESS EXCLUSIVE MODE', []);
    await rowsOf(tx, `TRUNCATE event_receipts_${older}`, []);
    await rowsOf(tx, 'UPDATE receipt_generation SET writes_to = $1, since = clock_timestamp()', [older]);
    return true;
  });
}
