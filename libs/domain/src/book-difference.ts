/** In what the two sides of the books can differ. */
export const differenceKinds = [
  'SKIPPED_OFFSET',
  'LOST_BEFORE_READ',
  'MISSING_NOTIFICATION',
  'MISSING_ATTEMPT',
  'WRONG_ATTEMPT_COUNT',
  'MISSING_PAYLOAD',
  'SENT_WITHOUT_ACCEPTED',
  'OVERDUE',
  'LEASE_OVERDUE',
] as const;

export type DifferenceKind = (typeof differenceKinds)[number];

/** One difference as it is found; what does not concern its kind is null. */
export interface BookDifference {
  readonly kind: DifferenceKind;
  /** Whose; null when nobody can tell. */
  readonly tenantId: string | null;
  /** Offsets of a topic's partition, both included. */
  readonly offsets: {
    readonly topic: string;
    readonly partition: number;
    readonly first: bigint;
    readonly last: bigint;
  } | null;
  readonly notificationId: string | null;
  /** Of an attempt, from 1. */
  readonly number: number | null;
  /** The event's own id, by which it is looked for again. */
  readonly eventId: string | null;
  /** The day (its first instant, milliseconds since the epoch) with which retention drops the event's notification. */
  readonly eventDayMs?: number | null;
  /** One sentence for people. */
  readonly detail: string;
}

/** What tells a difference from all others that are open: found again, it is the same one. */
export function identityOf({ kind, offsets, notificationId, number }: BookDifference): string {
  const place = offsets === null ? [] : [offsets.topic, offsets.partition, offsets.first];
  return [kind, ...place, notificationId ?? '', number ?? ''].join('/');
}

/** What a notification's row says of its attempts, and which there are. */
export interface JudgedCourse {
  readonly id: string;
  readonly tenant_id: string;
  readonly state: string;
  readonly next_number: number;
  readonly attempt_count: number;
  /** Numbers of the finished attempts, rising. */
  readonly numbers: readonly number[];
  readonly accepted: boolean;
  /** It was rendered, its payload must still be there, and is not. */
  readonly lacks_payload: boolean;
}

/** Attempts of one notification that are named. */
const namedMax = 20;

/** How a notification's row differs from its attempts and its payload. */
export function judgeCourse(course: JudgedCourse): readonly BookDifference[] {
  const { id, tenant_id: tenantId, state, next_number: next, attempt_count: count, numbers } = course;
  const of = { tenantId, offsets: null, notificationId: id, eventId: null };
  const there = new Set(numbers);
  const missing = Array.from({ length: next - 1 }, (_, n) => n + 1).filter((number) => !there.has(number));
  const found: BookDifference[] = missing.slice(0, namedMax).map((number) => ({
    ...{ ...of, kind: 'MISSING_ATTEMPT', number },
    detail: `attempt ${number} ended and has no row; the next one is ${next}`,
  }));
  const extra = numbers.filter((number) => number >= next);
  if (extra.length > 0 || count !== next - 1)
    found.push({
      ...{ ...of, kind: 'WRONG_ATTEMPT_COUNT', number: null },
      detail: `${numbers.length} attempts have rows, the notification counts ${count} and goes on with ${next}`,
    });
  // An attempt that is missing may be the accepted one.
  if (state === 'sent' && !course.accepted && missing.length === 0)
    found.push({
      ...{ ...of, kind: 'SENT_WITHOUT_ACCEPTED', number: null },
      detail: `it is sent, but none of its ${numbers.length} attempts was accepted`,
    });
  if (course.lacks_payload)
    found.push({ ...{ ...of, kind: 'MISSING_PAYLOAD', number: null }, detail: 'what was rendered for it is gone' });
  return found;
}
