import type { Duplicate } from './check-duplicates.js';
import { NumberList } from './number-list.js';
import type { RunIndex } from './run-index.js';
import type { InjectedFault } from './run-logs.js';

/** Figures of a run, all of them counts. */
export interface RunFigures {
  readonly events: number;
  readonly notifications: Readonly<Record<string, number>>;
  readonly attempts: Readonly<Record<string, number>>;
  readonly requests: number;
  /** Notifications that must be there and are not, or that are neither sent nor failed. */
  readonly lost: number;
  readonly duplicates: number;
  /** Of these, answers that came when the sender's deadline had passed. */
  readonly duplicatesTooLate: number;
  /** Attempts that were open when dispatchers were killed or frozen: no more may come twice. */
  readonly duplicatesAllowed: number;
  readonly manualAttempts: number;
  readonly faults: Readonly<Record<string, number>>;
  /** How late retries began after they were due, milliseconds, where no fault was felt; null: none. */
  readonly lateMs: { readonly p50: number; readonly p99: number; readonly max: number } | null;
}

/** A fault is felt for so long after it is healed. */
const feltMs = 20_000;

/** Adds them up over the parts of a run. */
export class FigureSums {
  private events = 0;
  private requests = 0;
  private lost = 0;
  private duplicates = 0;
  private duplicatesTooLate = 0;
  private manualAttempts = 0;
  private readonly notifications = new Map<string, number>();
  private readonly attempts = new Map<string, number>();
  private readonly lateMs = new NumberList();

  add(index: RunIndex, duplicates: readonly Duplicate[]): void {
    const { logs } = index;
    this.events += logs.events.length;
    this.requests += logs.requests.length;
    this.lost += lostOf(index);
    this.duplicates += duplicates.length;
    this.duplicatesTooLate += duplicates.filter(({ cameTooLate }) => cameTooLate).length;
    for (const { state, failureReason } of logs.notifications)
      plusOne(this.notifications, failureReason === null ? state : `${state} ${failureReason}`);
    for (const row of logs.attempts) {
      const { outcome, state, failureReason, trigger, number, dueMs, startedMs } = row;
      plusOne(this.attempts, [outcome ?? state, ...(outcome === 'failed' ? [failureReason] : [])].join(' '));
      if (trigger === 'manual') this.manualAttempts++;
      else if (number > 1 && dueMs !== null && index.faultsWithin(startedMs - feltMs, startedMs).length === 0)
        this.lateMs.push(Math.round(startedMs - dueMs));
    }
  }

  all(faults: readonly InjectedFault[], bounds: ReadonlyMap<InjectedFault, number>): RunFigures {
    const { events, requests, lost, duplicates, duplicatesTooLate, manualAttempts } = this;
    const kinds = new Map<string, number>();
    for (const { kind, part } of faults) plusOne(kinds, `${kind} ${part}`);
    return {
      ...{ events, requests, lost, duplicates, duplicatesTooLate, manualAttempts },
      notifications: inOrder(this.notifications),
      attempts: inOrder(this.attempts),
      duplicatesAllowed: [...bounds.values()].reduce((sum, open) => sum + open, 0),
      faults: inOrder(kinds),
      lateMs: latenessOf(this.lateMs.sorted()),
    };
  }
}

function lostOf({ logs }: RunIndex): number {
  const there = new Set(logs.notifications.map(({ eventId, templateId }) => `${eventId} ${templateId}`));
  const wanted = logs.events
    .filter(({ ack }) => ack === 'ok')
    .flatMap(({ id, templates }) => templates.map((template) => `${id} ${template}`));
  const unended = logs.notifications.filter(({ state }) => state !== 'sent' && state !== 'failed');
  return wanted.filter((pair) => !there.has(pair)).length + unended.length;
}

function plusOne(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function inOrder(counts: ReadonlyMap<string, number>): Readonly<Record<string, number>> {
  return Object.fromEntries([...counts].sort());
}

function latenessOf(sorted: Float64Array): RunFigures['lateMs'] {
  const last = sorted.length - 1;
  const at = (share: number) => sorted[Math.min(last, Math.floor(share * sorted.length))] ?? 0;
  return last < 0 ? null : { p50: at(0.5), p99: at(0.99), max: at(1) };
}
