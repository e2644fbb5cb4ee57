import type { NotificationBooks } from '#audit/books';
import { eventsRead, type RunFigures } from './balance.js';

/** What the table shows while the demo runs. */
export interface LiveFigures extends Pick<RunFigures, 'produced' | 'verdicts' | 'notifications' | 'attempts'> {
  /** Records that will have been produced in the end. */
  readonly planned: number;
  /** From produce to arrival, in milliseconds; null before the first arrival. */
  readonly latencyP50Ms: number | null;
  readonly latencyP95Ms: number | null;
}

const barCells = 30;

/** The table, as lines of equal height: it is drawn over itself. */
export function tableLines(figures: LiveFigures): readonly string[] {
  const { produced, planned, notifications } = figures;
  const cells = Math.round((barCells * produced) / Math.max(planned, 1));
  const bar = `${'#'.repeat(cells)}${'.'.repeat(barCells - cells)}`;
  const rows = entries(figures).map(([name, value]) => `  ${name.padEnd(22)}${value.padStart(9)}`);
  const settled =
    notifications.created === 0 ? 0 : (notifications.created - notifications.pending) / notifications.created;
  return [`  [${bar}] ${produced} of ${planned} events, ${Math.floor(settled * 100)} % settled`, ...rows];
}

/** The same in one line, for what is no terminal. */
export function tableLine(figures: LiveFigures): string {
  const { produced, planned } = figures;
  return [`events ${produced}/${planned}`, ...entries(figures).map(([name, value]) => `${name} ${value}`)].join(', ');
}

function entries(figures: LiveFigures): readonly (readonly [string, string])[] {
  const { notifications, attempts, latencyP50Ms, latencyP95Ms } = figures;
  const ms = (value: number | null) => (value === null ? '-' : `${Math.round(value)} ms`);
  return [
    ['events read', String(eventsRead(figures))],
    ['notifications created', String(notifications.created)],
    ['sent', String(notifications.sent)],
    ['pending', String(notifications.pending)],
    ['failed', String(notifications.failed)],
    ['attempts', String(attempts)],
    ['latency p50', ms(latencyP50Ms)],
    ['latency p95', ms(latencyP95Ms)],
  ];
}

/** Both lines of the books. */
export function booksLines(figures: Pick<RunFigures, 'verdicts' | 'notifications'>): readonly string[] {
  const { matched, unmatched, duplicate, parked } = figures.verdicts;
  return [
    `events read ${eventsRead(figures)} = matched ${matched} + unmatched ${unmatched} + duplicate ${duplicate} + parked ${parked}`,
    notificationLine(figures.notifications),
  ];
}

function notificationLine({ created, sent, pending, failed, cancelled }: NotificationBooks): string {
  return `notifications created ${created} = sent ${sent} + pending ${pending} + failed ${failed} + cancelled ${cancelled}`;
}

/** The value below which the given share lies; null of nothing. */
export function percentile(values: readonly number[], share: number): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
}
