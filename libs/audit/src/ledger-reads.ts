/** The books as operators see them. */
import type { DataSource } from 'typeorm';
import type { DifferenceKind } from '#domain/book-difference';
import { rowsOf } from '#postgres/transaction';

/** Numbers that may pass 32 bits come as text. */
export interface PartitionLedgerView {
  readonly topic: string;
  readonly partition: number;
  readonly first_offset: string;
  readonly committed: string | null;
  readonly log_start: string;
  readonly log_end: string;
  readonly matched: string;
  readonly unmatched: string;
  readonly duplicate: string;
  readonly parked: string;
  readonly gaps: string;
  readonly missing: string;
  readonly uncommitted: string;
  /** Of what is missing. */
  readonly accepted: string;
  readonly checked_at: Date;
}

export interface NotificationLedgerView {
  readonly created: string;
  readonly sent: string;
  readonly pending: string;
  readonly failed: string;
  readonly cancelled: string;
  readonly attempted: string;
  readonly waiting: string;
  readonly ended_without: string;
}

export interface BookCheckView {
  readonly line: 'events' | 'notifications';
  readonly checked_at: Date | null;
  readonly counted_at: Date | null;
  readonly unlisted: number;
  /** Not looked at within the last two minutes. */
  readonly is_stale: boolean;
}

export interface DifferenceView {
  readonly id: string;
  readonly kind: DifferenceKind;
  readonly tenant_id: string | null;
  readonly topic: string | null;
  readonly partition: number | null;
  readonly first_offset: string | null;
  readonly last_offset: string | null;
  readonly notification_id: string | null;
  readonly number: number | null;
  readonly detail: string;
  readonly first_seen_at: Date;
  readonly last_seen_at: Date;
  /** Microseconds since the epoch as text: with the id it is the place in a list. */
  readonly seen_us: string;
}

const staleSeconds = 120;
const none = `repeat('0', 4096)::bit(4096)`;
const verdicts = '(b.matched | b.unmatched | b.duplicate | b.parked)';
const columns = ['matched', 'unmatched', 'duplicate', 'parked', 'gaps'] as const;
const bitsOf = (column: (typeof columns)[number]) =>
  column === 'gaps' ? `(coalesce(b.gaps, ${none}) & ~${verdicts})` : `b.${column}`;
const counted = columns
  .map(
    (column) =>
      `coalesce(sum(bit_count(substring(${bitsOf(column)} FROM m.low + 1 FOR m.high - m.low))), 0) AS ${column}`,
  )
  .join(', ');
const summed = columns.map((column) => `l.${column} + s.${column} AS ${column}`).join(', ');

/** Each partition: Kafka's side as it was checked last, and the verdicts as they are. Throws a Failure. */
export function readPartitionLedgers(dataSource: DataSource): Promise<readonly PartitionLedgerView[]> {
  return rowsOf<PartitionLedgerView>(
    dataSource,
    `SELECT l.topic, l.partition, l.first_offset, l.committed, l.log_start, l.log_end, l.checked_at, ${summed}, s.uncommitted,
            greatest(coalesce(l.committed, l.first_offset) - l.first_offset, 0)
              - (${columns.map((column) => `l.${column} + s.${column}`).join(' + ')}) AS missing,
            coalesce((SELECT sum(d.last_offset - d.first_offset + 1) FROM book_differences d
                       WHERE d.topic = l.topic AND d.partition = l.partition AND d.resolved_at IS NULL
                         AND d.accepted_at IS NOT NULL AND d.kind IN ('SKIPPED_OFFSET', 'LOST_BEFORE_READ')), 0) AS accepted
       FROM book_ledgers l CROSS JOIN LATERAL (
              SELECT ${counted}, coalesce(sum(bit_count(substring(${verdicts} FROM m.high + 1))), 0) AS uncommitted
                FROM books b CROSS JOIN LATERAL (
                       SELECT p.low, greatest(p.low, least(coalesce(l.committed, 0) - b.page * 4096, 4096))::int AS high
                         FROM (SELECT greatest(l.first_offset - b.page * 4096, 0)::int AS low) AS p) AS m
               WHERE b.topic = l.topic AND b.partition = l.partition AND b.page >= l.closed_to / 4096) AS s
      ORDER BY l.topic, l.partition`,
    [],
  );
}

/** What the last pass counted, of one tenant or of all; null: none was counted. Throws a Failure. */
export async function readNotificationLedger(
  dataSource: DataSource,
  tenantId: string | null,
): Promise<NotificationLedgerView | null> {
  const fields = ['created', 'sent', 'pending', 'failed', 'cancelled', 'attempted', 'waiting', 'ended_without'];
  const [row] = await rowsOf<NotificationLedgerView>(
    dataSource,
    `SELECT ${fields.map((field) => `coalesce(sum(${field}), 0)::bigint AS ${field}`).join(', ')}
       FROM notification_ledgers WHERE $1::text IS NULL OR tenant_id = $1`,
    [tenantId],
  );
  return row ?? null;
}

/** When each line was looked at. Throws a Failure. */
export function readBookChecks(dataSource: DataSource): Promise<readonly BookCheckView[]> {
  return rowsOf<BookCheckView>(
    dataSource,
    `SELECT line, checked_at, counted_at, unlisted,
            coalesce(checked_at < now() - $1::int * interval '1 second', true) AS is_stale FROM book_checks`,
    [staleSeconds],
  );
}

const stands = `resolved_at IS NULL AND confirmed_at IS NOT NULL AND accepted_at IS NULL AND ($1::text IS NULL OR tenant_id = $1)`;

/** How many stand, of one tenant or of all. Throws a Failure. */
export async function countOpenDifferences(dataSource: DataSource, tenantId: string | null): Promise<number> {
  const statement = `SELECT count(*)::int AS n FROM book_differences WHERE ${stands}`;
  const [row] = await rowsOf<{ n: number }>(dataSource, statement, [tenantId]);
  return row?.n ?? 0;
}

/** Those that stand, oldest first. Throws a Failure. */
export function listOpenDifferences(
  dataSource: DataSource,
  tenantId: string | null,
  after: { readonly seenUs: string; readonly id: string } | null,
  rowsMax: number,
): Promise<readonly DifferenceView[]> {
  return rowsOf<DifferenceView>(
    dataSource,
    `SELECT id, kind, tenant_id, topic, partition, first_offset, last_offset, notification_id, number, detail, first_seen_at,
            last_seen_at, (extract(epoch FROM first_seen_at) * 1000000)::bigint AS seen_us
       FROM book_differences
      WHERE ${stands} AND ($2::bigint IS NULL
         OR (first_seen_at, id) > (timestamptz 'epoch' + $2::bigint * interval '1 microsecond', $3::uuid))
      ORDER BY first_seen_at, id LIMIT $4`,
    [tenantId, after?.seenUs ?? null, after?.id ?? null, rowsMax],
  );
}
