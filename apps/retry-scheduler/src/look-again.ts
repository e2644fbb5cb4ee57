/** What the second line's looks find, and the further look at what they found. */
import type { OpenDifference } from '#audit/book-differences';
import type { AuditedChunk, EventPlace, Orphan } from '#audit/notification-audit';
import { type BookDifference, type JudgedCourse, judgeCourse } from '#domain/book-difference';
import { futureTimeMsMax } from '#domain/event';
import type { NotificationId } from '#domain/ids';
import { notificationTimeMs } from '#domain/notification-id';

/** The days (their first instants, milliseconds since the epoch) that have their tables. */
export interface KeptDays {
  readonly notifications: ReadonlySet<number>;
  readonly payloads: ReadonlySet<number>;
}

/** What the further look touches. */
export interface LookAgainDeps {
  readonly auditNotifications: (ids: readonly string[]) => Promise<Pick<AuditedChunk, 'orphans' | 'courses'>>;
  readonly haveNotifications: (places: readonly EventPlace[]) => Promise<readonly boolean[]>;
  /** Of the kinds that are found here, looked at longest ago first. */
  readonly listed: (rowsMax: number) => Promise<readonly OpenDifference[]>;
  /** Answers how many had no place in the list. */
  readonly note: (found: readonly BookDifference[]) => Promise<number>;
  readonly resolve: (ids: readonly string[]) => Promise<void>;
}

/** An event as its record says it. Times: milliseconds since the epoch. */
export interface FoundEvent extends EventPlace {
  readonly recordMs: number;
  readonly timeMs: number | null;
}

/** What Kafka said of places. */
export interface FoundEvents {
  /** Those of which it is known now whether an event stands there; fewer than were given while Kafka is away. */
  readonly asked: readonly Pick<EventPlace, 'topic' | 'partition' | 'offset'>[];
  readonly events: readonly FoundEvent[];
}

export const dayMs = 86_400_000;
const listedMax = 500;

/** Retention may have dropped its day with all that was in it. */
export function isKept(event: FoundEvent, { notifications }: KeptDays): boolean {
  return notifications.has(dayOfEvent(event));
}

/** Of its notification's id. */
function dayOfEvent({ timeMs, recordMs }: FoundEvent): number {
  const isBelieved = timeMs !== null && timeMs <= recordMs + futureTimeMsMax;
  return dayOf(isBelieved ? timeMs : recordMs);
}

function dayOf(ms: number): number {
  return Math.floor(ms / dayMs) * dayMs;
}

export function missingAt(event: FoundEvent): BookDifference {
  const { topic, partition, offset, tenantId, eventId } = event;
  return {
    ...{ kind: 'MISSING_NOTIFICATION', tenantId, eventId, notificationId: null, number: null },
    eventDayMs: dayOfEvent(event),
    offsets: { topic, partition, first: offset, last: offset },
    detail: 'the event was matched, but has no notification',
  };
}

export function foundIn(
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

/** What is listed is found again, or resolved: it was repaired, or its day was dropped. */
export async function lookAgain(kept: KeptDays, deps: LookAgainDeps): Promise<void> {
  const listed = await deps.listed(listedMax);
  const byRow = listed.filter(({ notificationId }) => notificationId !== null);
  const ids = [...new Set(byRow.flatMap(({ notificationId }) => notificationId ?? []))].toSorted();
  const found = foundIn(await deps.auditNotifications(ids), kept);
  const places = listed.flatMap(placeOf);
  const have = await deps.haveNotifications(places.map(({ place }) => place));
  const isGone = ({ eventDayMs: day }: BookDifference) => typeof day === 'number' && !kept.notifications.has(day);
  const missing = places.filter(({ difference }, n) => have[n] === false && !isGone(difference));
  const stand = [...found, ...missing.map(({ difference }) => difference)];
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
