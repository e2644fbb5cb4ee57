/**
 * The first line of the books: events read = matched + unmatched + duplicate + parked, for every partition of the events
 * topics. One side is Kafka's (what the renderers committed, where the log begins), the other are the verdicts in Postgres:
 * a verdict is durable before its offset is committed, so below the committed offset none may be missing.
 *
 * An offset without a verdict is asked for in the log itself: left out there, it is a gap and remembered as one; present, it
 * was skipped; deleted already, it was lost before it was read. Verdicts above the committed offset are work that is not
 * committed yet. Dies anywhere, or runs twice: everything is entered by what it is, so the next round goes on.
 *
 * Kafka away: the round fails as a whole, nothing is found, and the check grows stale.
 *
 * A log whose end, start or committed offset went down is taken for another one under the same name. Of the first two
 * neither can happen to the same log; a committed offset goes down as well when an operator sets it back. Then, too, old
 * verdicts would stand for new records, or hide that they have none, so the books begin anew where the log ends now; what
 * is read again below that is not verified.
 */
import type { PartitionLedger } from '#audit/book-ledgers';
import type { BookDifference } from '#domain/book-difference';
import type { KafkaRecord } from '#domain/kafka-record';
import { joined, type OffsetRange, rangesOf, within, without } from '#domain/offset-ranges';
import type { LogSlice, PartitionOffsets } from '#kafka/log-look';
import type { Log } from '#telemetry/log';

/** A range of offsets that is listed as skipped or lost. */
export interface ListedRange extends OffsetRange {
  readonly id: string;
  readonly topic: string;
  readonly partition: number;
  readonly kind: RangeKind;
}

type RangeKind = 'SKIPPED_OFFSET' | 'LOST_BEFORE_READ';
type Seen = PartitionOffsets;
type Place = Pick<PartitionLedger, 'topic' | 'partition'>;

/** What checking touches. */
export interface CheckEventsReadDeps {
  readonly offsets: () => Promise<readonly Seen[]>;
  readonly read: (at: Place, from: bigint, howMuch: 'slice' | 'batch') => Promise<LogSlice>;
  readonly loadLedgers: () => Promise<readonly PartitionLedger[]>;
  readonly beginLedger: (seen: Seen) => Promise<PartitionLedger>;
  readonly saveLedgers: (seen: readonly Seen[]) => Promise<void>;
  readonly forgetPages: (at: Place) => Promise<void>;
  readonly beginAnew: (ledger: Omit<PartitionLedger, 'closedTo'>) => Promise<void>;
  readonly findHoles: (at: Place, range: OffsetRange) => Promise<readonly OffsetRange[]>;
  readonly enterGaps: (at: Place, offsets: readonly bigint[]) => Promise<void>;
  readonly closePages: (ledger: PartitionLedger, lostTo: bigint) => Promise<bigint>;
  readonly listedRanges: () => Promise<readonly ListedRange[]>;
  /** Answers how many had no place in the list. */
  readonly note: (found: readonly BookDifference[]) => Promise<number>;
  readonly resolve: (ids: readonly string[]) => Promise<void>;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** Offsets that one statement looks at. */
const windowOffsets = 1_048_576n;
/** What one partition is asked for in a round: slices of at most 1 MiB, and batches of records. */
const readsMax = { slice: 8, batch: 1_000 };
/** A hole of so many offsets or fewer is asked for by the batch: markers of transactions, between records that were read. */
const smallHole = 16n;

/** Where the next round looks at the old pages of each partition, when they are too many for one. */
export class OldPages {
  private readonly next = new Map<string, bigint>();

  /** The ranges to look at within `[low, committed)`: the oldest, the newest, and in turn what lies between. */
  windows({ topic, partition }: Place, low: bigint, committed: bigint): readonly OffsetRange[] {
    if (committed - low <= 3n * windowOffsets) return committed > low ? [{ from: low, to: committed }] : [];
    const [from, to] = [low + windowOffsets, committed - windowOffsets];
    const key = `${partition}/${topic}`;
    const at = this.next.get(key) ?? from;
    const begin = at >= from && at < to ? at : from;
    const end = begin + windowOffsets < to ? begin + windowOffsets : to;
    this.next.set(key, end);
    return joined([
      { from: low, to: from },
      { from: begin, to: end },
      { from: to, to: committed },
    ]);
  }
}

/** One round over all partitions. Answers how many differences had no place in the list. Throws a Failure. */
export async function checkEventsRead(pages: OldPages, deps: CheckEventsReadDeps): Promise<number> {
  // What is stored first: all of it only rises, so what another leader stored since is never ahead of what is asked after it.
  const ledgers = new Map((await deps.loadLedgers()).map((ledger) => [keyOf(ledger), ledger]));
  const seen = await deps.offsets();
  const listed = await deps.listedRanges();
  const checked: Seen[] = [];
  let unlisted = 0;
  for (const at of seen) {
    if (deps.signal.aborted) break;
    const known = ledgers.get(keyOf(at));
    if (known !== undefined && isOtherLog(known, at)) {
      await startOver(known, at, deps);
      continue;
    }
    const { first, closedTo } = known ?? (await deps.beginLedger(at));
    const own = listed.filter((one) => keyOf(one) === keyOf(at));
    unlisted += await checkPartition({ ...at, first, closedTo }, own, pages, deps);
    checked.push(at);
  }
  await deps.saveLedgers(checked);
  return unlisted;
}

function keyOf({ topic, partition }: Place): string {
  return `${partition}/${topic}`;
}

function isOtherLog(known: PartitionLedger, { start, end, committed }: Seen): boolean {
  const wentBack = committed !== null && known.committed !== null && committed < known.committed;
  return end < known.end || start < known.start || wentBack;
}

/** First the old pages go, then the log's end is asked for: whatever is appended after that enters pages of its own. */
async function startOver(known: PartitionLedger, at: Seen, deps: CheckEventsReadDeps): Promise<void> {
  const { topic, partition } = at;
  await deps.forgetPages(at);
  const now = (await deps.offsets()).find((one) => keyOf(one) === keyOf(at)) ?? at;
  await deps.beginAnew({ ...now, first: now.end, committed: null });
  const before = { first: String(known.first), committed: String(known.committed), end: String(known.end) };
  deps.log.warn('books.begunAnew', { topic, partition, first: String(now.end), before });
}

async function checkPartition(
  ledger: PartitionLedger,
  listed: readonly ListedRange[],
  pages: OldPages,
  deps: CheckEventsReadDeps,
): Promise<number> {
  const { first, closedTo, start, committed } = ledger;
  if (committed === null || committed <= first) return 0;
  const open = await lookAgain(ledger, listed, deps);
  const deleted = closedTo < start ? closedTo : start;
  const low = deleted > first ? deleted : first;
  const holes: OffsetRange[] = [];
  const windows = pages.windows(ledger, low, committed);
  for (const window of windows) holes.push(...(await deps.findHoles(ledger, window)));
  const fresh = without(joined(holes), open);
  const lost = within(fresh, { from: 0n, to: start });
  const skipped = await askLog(ledger, within(fresh, { from: start, to: committed }), deps);
  const unlisted = await deps.note([
    ...lost.map((range) => differenceOf(ledger, 'LOST_BEFORE_READ', range)),
    ...skipped.map((range) => differenceOf(ledger, 'SKIPPED_OFFSET', range)),
  ]);
  const [oldest] = windows;
  const lookedTo = oldest?.from === low ? oldest.to : low;
  await deps.closePages(ledger, lookedTo < start ? lookedTo : start);
  return unlisted;
}

/** Which of what is listed still has no verdict; a range that changed is listed anew. */
async function lookAgain(
  ledger: PartitionLedger,
  listed: readonly ListedRange[],
  deps: CheckEventsReadDeps,
): Promise<readonly OffsetRange[]> {
  const open: OffsetRange[] = [];
  const stand: BookDifference[] = [];
  for (const range of listed) {
    const left = await stillOpen(ledger, range, deps);
    open.push(...left);
    const isSame = left.length === 1 && left[0]?.from === range.from && left[0].to === range.to;
    if (!isSame) await deps.resolve([range.id]);
    stand.push(...left.map((one) => differenceOf(ledger, range.kind, one)));
  }
  await deps.note(stand);
  return open;
}

/** What is closed stays as it was: it is deleted from Kafka, and no verdict can come any more. */
async function stillOpen(ledger: PartitionLedger, range: ListedRange, deps: CheckEventsReadDeps) {
  const { closedTo, committed, first } = ledger;
  const closed = within([range], { from: 0n, to: closedTo });
  const looked = within([range], { from: closedTo > first ? closedTo : first, to: committed ?? closedTo });
  const near = looked.map(({ from, to }) => ({ from, to: to - from > windowOffsets ? from + windowOffsets : to }));
  const holes: OffsetRange[] = [];
  for (const one of near) holes.push(...(await deps.findHoles(ledger, one)));
  return joined([...closed, ...holes, ...without(looked, near)]);
}

/** The offsets that the log has records at; the others are remembered as gaps. What does not fit into a round is for the next. */
async function askLog(
  at: PartitionLedger,
  holes: readonly OffsetRange[],
  deps: CheckEventsReadDeps,
): Promise<readonly OffsetRange[]> {
  const present: bigint[] = [];
  const gaps: bigint[] = [];
  const left = { ...readsMax };
  let known: OffsetRange & { readonly records: ReadonlySet<bigint> } = { from: 0n, to: 0n, records: new Set() };
  for (const hole of holes) {
    for (let offset = hole.from; offset < hole.to; offset++) {
      if (offset < known.from || offset >= known.to) {
        const howMuch = hole.to - offset <= smallHole ? 'batch' : 'slice';
        if (left[howMuch]-- === 0 || deps.signal.aborted) return enter(at, present, gaps, deps);
        const { records, next } = await deps.read(at, offset, howMuch);
        if (next <= offset) return enter(at, present, gaps, deps);
        known = { from: offset, to: next, records: new Set(records.map((record: KafkaRecord) => record.offset)) };
      }
      (known.records.has(offset) ? present : gaps).push(offset);
    }
  }
  return enter(at, present, gaps, deps);
}

async function enter(
  at: PartitionLedger,
  present: readonly bigint[],
  gaps: readonly bigint[],
  deps: CheckEventsReadDeps,
): Promise<readonly OffsetRange[]> {
  await deps.enterGaps(at, gaps);
  return rangesOf(present);
}

const sentences: Readonly<Record<RangeKind, string>> = {
  SKIPPED_OFFSET: 'read past without a verdict; the log still had a record there',
  LOST_BEFORE_READ: 'deleted by Kafka before they had a verdict',
};

function differenceOf({ topic, partition }: Place, kind: RangeKind, { from, to }: OffsetRange): BookDifference {
  return {
    ...{ kind, tenantId: null, notificationId: null, number: null, eventId: null, detail: sentences[kind] },
    offsets: { topic, partition, first: from, last: to - 1n },
  };
}
