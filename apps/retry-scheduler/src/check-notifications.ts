/**
 * The second line of the books: notifications created = attempt 1 exists + waiting for it + ended without one, and every
 * attempt that ended has its row. A pass reads all notifications by falling id, so new damage is seen first, a bounded
 * number in each round; while a pass takes long, each round looks at the newest ones again.
 *
 * Each statement sees one snapshot, and whatever changes a notification changes its attempts in the same transaction. What
 * is found is stored as a suspicion and confirmed only by a later look, for tables are dropped by retention meanwhile. The
 * pass is kept in memory: a process that dies leaves its suspicions, and the next one begins a new pass.
 */

import type { OpenDifference } from '#audit/book-differences';
import type {
  AuditedChunk,
  ChunkQuery,
  EventPlace,
  MatchedPage,
  NotificationCounts,
  Orphan,
} from '#audit/notification-audit';
import { type BookDifference, type JudgedCourse, judgeCourse } from '#domain/book-difference';
import { futureTimeMsMax } from '#domain/event';
import type { NotificationId } from '#domain/ids';
import { notificationTimeMs } from '#domain/notification-id';
import { leastIdOf } from '#domain/table-partition';
import { MatchedOffsets } from './matched-offsets.js';

/** The days (their first instants, milliseconds since the epoch) that have their tables. */
export interface KeptDays {
  readonly notifications: ReadonlySet<number>;
  readonly payloads: ReadonlySet<number>;
}

/** What checking touches. */
export interface CheckNotificationsDeps {
  readonly keptDays: () => Promise<KeptDays>;
  readonly auditChunk: (query: ChunkQuery) => Promise<AuditedChunk>;
  readonly auditNotifications: (ids: readonly string[]) => Promise<Pick<AuditedChunk, 'orphans' | 'courses'>>;
  readonly matchedPages: () => Promise<readonly MatchedPage[]>;
  readonly eventsAt: (places: readonly Place[]) => Promise<FoundEvents>;
  readonly haveNotifications: (places: readonly EventPlace[]) => Promise<readonly boolean[]>;
  /** Of the kinds that are found here, looked at longest ago first. */
  readonly listed: (rowsMax: number) => Promise<readonly OpenDifference[]>;
  /** Answers how many had no place in the list. */
  readonly note: (found: readonly BookDifference[]) => Promise<number>;
  readonly resolve: (ids: readonly string[]) => Promise<void>;
  readonly saveCounts: (counts: ReadonlyMap<string, NotificationCounts>, unlisted: number) => Promise<void>;
  readonly nowMs: () => number;
  readonly wait: (ms: number) => Promise<void>;
  readonly signal: AbortSignal;
}

type Place = Pick<EventPlace, 'topic' | 'partition' | 'offset'>;

/** An event as its record says it. Times: milliseconds since the epoch. */
export interface FoundEvent extends EventPlace {
  readonly recordMs: number;
  readonly timeMs: number | null;
}

/** What Kafka said of places. */
export interface FoundEvents {
  /** Those of which it is known now whether an event stands there; fewer than were given while Kafka is away. */
  readonly asked: readonly Place[];
  readonly events: readonly FoundEvent[];
}

const dayMs = 86_400_000;
const chunkRows = 10_000;
const rowsPerMs = 20;
/** With the first round of a pass, so that new damage is seen soon. */
const firstRoundRows = 300_000;
/** With each further one: a long history costs no more than this. */
const roundRows = 50_000;
/** Of the newest notifications, again in each of these. */
const newestRows = 10_000;
/** A statement counts for as many at least: a day without any costs one as well, and a long history has hundreds of them. */
const leastRows = 5_000;
const listedMax = 500;
const askedMax = 500;

interface Cursor {
  readonly days: readonly number[];
  /** Place in `days`. */
  day: number;
  below: string;
}

/** One pass over all notifications. */
export class NotificationPass {
  isDone = false;
  private cursor: Cursor | null = null;
  private matched = new MatchedOffsets([]);
  private readonly counts = new Map<string, NotificationCounts>();
  private unlisted = 0;
  private rounds = 0;

  constructor(private readonly deps: CheckNotificationsDeps) {}

  /** Goes on with the pass, and looks again at what is listed. Throws a Failure; the next round goes on. */
  async round(): Promise<void> {
    const days = await this.deps.keptDays();
    await lookAgain(days, this.deps);
    if (this.cursor === null) {
      // Notifications are stored before the verdict: what is matched now has all of them.
      this.matched = new MatchedOffsets(await this.deps.matchedPages());
      this.cursor = this.cursorFor(days);
    } else if (!this.isDone) await this.read(this.cursorFor(days), newestRows, days, false);
    if (!this.isDone) await this.read(this.cursor, this.rounds === 0 ? firstRoundRows : roundRows, days, true);
    this.rounds++;
    if (this.isDone || this.rounds > 1) await this.askLeft(days);
  }

  /** Up to an hour ahead an event's own time is believed. */
  private cursorFor({ notifications }: KeptDays): Cursor {
    const lastMs = this.deps.nowMs() + dayMs;
    const days = [...notifications].filter((day) => day <= lastMs).toSorted((a, b) => b - a);
    return { days, day: 0, below: leastIdOf((days[0] ?? 0) + dayMs) };
  }

  private async read(cursor: Cursor, rowsMax: number, kept: KeptDays, isPass: boolean): Promise<void> {
    let left = rowsMax;
    for (let day = cursor.days[cursor.day]; day !== undefined && left > 0; day = cursor.days[cursor.day]) {
      if (this.deps.signal.aborted) return;
      const from = leastIdOf(day);
      const query = { from, below: cursor.below, rowsMax: chunkRows, payloadsKept: kept.payloads.has(day) };
      const chunk = await this.deps.auditChunk(query);
      this.unlisted += await this.deps.note(foundIn(chunk, kept));
      for (const source of chunk.sources) this.matched.seen(source);
      if (isPass) for (const { tenant, ...counts } of chunk.counts) this.add(tenant, counts);
      const isEnd = chunk.rows < chunkRows;
      cursor.below = isEnd ? from : chunk.low;
      if (isEnd) cursor.day++;
      left -= Math.max(chunk.rows, leastRows);
      await this.deps.wait(Math.ceil(chunk.rows / rowsPerMs));
    }
    if (isPass && cursor.day >= cursor.days.length) await this.finish();
  }

  private add(tenant: string, more: NotificationCounts): void {
    const sum: Record<string, number> = { ...this.counts.get(tenant) };
    for (const [name, count] of Object.entries(more)) sum[name] = (sum[name] ?? 0) + Number(count);
    this.counts.set(tenant, sum as unknown as NotificationCounts);
  }

  private async finish(): Promise<void> {
    await this.deps.saveCounts(this.counts, this.unlisted);
    this.isDone = true;
  }

  /** Matched offsets of which the pass has seen no notification: asked for by the event that stands there. */
  private async askLeft(kept: KeptDays): Promise<void> {
    const places = this.matched.left(askedMax);
    if (places.length === 0) return;
    const { asked, events } = await this.deps.eventsAt(places);
    const have = await this.deps.haveNotifications(events);
    const missing = events.filter((event, n) => have[n] === false && isKept(event, kept));
    this.unlisted += await this.deps.note(missing.map(missingAt));
    for (const place of asked) this.matched.clear(place);
  }
}

/** The day of its id; retention may have dropped it with all that was in it. */
function isKept({ timeMs, recordMs }: FoundEvent, { notifications }: KeptDays): boolean {
  const isBelieved = timeMs !== null && timeMs <= recordMs + futureTimeMsMax;
  return notifications.has(dayOf(isBelieved ? timeMs : recordMs));
}

function dayOf(ms: number): number {
  return Math.floor(ms / dayMs) * dayMs;
}

function missingAt({ topic, partition, offset, tenantId, eventId }: FoundEvent): BookDifference {
  return {
    ...{ kind: 'MISSING_NOTIFICATION', tenantId, eventId, notificationId: null, number: null },
    offsets: { topic, partition, first: offset, last: offset },
    detail: 'the event was matched, but has no notification',
  };
}

function foundIn(
  { orphans, courses }: { readonly orphans: readonly Orphan[]; readonly courses: readonly JudgedCourse[] },
  { notifications, payloads }: KeptDays,
): readonly BookDifference[] {
  const dayOfId = (id: string) => dayOf(notificationTimeMs(id as NotificationId));
  return [
    ...orphans
      .filter(({ id }) => notifications.has(dayOfId(id)))
      .map(
        ({ id, left }): BookDifference => ({
          ...{
            kind: 'MISSING_NOTIFICATION',
            tenantId: null,
            eventId: null,
            notificationId: id,
            number: null,
            offsets: null,
          },
          detail: `there is ${left} of a notification that has no row`,
        }),
      ),
    ...courses.flatMap((course) =>
      judgeCourse({ ...course, lacks_payload: course.lacks_payload && payloads.has(dayOfId(course.id)) }),
    ),
  ];
}

/** What is listed is found again, or resolved. */
async function lookAgain(kept: KeptDays, deps: CheckNotificationsDeps): Promise<void> {
  const listed = await deps.listed(listedMax);
  const byRow = listed.filter(({ notificationId }) => notificationId !== null);
  const ids = [...new Set(byRow.flatMap(({ notificationId }) => notificationId ?? []))].toSorted();
  const found = foundIn(await deps.auditNotifications(ids), kept);
  const places = listed.flatMap(placeOf);
  const have = await deps.haveNotifications(places.map(({ place }) => place));
  const stand = [...found, ...places.flatMap(({ difference }, n) => (have[n] === false ? [difference] : []))];
  await deps.note(stand);
  const is = (one: BookDifference) => (other: BookDifference) =>
    one.kind === other.kind &&
    one.notificationId === other.notificationId &&
    one.number === other.number &&
    one.offsets?.topic === other.offsets?.topic &&
    one.offsets?.partition === other.offsets?.partition &&
    one.offsets?.first === other.offsets?.first;
  await deps.resolve(listed.filter((one) => !stand.some(is(one))).map(({ id }) => id));
}

function placeOf(difference: OpenDifference) {
  const { offsets, tenantId, eventId } = difference;
  if (offsets === null || tenantId === null || eventId === null) return [];
  const { topic, partition, first: offset } = offsets;
  return [{ difference, place: { topic, partition, offset, tenantId, eventId } }];
}
