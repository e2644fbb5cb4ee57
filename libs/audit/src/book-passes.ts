/** A pass over all notifications that takes more than one round: where it is, so that whoever leads next goes on with it. */
import type { DataSource } from 'typeorm';
import { inTransaction, rowsOf, type Transaction } from '#postgres/transaction';
import { pageOffsets } from './book-ledgers.js';
import type { NotificationCounts } from './notification-audit.js';

/** Matched offsets of one page. The first offset of a page stands in the highest place of the first byte. */
export interface UnseenPage {
  readonly topic: string;
  readonly partition: number;
  readonly first: bigint;
  /** Taken up by the pass. */
  readonly known: Buffer;
  /** Of these, those of which no notification was seen yet. */
  readonly unseen: Buffer;
}

export interface BookPass {
  /** What has this id or a greater one was read. */
  readonly below: string;
  /** By tenant. */
  readonly counts: ReadonlyMap<string, NotificationCounts>;
  readonly unlisted: number;
}

/** The pass under way with all its pages; null when none is. Throws a Failure. */
export async function loadPass(
  dataSource: DataSource,
): Promise<(BookPass & { readonly pages: readonly UnseenPage[] }) | null> {
  const [pass] = await rowsOf<{
    below: string;
    counts: Readonly<Record<string, NotificationCounts>>;
    unlisted: number;
  }>(dataSource, 'SELECT below, counts, unlisted FROM book_passes', []);
  if (pass === undefined) return null;
  const pages = await rowsOf<Omit<UnseenPage, 'first'> & { readonly page: string }>(
    dataSource,
    'SELECT topic, partition, page, known, unseen FROM book_pass_pages ORDER BY page DESC, topic, partition',
    [],
  );
  return {
    ...{ below: pass.below, counts: new Map(Object.entries(pass.counts)), unlisted: pass.unlisted },
    pages: pages.map(({ page, ...of }) => ({ ...of, first: BigInt(page) * pageOffsets })),
  };
}

/** Where the pass is, and the pages that changed. Throws a Failure. */
export function savePass(dataSource: DataSource, pass: BookPass, changed: readonly UnseenPage[]): Promise<void> {
  return inTransaction(dataSource, async (tx) => {
    await rowsOf(
      tx,
      `INSERT INTO book_passes (below, counts, unlisted) VALUES ($1, $2::jsonb, $3)
       ON CONFLICT (is_one) DO UPDATE SET below = excluded.below, counts = excluded.counts, unlisted = excluded.unlisted`,
      [pass.below, JSON.stringify(Object.fromEntries(pass.counts)), pass.unlisted],
    );
    await rowsOf(
      tx,
      `INSERT INTO book_pass_pages (topic, partition, page, known, unseen)
       SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[], $4::bytea[], $5::bytea[])
           AS p(topic, partition, page, known, unseen) ORDER BY topic, partition, page
       ON CONFLICT (topic, partition, page) DO UPDATE SET known = excluded.known, unseen = excluded.unseen`,
      [
        changed.map(({ topic }) => topic),
        changed.map(({ partition }) => partition),
        changed.map(({ first }) => String(first / pageOffsets)),
        changed.map(({ known }) => known),
        changed.map(({ unseen }) => unseen),
      ],
    );
  });
}

/** It came to its end. Throws a Failure. */
export async function endPass(tx: Transaction): Promise<void> {
  await rowsOf(tx, 'DELETE FROM book_pass_pages', []);
  await rowsOf(tx, 'DELETE FROM book_passes', []);
}
