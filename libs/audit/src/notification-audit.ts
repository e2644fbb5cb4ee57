/** The second line of the books, from the rows themselves: each statement sees one snapshot, so what it finds did differ. */
import type { DataSource } from 'typeorm';
import type { JudgedCourse } from '#domain/book-difference';
import { rowsOf } from '#postgres/transaction';

/** What was left behind by a notification that is not there. */
export interface Orphan {
  readonly id: string;
  /** E.g. `an attempt`. */
  readonly left: string;
}

/** How notifications of one tenant stand: created = sent + pending + failed + cancelled = attempted + waiting + endedWithout. */
export interface NotificationCounts {
  readonly created: number;
  readonly sent: number;
  readonly pending: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Attempt 1 was begun. */
  readonly attempted: number;
  /** For attempt 1. */
  readonly waiting: number;
  /** Ended before attempt 1. */
  readonly endedWithout: number;
}

/** Offsets of one partition that have notifications. */
export interface SourceOffsets {
  readonly topic: string;
  readonly partition: number;
  /** Comma separated. */
  readonly offsets: string;
}

/** What one statement read. */
export interface AuditedChunk {
  readonly rows: number;
  /** The least id that was looked at. */
  readonly low: string;
  readonly orphans: readonly Orphan[];
  readonly courses: readonly JudgedCourse[];
  readonly counts: readonly (NotificationCounts & { readonly tenant: string })[];
  readonly sources: readonly SourceOffsets[];
}

/** The next notifications below an id. */
export interface ChunkQuery {
  /** The first id of the day, included. */
  readonly from: string;
  /** Not included. */
  readonly below: string;
  readonly rowsMax: number;
  /** Whether payloads of this day are kept. */
  readonly payloadsKept: boolean;
}

/** Faults that one statement answers: whoever has more reads them with the next pass. */
const faultsMax = 1_000;

interface ChunkRow {
  readonly rows: number;
  readonly low: string;
  readonly orphans: readonly Orphan[] | null;
  readonly courses: readonly JudgedCourse[] | null;
  readonly counts: AuditedChunk['counts'] | null;
  readonly sources: readonly SourceOffsets[] | null;
}

/**
 * Looks through the next notifications by falling id, and through whatever has ids between them. Two keys are merged in
 * their order; bodies are not read. Throws a Failure.
 */
export async function auditChunk(dataSource: DataSource, query: ChunkQuery): Promise<AuditedChunk> {
  const { from, below, rowsMax, payloadsKept } = query;
  const [row] = await rowsOf<ChunkRow>(dataSource, chunkStatement, [from, below, rowsMax, payloadsKept]);
  return {
    ...{ rows: row?.rows ?? 0, low: row?.low ?? from, orphans: row?.orphans ?? [], courses: row?.courses ?? [] },
    ...{ counts: row?.counts ?? [], sources: row?.sources ?? [] },
  };
}

/** The same of single notifications. Throws a Failure. */
export async function auditNotifications(
  dataSource: DataSource,
  ids: readonly string[],
): Promise<Pick<AuditedChunk, 'orphans' | 'courses'>> {
  if (ids.length === 0) return { orphans: [], courses: [] };
  const [row] = await rowsOf<ChunkRow>(dataSource, idsStatement, [ids]);
  return { orphans: row?.orphans ?? [], courses: row?.courses ?? [] };
}

const ofNotification = `id, tenant_id, state, next_number, attempt_count, failure_reason, source_topic, source_partition,
  source_offset, payload_sha256 IS NOT NULL AS is_rendered`;

/** `of`: which keys are looked at. */
const related = (of: (key: string) => string) => `
  a AS MATERIALIZED (
    SELECT notification_id AS id, count(*)::int AS attempts, min(number) AS least, max(number) AS most,
           bool_or(outcome = 'accepted') AS accepted
      FROM attempts WHERE ${of('notification_id')} GROUP BY notification_id),
  c AS MATERIALIZED (SELECT notification_id AS id, number FROM claims WHERE ${of('notification_id')}),
  p AS MATERIALIZED (SELECT id FROM notification_payloads WHERE ${of('id')}),
  r AS MATERIALIZED (SELECT DISTINCT notification_id AS id FROM resend_job_items WHERE ${of('notification_id')}),
  orphans AS (
    SELECT id, min(left_over) AS left
      FROM (SELECT id, 'an attempt' AS left_over FROM a UNION ALL SELECT id, 'an open claim' FROM c
            UNION ALL SELECT id, 'a payload' FROM p UNION ALL SELECT id, 'a re-send' FROM r) AS found
     WHERE NOT EXISTS (SELECT FROM n WHERE n.id = found.id) GROUP BY id),
  whole AS MATERIALIZED (
    SELECT n.*, coalesce(a.attempts, 0) AS attempts, coalesce(a.most, 0) AS most, coalesce(a.accepted, false) AS accepted,
           coalesce(a.least, c.number) IS NOT NULL AS is_attempted, n.is_rendered AND p.id IS NULL AS lacks_payload
      FROM n LEFT JOIN a USING (id) LEFT JOIN c USING (id) LEFT JOIN p USING (id))`;

const courses = (payloadsKept: string) => `
  (SELECT json_agg(json_build_object('id', w.id, 'tenant_id', w.tenant_id, 'state', w.state, 'next_number', w.next_number,
            'attempt_count', w.attempt_count, 'accepted', w.accepted, 'lacks_payload', w.lacks_payload AND ${payloadsKept},
            'numbers', ARRAY(SELECT t.number FROM attempts t WHERE t.notification_id = w.id ORDER BY t.number)))
     FROM (SELECT * FROM whole
            WHERE attempts <> next_number - 1 OR most <> next_number - 1 OR attempt_count <> next_number - 1
               OR (state = 'sent' AND NOT accepted)
               OR (lacks_payload AND ${payloadsKept} AND failure_reason IS DISTINCT FROM 'PAYLOAD_ERASED')
            LIMIT ${faultsMax}) AS w) AS courses`;
const orphans = `(SELECT json_agg(o) FROM (SELECT * FROM orphans LIMIT ${faultsMax}) AS o) AS orphans`;

const inChunk = (key: string) => `${key} >= $1::uuid AND ${key} < $2::uuid AND ${key} >= (SELECT low FROM edge)`;
const countOf = (name: string, condition: string) => `'${name}', count(*) FILTER (WHERE ${condition})`;

const chunkStatement = `
  WITH n AS MATERIALIZED (
    SELECT ${ofNotification} FROM notifications WHERE id >= $1::uuid AND id < $2::uuid ORDER BY id DESC LIMIT $3),
  edge AS MATERIALIZED (
    SELECT CASE WHEN (SELECT count(*) FROM n) < $3 THEN $1::uuid ELSE (SELECT id FROM n ORDER BY id LIMIT 1) END AS low),
  ${related(inChunk)}
  SELECT (SELECT count(*)::int FROM n) AS rows, (SELECT low FROM edge) AS low, ${orphans}, ${courses('$4::boolean')},
    (SELECT json_agg(counts) FROM (
       SELECT json_build_object('tenant', tenant_id, 'created', count(*),
                ${countOf('sent', `state = 'sent'`)}, ${countOf('pending', `state = 'pending'`)},
                ${countOf('failed', `state = 'failed'`)}, ${countOf('cancelled', `state = 'cancelled'`)},
                ${countOf('attempted', 'is_attempted')},
                ${countOf('waiting', `NOT is_attempted AND state = 'pending'`)},
                ${countOf('endedWithout', `NOT is_attempted AND state <> 'pending'`)}) AS counts
         FROM whole GROUP BY tenant_id) AS t) AS counts,
    (SELECT json_agg(json_build_object('topic', source_topic, 'partition', source_partition, 'offsets', offsets))
       FROM (SELECT source_topic, source_partition, string_agg(source_offset::text, ',') AS offsets
               FROM n GROUP BY source_topic, source_partition) AS s) AS sources`;

const idsStatement = `
  WITH n AS MATERIALIZED (SELECT ${ofNotification} FROM notifications WHERE id = ANY($1::uuid[])),
  ${related((key) => `${key} = ANY($1::uuid[])`)}
  SELECT 0 AS rows, NULL AS low, ${orphans}, ${courses('true')}, NULL AS counts, NULL AS sources`;

/** Where an event stands in Kafka, and how its notifications are found. */
export interface EventPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly tenantId: string;
  readonly eventId: string;
}

/** Which of these events have a notification that came of just this record, in the order given. Throws a Failure. */
export async function haveNotifications(
  dataSource: DataSource,
  places: readonly EventPlace[],
): Promise<readonly boolean[]> {
  if (places.length === 0) return [];
  const rows = await rowsOf<{ found: boolean }>(
    dataSource,
    `SELECT EXISTS (SELECT FROM notifications n
               WHERE n.tenant_id = e.tenant_id AND n.event_id = e.event_id AND n.source_topic = e.topic
                 AND n.source_partition = e.partition AND n.source_offset = e."offset") AS found
       FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::bigint[])
              WITH ORDINALITY AS e(tenant_id, event_id, topic, partition, "offset", place)
      ORDER BY e.place`,
    [
      places.map(({ tenantId }) => tenantId),
      places.map(({ eventId }) => eventId),
      places.map(({ topic }) => topic),
      places.map(({ partition }) => partition),
      places.map(({ offset }) => String(offset)),
    ],
  );
  return rows.map(({ found }) => found);
}

/** Offsets whose verdict is `matched`, of one page of one partition. */
export interface MatchedPage {
  readonly topic: string;
  readonly partition: number;
  readonly first: bigint;
  /** A bit for each offset, the first one in the highest place of the first byte. */
  readonly bits: Buffer;
}

/**
 * The newest pages of each partition that are not closed or deleted, the newest of all partitions first, without what
 * operators were told when only a few of each are asked for. Throws a Failure.
 */
export async function matchedPages(
  dataSource: DataSource,
  pagesMax: number,
  ofEachMax: number | null,
): Promise<readonly MatchedPage[]> {
  const ofAll = `SELECT topic, partition, page, matched, row_number() OVER (PARTITION BY topic, partition ORDER BY page DESC) AS place
    FROM books`;
  const ofEach = `SELECT l.topic, l.partition, b.page, b.matched, b.place FROM book_ledgers l CROSS JOIN LATERAL (
    SELECT page, matched, row_number() OVER (ORDER BY page DESC) AS place FROM books
     WHERE topic = l.topic AND partition = l.partition ORDER BY page DESC LIMIT $2) AS b`;
  const rows = await rowsOf<{ topic: string; partition: number; page: string; bits: Buffer }>(
    dataSource,
    `SELECT topic, partition, page, substring(bit_send(matched) FROM 5) AS bits
       FROM (${ofEachMax === null ? ofAll : ofEach}) AS newest ORDER BY place, topic, partition LIMIT $1`,
    [pagesMax, ...(ofEachMax === null ? [] : [ofEachMax])],
  );
  return rows.map(({ topic, partition, page, bits }) => ({ topic, partition, first: BigInt(page) * 4_096n, bits }));
}

/**
 * Rows that were ever deleted, as Postgres counts them since its statistics began, of the tables from which nothing is
 * deleted but with a partition; what an aborted statement deleted is in it. Some seconds late. Throws a Failure.
 */
export async function deletedRows(dataSource: DataSource): Promise<number> {
  const [row] = await rowsOf<{ n: string }>(
    dataSource,
    `SELECT coalesce(sum(pg_stat_get_tuples_deleted(inhrelid)), 0) AS n FROM pg_inherits
      WHERE inhparent IN ('notifications'::regclass, 'notification_payloads'::regclass, 'attempts'::regclass)`,
    [],
  );
  return Number(row?.n ?? 0);
}
