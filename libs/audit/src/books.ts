import type { DataSource } from 'typeorm';
import { MicroBatcher } from '#domain/micro-batcher';
import { type PatientBatchDeps, patientBatch } from '#postgres/patient-batch';
import { storeFailure } from '#postgres/store-failure';

/** What became of one record of an events topic. */
export type Verdict = 'matched' | 'unmatched' | 'duplicate' | 'parked';

/** One record's line in the books. */
export interface BookEntry {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly verdict: Verdict;
}

/** The first line of the books: events read = matched + unmatched + duplicate + parked, of one partition. */
export interface PartitionBooks {
  readonly topic: string;
  readonly partition: number;
  readonly matched: number;
  readonly unmatched: number;
  readonly duplicate: number;
  readonly parked: number;
}

/** The second line: notifications created = sent + pending + failed + cancelled. */
export interface NotificationBooks {
  readonly created: number;
  readonly sent: number;
  readonly pending: number;
  readonly failed: number;
  readonly cancelled: number;
}

const verdicts: readonly Verdict[] = ['matched', 'unmatched', 'duplicate', 'parked'];
/**
 * Nothing waits for the books but the record's offset, which is committed each second: a statement may gather more of them
 * than one on a delivery's way. No more than `enough`, though: until then the event is held in memory.
 */
const linger = { maxMs: 250, enough: 64 };
/** Offsets of one row; the table's bit strings have this length. */
const pageOffsets = 4_096n;

/**
 * The books count every offset of the events topics exactly once: four bits stand for it, and an offset that has its
 * verdict keeps it. Entering a record again (after a kill, a rebalance) changes nothing, so the lines always balance.
 * Pages whose offsets Kafka has deleted are closed (`book-ledgers.ts`); whoever enters such an offset even so makes a page
 * that nobody counts and the next closing removes.
 */
export class BooksStore {
  private readonly batcher: MicroBatcher<BookEntry, void>;

  constructor(
    private readonly dataSource: DataSource,
    deps: PatientBatchDeps,
  ) {
    // One flush at a time: two would wait for each other's pages.
    this.batcher = new MicroBatcher((items) => patientBatch(items, (batch) => this.enterBatch(batch), deps), {
      ...{ itemsMax: 1_000, flushesMax: 1, linger: { ...linger, clock: deps.clock } },
    });
  }

  /** Resolves when the line is durable; only then may the record's offset be finished. */
  enter(entry: BookEntry): Promise<void> {
    return this.batcher.add(entry);
  }

  private async enterBatch(entries: readonly BookEntry[]): Promise<readonly void[]> {
    const pages = pagesOf(entries);
    await this.dataSource.query(enterStatement, [
      pages.map(({ topic }) => topic),
      pages.map(({ partition }) => partition),
      pages.map(({ page }) => String(page)),
      pages.map(({ first }) => first),
      ...verdicts.map((verdict) => pages.map((page) => bitsOf(page, verdict))),
    ]);
    return entries.map(() => undefined);
  }
}

/** The verdict on one record; null while it has none. Throws a Failure. */
export async function verdictAt(dataSource: DataSource, at: Omit<BookEntry, 'verdict'>): Promise<Verdict | null> {
  const bit = Number(at.offset % pageOffsets);
  const columns = verdicts.map((verdict) => `get_bit(${verdict}, $4) AS ${verdict}`).join(', ');
  try {
    const rows: readonly Readonly<Record<Verdict, number>>[] = await dataSource.query(
      `SELECT ${columns} FROM books WHERE topic = $1 AND partition = $2 AND page = $3`,
      [at.topic, at.partition, String(at.offset / pageOffsets), bit],
    );
    return verdicts.find((verdict) => rows[0]?.[verdict] === 1) ?? null;
  } catch (error) {
    throw storeFailure(error);
  }
}

/** The first line of the books by partition, what is closed included. Throws a Failure. */
export async function readPartitionBooks(dataSource: DataSource): Promise<readonly PartitionBooks[]> {
  try {
    const rows: readonly Readonly<Record<string, string>>[] = await dataSource.query(
      `SELECT topic, partition, ${verdicts.join(', ')} FROM v1_books ORDER BY topic, partition`,
    );
    return rows.map((row) => ({
      topic: row['topic'] ?? '',
      partition: Number(row['partition']),
      matched: Number(row['matched']),
      unmatched: Number(row['unmatched']),
      duplicate: Number(row['duplicate']),
      parked: Number(row['parked']),
    }));
  } catch (error) {
    throw storeFailure(error);
  }
}

/** The second line of the books, counted from the rows themselves: for the ledger and the demo, not for a gauge. */
export async function readNotificationBooks(dataSource: DataSource): Promise<NotificationBooks> {
  try {
    const rows: readonly { state: string; count: string }[] = await dataSource.query(
      'SELECT state, count(*) AS count FROM notifications GROUP BY state',
    );
    const count = (state: string) => Number(rows.find((row) => row.state === state)?.count ?? 0);
    const created = rows.reduce((sum, row) => sum + Number(row.count), 0);
    const [sent, pending, failed, cancelled] = [count('sent'), count('pending'), count('failed'), count('cancelled')];
    return { created, sent, pending, failed, cancelled };
  } catch (error) {
    throw storeFailure(error);
  }
}

const known = '(b.matched | b.unmatched | b.duplicate | b.parked)';
/** The bits of a verdict stand from `first` on; a cast to a longer bit string fills up with zeros. */
const bitString = (bits: string) => `(CASE ${bits} WHEN '' THEN '' ELSE repeat('0', first) || ${bits} END)::bit(4096)`;
const enterStatement = `
  INSERT INTO books AS b (topic, partition, page, matched, unmatched, duplicate, parked)
  SELECT topic, partition, page, ${['m', 'u', 'd', 'p'].map(bitString).join(', ')}
    FROM unnest($1::text[], $2::int[], $3::bigint[], $4::int[], $5::text[], $6::text[], $7::text[], $8::text[])
      AS new(topic, partition, page, first, m, u, d, p)
   ORDER BY topic, partition, page
  ON CONFLICT (topic, partition, page) DO UPDATE SET
    ${verdicts.map((verdict) => `${verdict} = b.${verdict} | (excluded.${verdict} & ~${known})`).join(',\n    ')}`;

interface Page {
  readonly topic: string;
  readonly partition: number;
  readonly page: bigint;
  /** The first offset of the page that has a verdict, and the last. */
  first: number;
  last: number;
  readonly verdictAt: Map<number, Verdict>;
}

function pagesOf(entries: readonly BookEntry[]): readonly Page[] {
  const pages = new Map<string, Page>();
  for (const { topic, partition, offset, verdict } of entries) {
    const page = offset / pageOffsets;
    const bit = Number(offset % pageOffsets);
    const key = `${partition}/${page}/${topic}`;
    const at = pages.get(key) ?? { topic, partition, page, first: bit, last: bit, verdictAt: new Map() };
    pages.set(key, at);
    at.first = Math.min(at.first, bit);
    at.last = Math.max(at.last, bit);
    // The first verdict stands, also when two entries of one offset meet in one batch.
    if (!at.verdictAt.has(bit)) at.verdictAt.set(bit, verdict);
  }
  return [...pages.values()];
}

/** `0` or `1` for each offset from the first one on; empty when none has this verdict. */
function bitsOf({ first, last, verdictAt }: Page, verdict: Verdict): string {
  const bits = new Array<string>(last - first + 1).fill('0');
  let isEmpty = true;
  for (const [bit, is] of verdictAt) {
    if (is !== verdict) continue;
    bits[bit - first] = '1';
    isEmpty = false;
  }
  return isEmpty ? '' : bits.join('');
}
