import type { EventBooks, GeneratedEvent, Violation } from './run-logs.js';

type Kind = GeneratedEvent['kind'];

/** What was produced, in counts. */
export class EventTotals {
  /** Of each kind: events that stand in the topic for sure, and the records that were asked for of them. */
  readonly sure: Readonly<Record<Kind, { events: number; records: number }>> = {
    matched: { events: 0, records: 0 },
    unmatched: { events: 0, records: 0 },
    garbage: { events: 0, records: 0 },
  };
  /** Records that were asked for, of all events. */
  asked = 0;

  add(events: readonly GeneratedEvent[]): void {
    for (const { kind, ack, records } of events) {
      this.asked += records;
      if (ack !== 'ok') continue;
      this.sure[kind].events++;
      this.sure[kind].records += records;
    }
  }

  get sureRecords(): number {
    return Object.values(this.sure).reduce((sum, { records }) => sum + records, 0);
  }
}

/** I3: every record of the topic has one verdict, and the verdicts are those of what was produced. */
export function checkBooks(totals: EventTotals, books: EventBooks): readonly Violation[] {
  const { matched, unmatched, duplicate, parked, recordsInTopic } = books;
  const violations: Violation[] = [];
  const entered = matched + unmatched + duplicate + parked;
  if (entered !== recordsInTopic) violations.push(violation(`${entered} verdicts for ${recordsInTopic} records`));
  // A record whose answer was lost is written once more: the producer cannot know.
  const { sure, sureRecords } = totals;
  const spare = Math.max(0, recordsInTopic - sureRecords) + (totals.asked - sureRecords);
  const verdicts = [
    ['matched', matched, sure.matched.events, sure.matched.records],
    ['unmatched', unmatched, sure.unmatched.records, sure.unmatched.records],
    ['parked', parked, sure.garbage.records, sure.garbage.records],
  ] as const;
  for (const [verdict, count, least, most] of verdicts)
    if (count < least || count > most + spare)
      violations.push(violation(`${count} ${verdict} of at least ${least} records`));
  return violations;
}

function violation(said: string): Violation {
  return { invariant: 'I3', about: 'books', said };
}
