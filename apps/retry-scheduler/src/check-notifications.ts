/**
 * The second line of the books: notifications created = attempt 1 exists + waiting for it + ended without one, and every
 * attempt that ended has its row. A pass reads all notifications by falling id, a bounded number in each round, and what it
 * has seen is stored with each round, so a round that failed is repeated, and whoever leads next goes on with the pass.
 *
 * New damage does not wait for it. Each round takes up what was matched since the one before and looks for its notifications
 * among the newest; and when Postgres has counted deleted rows, which nothing of ours deletes, all of it is looked through
 * at once, beside the pass.
 *
 * Each statement sees one snapshot, and whatever changes a notification changes its attempts in the same transaction. What
 * is found is stored as a suspicion and confirmed only by a later look, for tables are dropped by retention meanwhile.
 */

import type { BookPass, UnseenPage } from '#audit/book-passes';
import type { AuditedChunk, ChunkQuery, EventPlace, MatchedPage, NotificationCounts } from '#audit/notification-audit';
import { leastIdOf } from '#domain/table-partition';
import {
  dayMs,
  type FoundEvents,
  foundIn,
  isKept,
  type KeptDays,
  type LookAgainDeps,
  lookAgain,
  missingAt,
} from './look-again.js';
import { MatchedOffsets } from './matched-offsets.js';

/** What checking touches. */
export interface CheckNotificationsDeps extends LookAgainDeps {
  readonly keptDays: () => Promise<KeptDays>;
  readonly auditChunk: (query: ChunkQuery) => Promise<AuditedChunk>;
  /** The newest of each partition, or all. */
  readonly matchedPages: (which: 'newest' | 'all') => Promise<readonly MatchedPage[]>;
  readonly eventsAt: (places: readonly Place[]) => Promise<FoundEvents>;
  /** How many were ever deleted. */
  readonly deletedRows: () => Promise<number>;
  /** How many of them were looked into, by whoever led; null: none yet. */
  readonly lookedInto: () => Promise<number | null>;
  readonly noteLookedInto: (deleted: number) => Promise<void>;
  readonly loadPass: () => Promise<(BookPass & { readonly pages: readonly UnseenPage[] }) | null>;
  readonly savePass: (pass: BookPass, changed: readonly UnseenPage[]) => Promise<void>;
  /** The pass came to its end. */
  readonly saveCounts: (counts: ReadonlyMap<string, NotificationCounts>, unlisted: number) => Promise<void>;
  readonly limits: typeof passLimits;
  readonly nowMs: () => number;
  readonly wait: (ms: number) => Promise<void>;
  readonly signal: AbortSignal;
}

type Place = Pick<EventPlace, 'topic' | 'partition' | 'offset'>;

/** How much is read. */
export const passLimits = {
  /** With one statement. */
  chunkRows: 10_000,
  /** With the first round, so that new damage is seen soon. */
  firstRoundRows: 300_000,
  /** With each further one: a long history costs no more than this. */
  roundRows: 50_000,
  /** Of the newest notifications, again in each of these; up to the second while what was just matched is not among them. */
  newestRows: 10_000,
  newestRowsMax: 100_000,
  /** In one round after rows were deleted. */
  hurriedRows: 1_000_000,
  /** A statement counts for so many at least: a day without any costs one as well, and a long history has hundreds. */
  leastRows: 5_000,
};
const rowsPerMs = 20;
const hurriedRowsPerMs = 100;
const askedMax = 500;

/** By falling id: what has this id or a greater one was read. */
interface Cursor {
  below: string;
}

/** One reading: how far, how fast, and what to do with it. */
interface Reading {
  readonly rowsMax: number;
  readonly rowsPerMs: number;
  readonly onChunk?: (chunk: AuditedChunk) => void;
  readonly isEnough?: (rows: number) => boolean;
}

/** A look through all of it after rows were deleted. */
interface Hurried extends Cursor {
  readonly matched: MatchedOffsets;
  readonly deleted: number;
  isRead: boolean;
}

/** One pass over all notifications, as one leader sees it. */
export class NotificationPass {
  private isRead = false;
  private cursor: Cursor | null = null;
  private matched = new MatchedOffsets();
  private counts = new Map<string, NotificationCounts>();
  private unlisted = 0;
  private hurried: Hurried | null = null;

  constructor(private readonly deps: CheckNotificationsDeps) {}

  get isDone(): boolean {
    return this.isRead && this.hurried === null;
  }

  /** Goes on with the pass, and looks again at what is listed. Throws a Failure; the next leader goes on with it. */
  async round(): Promise<void> {
    const { deps } = this;
    const { firstRoundRows, roundRows, newestRows } = deps.limits;
    const kept = await deps.keptDays();
    await lookAgain(kept, deps);
    const isFirst = this.cursor === null;
    const [cursor, isNew] = this.cursor === null ? await this.begin(kept) : [this.cursor, false];
    this.cursor = cursor;
    // Notifications are stored before the verdict: what is matched now has all of them.
    const sizeBefore = this.matched.size;
    this.matched.add(await deps.matchedPages(isFirst ? 'all' : 'newest'));
    if (!isNew) await this.readNewest(isFirst ? firstRoundRows : newestRows, sizeBefore, kept);
    if (!this.isRead) await this.readOn(cursor, isNew ? firstRoundRows : roundRows, kept);
    if (this.isRead || !isFirst) await this.askLeft(this.matched, kept);
    await this.hurry(kept);
    if (this.isRead || deps.signal.aborted) return;
    await deps.savePass({ below: cursor.below, counts: this.counts, unlisted: this.unlisted }, this.matched.changed());
    this.matched.kept();
  }

  /** Where the pass is; whether it is a new one. */
  private async begin(kept: KeptDays): Promise<readonly [Cursor, boolean]> {
    const saved = await this.deps.loadPass();
    if (saved === null) return [this.top(kept), true];
    this.matched = new MatchedOffsets(saved.pages);
    this.counts = new Map(saved.counts);
    this.unlisted = saved.unlisted;
    return [{ below: saved.below }, false];
  }

  /** Up to an hour ahead an event's own time is believed. */
  private top({ notifications }: KeptDays): Cursor {
    const lastMs = this.deps.nowMs() + dayMs;
    return { below: leastIdOf(Math.max(0, ...[...notifications].filter((day) => day <= lastMs)) + dayMs) };
  }

  private async readNewest(least: number, sizeBefore: number, kept: KeptDays): Promise<void> {
    // What was taken up with this round is among the newest, unless its events came late.
    const isEnough = (rows: number) => rows >= least && this.matched.size <= sizeBefore;
    await this.read(
      this.top(kept),
      { rowsMax: Math.max(least, this.deps.limits.newestRowsMax), rowsPerMs, isEnough },
      kept,
    );
  }

  private async readOn(cursor: Cursor, rowsMax: number, kept: KeptDays): Promise<void> {
    const onChunk = ({ counts }: AuditedChunk) => {
      for (const { tenant, ...more } of counts) this.add(tenant, more);
    };
    if (!(await this.read(cursor, { rowsMax, rowsPerMs, onChunk }, kept))) return;
    await this.deps.saveCounts(this.counts, this.unlisted);
    this.isRead = true;
  }

  /** After rows were deleted: all once more, and what is matched now with it. Begun again by who finds it not ended. */
  private async hurry(kept: KeptDays): Promise<void> {
    const { deps } = this;
    const [deleted, lookedInto] = [await deps.deletedRows(), await deps.lookedInto()];
    // What is counted less was counted anew.
    if (lookedInto === null || deleted < lookedInto) await deps.noteLookedInto(deleted);
    else if (this.hurried === null && deleted > lookedInto) {
      const matched = new MatchedOffsets();
      matched.add(await deps.matchedPages('all'));
      this.hurried = { ...this.top(kept), matched, deleted, isRead: false };
    }
    const { hurried } = this;
    if (hurried === null) return;
    const reading = { rowsMax: deps.limits.hurriedRows, rowsPerMs: hurriedRowsPerMs };
    hurried.isRead ||= await this.read(hurried, reading, kept);
    const sizeBefore = hurried.matched.size;
    if (hurried.isRead) await this.askLeft(hurried.matched, kept);
    // Some are asked for in each round. What Kafka does not say anything of, or is away for, is left to the pass.
    if (!hurried.isRead || (hurried.matched.size > 0 && hurried.matched.size < sizeBefore)) return;
    await deps.noteLookedInto(hurried.deleted);
    this.hurried = null;
  }

  /** Answers whether it came to the end. */
  private async read(cursor: Cursor, reading: Reading, kept: KeptDays): Promise<boolean> {
    const { deps } = this;
    const { chunkRows, leastRows } = deps.limits;
    let rows = 0;
    for (let day = dayBelow(cursor, kept); day !== null; day = dayBelow(cursor, kept)) {
      if (rows >= reading.rowsMax || reading.isEnough?.(rows) === true || deps.signal.aborted) return false;
      const from = leastIdOf(day);
      const query = { from, below: cursor.below, rowsMax: chunkRows, payloadsKept: kept.payloads.has(day) };
      const chunk = await deps.auditChunk(query);
      this.unlisted += await deps.note(foundIn(chunk, kept));
      for (const source of chunk.sources) {
        this.matched.seen(source);
        this.hurried?.matched.seen(source);
      }
      reading.onChunk?.(chunk);
      cursor.below = chunk.rows < chunkRows ? from : chunk.low;
      rows += Math.max(chunk.rows, leastRows);
      await deps.wait(Math.ceil(chunk.rows / reading.rowsPerMs));
    }
    return true;
  }

  private add(tenant: string, more: NotificationCounts): void {
    const sum: Record<string, number> = { ...this.counts.get(tenant) };
    for (const [name, count] of Object.entries(more)) sum[name] = (sum[name] ?? 0) + Number(count);
    this.counts.set(tenant, sum as unknown as NotificationCounts);
  }

  /** Matched offsets of which no notification was seen: asked for by the event that stands there. */
  private async askLeft(matched: MatchedOffsets, kept: KeptDays): Promise<void> {
    const places = matched.left(askedMax);
    if (places.length === 0) return;
    const { asked, events } = await this.deps.eventsAt(places);
    const have = await this.deps.haveNotifications(events);
    const missing = events.filter((event, n) => have[n] === false && isKept(event, kept));
    this.unlisted += await this.deps.note(missing.map(missingAt));
    for (const place of asked) matched.clear(place);
  }
}

/** The newest day that is kept and not read; null at the end. */
function dayBelow({ below }: Cursor, { notifications }: KeptDays): number | null {
  const days = [...notifications].filter((day) => leastIdOf(day) < below);
  return days.length === 0 ? null : Math.max(...days);
}
