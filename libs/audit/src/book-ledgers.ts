/** Kafka's side of the first line, and the pages it is compared with. */
import type { DataSource } from 'typeorm';
import { joined, type OffsetRange, zerosOf } from '#domain/offset-ranges';
import { inTransaction, rowsOf } from '#postgres/transaction';

export interface PartitionKey {
  readonly topic: string;
  readonly partition: number;
}

/** A partition as it was last seen. */
export interface PartitionLedger extends PartitionKey {
  /** Where its books begin. */
  readonly first: bigint;
  readonly start: bigint;
  readonly end: bigint;
  /** Null: nothing was committed yet. */
  readonly committed: bigint | null;
  /** The first offset of a page: what lies below is in the closed counts, and pages below say nothing. */
  readonly closedTo: bigint;
}

/** Offsets of one row of `books`. */
export const pageOffsets = 4_096n;
/** Pages that one statement closes. */
const closedMax = 256n;

export function pageStart(offset: bigint): bigint {
  return offset - (offset % pageOffsets);
}

const none = `repeat('0', 4096)::bit(4096)`;
const verdictBits = '(b.matched | b.unmatched | b.duplicate | b.parked)';
const gapBits = `(coalesce(b.gaps, ${none}) & ~${verdictBits})`;
const knownBits = `coalesce(${verdictBits} | coalesce(b.gaps, ${none}), ${none})`;

interface LedgerRow extends PartitionKey {
  readonly first_offset: string;
  readonly log_start: string;
  readonly log_end: string;
  readonly committed: string | null;
  readonly closed_to: string;
}

/** Every partition that was ever seen. Throws a Failure. */
export async function loadLedgers(dataSource: DataSource): Promise<readonly PartitionLedger[]> {
  const statement = 'SELECT topic, partition, first_offset, log_start, log_end, committed, closed_to FROM book_ledgers';
  return (await rowsOf<LedgerRow>(dataSource, statement, [])).map((row) => ({
    ...{ topic: row.topic, partition: row.partition, first: BigInt(row.first_offset), start: BigInt(row.log_start) },
    ...{ end: BigInt(row.log_end), committed: row.committed === null ? null : BigInt(row.committed) },
    closedTo: BigInt(row.closed_to),
  }));
}

/**
 * The first look at a partition: its books begin with the first verdict there is, else with what the group reads next, else
 * with the log. What came before was never counted. Answers where. Throws a Failure.
 */
export async function beginLedger(dataSource: DataSource, seen: Omit<PartitionLedger, 'first' | 'closedTo'>) {
  const { topic, partition, start, end, committed } = seen;
  const [row] = await rowsOf<{ first: string }>(
    dataSource,
    `SELECT b.page * 4096 + position('1' IN ${verdictBits}::text) - 1 AS first
       FROM books b WHERE topic = $1 AND partition = $2 ORDER BY page LIMIT 1`,
    [topic, partition],
  );
  const next = committed ?? start;
  const first = row !== undefined && BigInt(row.first) < next ? BigInt(row.first) : next;
  await rowsOf(
    dataSource,
    `INSERT INTO book_ledgers (topic, partition, first_offset, log_start, log_end, committed, closed_to)
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
    [topic, partition, ...[first, start, end, committed, pageStart(first)].map((one) => one?.toString() ?? null)],
  );
  return { ...seen, first, closedTo: pageStart(first) };
}

/** Remembers how partitions were seen, in one statement; one that is not known any more stays so. Throws a Failure. */
export async function saveLedgers(
  dataSource: DataSource,
  seen: readonly Omit<PartitionLedger, 'first' | 'closedTo'>[],
): Promise<void> {
  if (seen.length === 0) return;
  await rowsOf(
    dataSource,
    `UPDATE book_ledgers l SET log_start = s.log_start, log_end = s.log_end,
            committed = coalesce(s.committed, l.committed), checked_at = now()
       FROM unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[], $5::bigint[])
              AS s(topic, partition, log_start, log_end, committed)
      WHERE l.topic = s.topic AND l.partition = s.partition`,
    [
      seen.map(({ topic }) => topic),
      seen.map(({ partition }) => partition),
      seen.map(({ start }) => String(start)),
      seen.map(({ end }) => String(end)),
      seen.map(({ committed }) => (committed === null ? null : String(committed))),
    ],
  );
}

/** Another log has taken the place of this one: its pages and counts say nothing of the new one. Throws a Failure. */
export function forgetPages(dataSource: DataSource, { topic, partition }: PartitionKey): Promise<void> {
  return inTransaction(dataSource, async (tx) => {
    for (const table of ['books', 'book_pass_pages'])
      await rowsOf(tx, `DELETE FROM ${table} WHERE topic = $1 AND partition = $2`, [topic, partition]);
    await rowsOf(
      tx,
      `UPDATE book_differences SET resolved_at = now()
        WHERE topic = $1 AND partition = $2 AND resolved_at IS NULL`,
      [topic, partition],
    );
  });
}

/** The books of a new log begin. Throws a Failure. */
export async function beginAnew(dataSource: DataSource, ledger: Omit<PartitionLedger, 'closedTo'>): Promise<void> {
  const { topic, partition, first, start, end } = ledger;
  await rowsOf(
    dataSource,
    `UPDATE book_ledgers SET first_offset = $3, log_start = $4, log_end = $5, committed = NULL, closed_to = $6,
            matched = 0, unmatched = 0, duplicate = 0, parked = 0, gaps = 0, checked_at = now()
      WHERE topic = $1 AND partition = $2`,
    [topic, partition, String(first), String(start), String(end), String(pageStart(first))],
  );
}

/** The offsets of a range that have neither a verdict nor are known to be gaps. Throws a Failure. */
export async function findHoles(
  dataSource: DataSource,
  { topic, partition }: PartitionKey,
  { from, to }: OffsetRange,
): Promise<readonly OffsetRange[]> {
  const rows = await rowsOf<{ first: string; known: string }>(
    dataSource,
    `SELECT p.page * 4096 + p.low AS first, p.known::text
       FROM (SELECT n.page, n.low, n.high - n.low AS size, substring(${knownBits} FROM n.low + 1 FOR n.high - n.low) AS known
               FROM (SELECT page, greatest($3::bigint - page * 4096, 0)::int AS low, least($4::bigint - page * 4096, 4096)::int AS high
                       FROM generate_series($3::bigint / 4096, ($4::bigint - 1) / 4096) AS page) AS n
                    LEFT JOIN books b ON b.topic = $1 AND b.partition = $2 AND b.page = n.page) AS p
      WHERE bit_count(p.known) < p.size ORDER BY p.page`,
    [topic, partition, String(from), String(to)],
  );
  return joined(rows.flatMap(({ first, known }) => zerosOf(known, BigInt(first))));
}

/** Remembers offsets that the log leaves out; doing it again changes nothing. Throws a Failure. */
export async function enterGaps(
  dataSource: DataSource,
  { topic, partition }: PartitionKey,
  offsets: readonly bigint[],
): Promise<void> {
  const pages = new Map<bigint, string[]>();
  for (const offset of offsets) {
    const page = offset / pageOffsets;
    const bits = pages.get(page) ?? new Array<string>(Number(pageOffsets)).fill('0');
    bits[Number(offset % pageOffsets)] = '1';
    pages.set(page, bits);
  }
  const sorted = [...pages].toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (sorted.length === 0) return;
  await rowsOf(
    dataSource,
    `INSERT INTO books AS b (topic, partition, page, matched, unmatched, duplicate, parked, gaps)
     SELECT $1, $2, page, ${none}, ${none}, ${none}, ${none}, bits::bit(4096)
       FROM unnest($3::bigint[], $4::text[]) AS new(page, bits) ORDER BY page
     ON CONFLICT (topic, partition, page) DO UPDATE SET gaps = coalesce(b.gaps, ${none}) | excluded.gaps`,
    [topic, partition, sorted.map(([page]) => String(page)), sorted.map(([, bits]) => bits.join(''))],
  );
}

const sums = ['matched', 'unmatched', 'duplicate', 'parked', 'gaps'] as const;
const bitsOf = (column: (typeof sums)[number]) => (column === 'gaps' ? gapBits : `coalesce(b.${column}, ${none})`);

/**
 * Moves the counts of whole pages into the partition's row, from the oldest on: pages in which nothing is missing, and those
 * below `lostTo`, which Kafka has deleted and whose holes are named. Then removes the pages of deleted offsets. Running it
 * twice at once counts once. Answers up to where it is closed. Throws a Failure.
 */
export async function closePages(
  dataSource: DataSource,
  { topic, partition, closedTo, committed, start }: PartitionLedger,
  lostTo: bigint,
): Promise<bigint> {
  const end = pageStart(committed ?? closedTo);
  let closed = closedTo;
  if (end > closedTo) {
    const most = closedTo + closedMax * pageOffsets;
    const [row] = await rowsOf<{ closed_to: string }>(dataSource, closeStatement, [
      ...[topic, partition, String(closedTo), String(end < most ? end : most), String(lostTo)],
    ]);
    if (row !== undefined) closed = BigInt(row.closed_to);
  }
  const gone = pageStart(start) < closed ? pageStart(start) : closed;
  const statement = 'DELETE FROM books WHERE topic = $1 AND partition = $2 AND page < $3::bigint / 4096';
  await rowsOf(dataSource, statement, [topic, partition, String(gone)]);
  return closed;
}

const closeStatement = `
  WITH pages AS (
    SELECT n.page, ${sums.map((column) => `bit_count(substring(${bitsOf(column)} FROM n.low + 1)) AS ${column}`).join(', ')},
           bit_count(substring(${knownBits} FROM n.low + 1)) = 4096 - n.low OR (n.page + 1) * 4096 <= $5::bigint AS is_whole
      FROM (SELECT l.page, greatest(g.first_offset - l.page * 4096, 0)::int AS low
              FROM book_ledgers g, generate_series($3::bigint / 4096, $4::bigint / 4096 - 1) AS l(page)
             WHERE g.topic = $1 AND g.partition = $2) AS n
           LEFT JOIN books b ON b.topic = $1 AND b.partition = $2 AND b.page = n.page),
  whole AS (
    SELECT * FROM (SELECT *, bool_and(is_whole) OVER (ORDER BY page) AS all_before FROM pages) AS p WHERE all_before),
  counts AS (
    SELECT (max(page) + 1) * 4096 AS closed_to, ${sums.map((column) => `coalesce(sum(${column}), 0) AS ${column}`).join(', ')}
      FROM whole)
  UPDATE book_ledgers l SET closed_to = c.closed_to, ${sums.map((column) => `${column} = l.${column} + c.${column}`).join(', ')}
    FROM counts c WHERE l.topic = $1 AND l.partition = $2 AND l.closed_to = $3::bigint AND c.closed_to IS NOT NULL
  RETURNING l.closed_to`;
