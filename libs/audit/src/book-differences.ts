/**
 * Where the two sides of the books differ. What is found once is only suspected: work may be under way. Found again after a
 * while it is confirmed, told once, and stands until a look finds it no more. Rows are few, so a process may die anywhere:
 * the next look goes on with what is stored.
 */
import type { DataSource } from 'typeorm';
import { type BookDifference, type DifferenceKind, identityOf } from '#domain/book-difference';
import { rowsOf, type Transaction } from '#postgres/transaction';

/** Open ones; what is found beyond them is only counted. */
export const openMax = 10_000;
const keptDays = 30;
const keptMax = 10_000;

/** One that stands. */
export interface OpenDifference extends BookDifference {
  readonly id: string;
}

interface DifferenceRow {
  readonly id: string;
  readonly kind: DifferenceKind;
  readonly tenant_id: string | null;
  readonly topic: string | null;
  readonly partition: number | null;
  readonly first_offset: string | null;
  readonly last_offset: string | null;
  readonly notification_id: string | null;
  readonly number: number | null;
  readonly event_id: string | null;
  readonly event_day_ms: string | null;
  readonly detail: string;
}

const columns = `d.id, d.kind, d.tenant_id, d.topic, d.partition, d.first_offset, d.last_offset, d.notification_id, d.number,
  d.event_id, d.event_day_ms, d.detail`;

function openOf(row: DifferenceRow): OpenDifference {
  const { id, kind, topic, partition, number, detail } = row;
  const [first, last] = [row.first_offset, row.last_offset];
  const day = row.event_day_ms;
  const isPlace = topic !== null && partition !== null && first !== null && last !== null;
  return {
    ...{ id, kind, number, detail, tenantId: row.tenant_id, notificationId: row.notification_id },
    ...{
      ...{ eventId: row.event_id, eventDayMs: day === null ? null : Number(day) },
      offsets: isPlace ? { topic, partition, first: BigInt(first), last: BigInt(last) } : null,
    },
  };
}

/** Open ones of some kinds, those first that were looked at longest ago. Throws a Failure. */
export async function openDifferences(
  dataSource: DataSource,
  kinds: readonly DifferenceKind[],
  rowsMax = openMax,
): Promise<readonly OpenDifference[]> {
  const statement = `SELECT ${columns} FROM book_differences d
    WHERE resolved_at IS NULL AND kind = ANY($1::text[]) ORDER BY last_seen_at, id LIMIT $2`;
  return (await rowsOf<DifferenceRow>(dataSource, statement, [kinds, rowsMax])).map(openOf);
}

/**
 * Stores what was found; what is open already was seen again. Answers how many had no place. Throws a Failure.
 *
 * @param confirmMs between the first look and the one that confirms.
 */
export async function noteDifferences(
  dataSource: DataSource,
  found: readonly BookDifference[],
  confirmMs: number,
): Promise<number> {
  if (found.length === 0) return 0;
  const byIdentity = new Map(found.map((one) => [identityOf(one), one]));
  const sorted = [...byIdentity].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const of = <T>(field: (one: BookDifference) => T) => sorted.map(([, one]) => field(one));
  const rows = await rowsOf(dataSource, noteStatement, [
    sorted.map(([identity]) => identity),
    of(({ kind }) => kind),
    of(({ tenantId }) => tenantId),
    of(({ offsets }) => offsets?.topic ?? null),
    of(({ offsets }) => offsets?.partition ?? null),
    of(({ offsets }) => offsets?.first.toString() ?? null),
    of(({ offsets }) => offsets?.last.toString() ?? null),
    of(({ notificationId }) => notificationId),
    of(({ number }) => number),
    of(({ eventId }) => eventId),
    of(({ detail }) => detail),
    of(({ eventDayMs }) => eventDayMs ?? null),
    confirmMs,
    openMax,
  ]);
  return sorted.length - rows.length;
}

const noteStatement = `
  WITH given AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[], $6::bigint[], $7::bigint[], $8::uuid[],
        $9::int[], $10::text[], $11::text[], $12::bigint[])
      AS g(identity, kind, tenant_id, topic, partition, first_offset, last_offset, notification_id, number, event_id, detail,
        event_day_ms)),
  known AS (
    SELECT g.*, EXISTS (SELECT FROM book_differences d WHERE d.identity = g.identity AND d.resolved_at IS NULL) AS is_open
      FROM given g),
  taken AS (
    SELECT *, row_number() OVER (PARTITION BY is_open ORDER BY identity) AS place FROM known)
  INSERT INTO book_differences AS d (identity, kind, tenant_id, topic, partition, first_offset, last_offset, notification_id,
      number, event_id, detail, event_day_ms)
  SELECT identity, kind, tenant_id, topic, partition, first_offset, last_offset, notification_id, number, event_id, detail,
         event_day_ms
    FROM taken
   WHERE is_open OR place <= $14::int - (SELECT count(*) FROM book_differences WHERE resolved_at IS NULL)
   ORDER BY identity
  ON CONFLICT (identity) WHERE resolved_at IS NULL DO UPDATE
    SET last_seen_at = now(), last_offset = excluded.last_offset, detail = excluded.detail,
        confirmed_at = coalesce(d.confirmed_at,
          CASE WHEN now() - d.first_seen_at >= $13::float8 * interval '1 millisecond' THEN now() END)
  RETURNING d.id`;

/** What was open and is found no more. Answers how many of them had been confirmed. Throws a Failure. */
export async function resolveDifferences(dataSource: DataSource, ids: readonly string[]): Promise<number> {
  if (ids.length === 0) return 0;
  const rows = await rowsOf<{ confirmed: boolean }>(
    dataSource,
    `UPDATE book_differences SET resolved_at = now() WHERE id = ANY($1::uuid[]) AND resolved_at IS NULL
     RETURNING confirmed_at IS NOT NULL AS confirmed`,
    [ids],
  );
  return rows.filter(({ confirmed }) => confirmed).length;
}

/** One that operators were not told of yet. */
export interface UntoldDifference extends OpenDifference {
  /** It is about what they were told before: told of it too, they could be told without end. */
  readonly isEcho: boolean;
}

/** Those that were confirmed and not told yet, the oldest. Throws a Failure. */
export async function untoldDifferences(
  dataSource: DataSource,
  operatorEventsTopic: string,
  rowsMax: number,
): Promise<readonly UntoldDifference[]> {
  const rows = await rowsOf<DifferenceRow & { readonly is_echo: boolean }>(
    dataSource,
    `SELECT ${columns}, coalesce(d.topic = $2, false) OR EXISTS (
              SELECT FROM notifications n WHERE n.id = d.notification_id AND n.source_topic = $2) AS is_echo
       FROM book_differences d WHERE resolved_at IS NULL AND confirmed_at IS NOT NULL AND told_at IS NULL
      ORDER BY confirmed_at, id LIMIT $1`,
    [rowsMax, operatorEventsTopic],
  );
  return rows.map((row) => ({ ...openOf(row), isEcho: row.is_echo }));
}

/** They are not told again. Throws a Failure. */
export async function markTold(dataSource: DataSource, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await rowsOf(
    dataSource,
    'UPDATE book_differences SET told_at = now() WHERE id = ANY($1::uuid[]) AND told_at IS NULL',
    [ids],
  );
}

/** How many of each kind stand. Throws a Failure. */
export async function countDifferences(dataSource: DataSource): Promise<ReadonlyMap<string, number>> {
  const rows = await rowsOf<{ kind: string; n: number }>(
    dataSource,
    `SELECT kind, count(*)::int AS n FROM book_differences
      WHERE resolved_at IS NULL AND confirmed_at IS NOT NULL AND accepted_at IS NULL GROUP BY kind`,
    [],
  );
  return new Map(rows.map(({ kind, n }) => [kind, n]));
}

/** Forgets what was resolved long ago, and at once what was never confirmed. Throws a Failure. */
export async function forgetResolved(dataSource: DataSource): Promise<void> {
  await rowsOf(
    dataSource,
    `DELETE FROM book_differences
      WHERE resolved_at IS NOT NULL
        AND (confirmed_at IS NULL OR resolved_at < now() - $1::int * interval '1 day'
             OR resolved_at < (SELECT resolved_at FROM book_differences WHERE resolved_at IS NOT NULL
                                ORDER BY resolved_at DESC OFFSET $2 LIMIT 1))`,
    [keptDays, keptMax],
  );
}

/**
 * An operator knows of it: it stands no more, but is found again as the same one. Answers what it is, and whether it was
 * accepted just now; null when none is open under this id. Throws a Failure.
 */
export async function acceptDifference(tx: Transaction, id: string) {
  const [row] = await rowsOf<{ tenant_id: string | null; is_new: boolean }>(
    tx,
    `WITH found AS (
       SELECT id, accepted_at IS NULL AS is_new FROM book_differences
        WHERE id = $1 AND resolved_at IS NULL AND confirmed_at IS NOT NULL FOR UPDATE)
     UPDATE book_differences d SET accepted_at = coalesce(d.accepted_at, now())
       FROM found f WHERE d.id = f.id RETURNING d.tenant_id, f.is_new`,
    [id],
  );
  return row === undefined ? null : { tenantId: row.tenant_id, isNew: row.is_new };
}
