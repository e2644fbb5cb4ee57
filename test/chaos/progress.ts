import type { DataSource } from '#postgres/data-source';
import type { ChaosGenerator } from './chaos-generator.js';
import type { ChaosReceiver } from './chaos-receiver.js';
import type { FaultInjector } from './fault-injector.js';
import { readCounts, type StoreCounts } from './read-views.js';

/** What the progress tells of. */
export interface ProgressParts {
  readonly store: DataSource;
  readonly receiver: ChaosReceiver;
  readonly generator: ChaosGenerator;
  readonly injector: FaultInjector;
  readonly say: (line: string) => void;
  readonly course: { readonly eventsMax: number; readonly ratePerSecond: number };
  /** Where a run stands, in figures. */
  readonly onCounts: (counts: RunCounts) => void;
}

/** Where a run stands. */
export interface RunCounts {
  readonly events: number;
  /** Infinity: the load ends by time. */
  readonly eventsMax: number;
  /** Until the last event is produced, seconds. */
  readonly leftSeconds: number;
  /** Events whose write is not acknowledged yet. */
  readonly unacknowledged: number;
  /** Notifications that all events so far lead to. */
  readonly notifications: number;
  /** Null: Postgres does not answer. */
  readonly store: StoreCounts | null;
  readonly requests: number;
  readonly accepted: number;
  readonly waiting: number;
  readonly faults: number;
  /** What is broken now, in words. */
  readonly now: readonly string[];
}

const everyMs = 5_000;

/** Says every few seconds where a run stands. */
export class Progress {
  private readonly timer: NodeJS.Timeout;
  private isAsking = false;
  private isOn = true;

  constructor(private readonly parts: ProgressParts) {
    this.timer = setInterval(() => void this.tell(), everyMs);
  }

  stop(): void {
    this.isOn = false;
    clearInterval(this.timer);
  }

  /** While Postgres takes longer than a round to answer, what it would say is left out. */
  private async tell(): Promise<void> {
    if (this.isAsking) return this.say(null);
    this.isAsking = true;
    const counts = await readCounts(this.parts.store).catch(() => null);
    this.isAsking = false;
    this.say(counts);
  }

  private say(store: StoreCounts | null): void {
    if (!this.isOn) return;
    const { receiver, generator, injector, say, onCounts, course } = this.parts;
    const { eventsMax, ratePerSecond } = course;
    const counts: RunCounts = {
      ...{ eventsMax, leftSeconds: Math.ceil((eventsMax - generator.count) / ratePerSecond) },
      ...{ events: generator.count, unacknowledged: generator.waiting, notifications: generator.notifications, store },
      ...{ requests: receiver.count, accepted: receiver.accepted, waiting: receiver.open },
      ...{ faults: injector.faults.length, now: injector.now },
    };
    onCounts(counts);
    say(progressLine(counts));
  }
}

export function progressLine({
  events,
  eventsMax,
  leftSeconds,
  unacknowledged,
  store,
  requests,
  accepted,
  waiting,
  faults,
  now,
}: RunCounts): string {
  const ofStore =
    store === null
      ? 'Postgres does not answer'
      : `pending ${store.pending}, failed ${store.failed}, open attempts ${store.started}`;
  const ofFaults = now.length === 0 ? '' : `; now ${now.join(', ')}`;
  const ofLoad = Number.isFinite(eventsMax) ? ` of ${eventsMax}, ${leftSeconds} s left` : '';
  return (
    `events ${events}${ofLoad} (${unacknowledged} unacknowledged), ${ofStore}, requests ${requests} (accepted ${accepted}, ` +
    `${waiting} waiting), faults ${faults}${ofFaults}`
  );
}
