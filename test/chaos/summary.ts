import type { ChaosOutcome } from './chaos-run.js';
import { duplicatesOf } from './check-duplicates.js';
import type { ChaosOptions } from './options.js';
import { vacuousLines } from './reached-states.js';
import { grouped, RunIndex } from './run-index.js';
import type { RunLogs } from './run-logs.js';

const violationsShown = 20;
const lineCharsMax = 400;
const percent = 100;

/** Figures of a run, all of them counts. */
export interface RunFigures {
  readonly events: number;
  readonly notifications: Readonly<Record<string, number>>;
  readonly attempts: Readonly<Record<string, number>>;
  readonly requests: number;
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

/** What is said at the end, and its JSON. `isGood`: the run may be believed and no promise was broken. */
export interface Summary {
  readonly isGood: boolean;
  readonly lines: readonly string[];
  readonly json: object;
}

/** All that a run came to, in words and as JSON. */
export function summaryOf(outcome: ChaosOutcome, options: ChaosOptions): Summary {
  const { logs, violations, states, end } = outcome;
  const figures = figuresOf(logs);
  const vacuous = vacuousLines(states, options.seconds);
  const isGood = violations.length === 0 && vacuous.length === 0 && end.trouble.length === 0;
  const { seed, seconds, ratePerSecond } = options;
  const reached = states.map(
    ({ name, count, isRequired }) => `  ${String(count).padStart(6)}  ${name}${isRequired ? ' *' : ''}`,
  );
  const lines = [
    `chaos: ${seconds} s, seed ${seed}, ${ratePerSecond} events a second`,
    ...figureLines(figures),
    `quiet after ${(end.quietMs / 1_000).toFixed(1)} s`,
    'states reached (* a run without it proves nothing):',
    ...reached,
    ...section('NOT QUIET', end.trouble),
    ...section('VACUOUS', vacuous),
    ...section(
      `BROKEN PROMISES: ${violations.length}`,
      violations.map(({ invariant, about, said }) => `${invariant} ${about}: ${said}`),
    ),
    isGood
      ? 'every promise was kept'
      : `NOT GOOD; again: npm run test:chaos -- --seconds ${seconds} --seed ${seed} --rate ${ratePerSecond}`,
  ];
  const json = { seed, seconds, ratePerSecond, isGood, figures, states, vacuous, violations, end, faults: logs.faults };
  return { isGood, lines, json };
}

function section(title: string, lines: readonly string[]): readonly string[] {
  if (lines.length === 0) return [];
  const shown = lines.slice(0, violationsShown).map((line) => `  ${line.slice(0, lineCharsMax)}`);
  const more = lines.length > violationsShown ? [`  and ${lines.length - violationsShown} more (--json)`] : [];
  return [title, ...shown, ...more];
}

function figureLines(figures: RunFigures): readonly string[] {
  const list = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ');
  const { duplicates, duplicatesTooLate, duplicatesAllowed, lateMs } = figures;
  return [
    `events ${figures.events}; notifications ${list(figures.notifications)}`,
    `attempts ${list(figures.attempts)}, of them manual ${figures.manualAttempts}; requests ${figures.requests}`,
    `duplicates ${duplicates} (${duplicatesTooLate} after the deadline), at most ${duplicatesAllowed}`,
    `faults ${list(figures.faults)}`,
    ...(lateMs === null
      ? []
      : [`retries late, outside faults: p50 ${lateMs.p50} ms, p99 ${lateMs.p99} ms, max ${lateMs.max} ms`]),
  ];
}

function figuresOf(logs: RunLogs): RunFigures {
  const index = new RunIndex(logs);
  const duplicates = duplicatesOf(index);
  return {
    events: logs.events.length,
    notifications: countsOf(logs.notifications, ({ state, failureReason }) =>
      failureReason === null ? state : `${state} ${failureReason}`,
    ),
    attempts: countsOf(logs.attempts, ({ outcome, state, failureReason }) =>
      [outcome ?? state, ...(outcome === 'failed' ? [failureReason] : [])].join(' '),
    ),
    requests: logs.requests.length,
    duplicates: duplicates.length,
    duplicatesTooLate: duplicates.filter(({ cameTooLate }) => cameTooLate).length,
    duplicatesAllowed: logs.faults.reduce((sum, { claimsOpen }) => sum + (claimsOpen ?? 0), 0),
    manualAttempts: logs.attempts.filter(({ trigger }) => trigger === 'manual').length,
    faults: countsOf(logs.faults, ({ kind, part }) => `${kind} ${part}`),
    lateMs: latenessOf(index),
  };
}

function countsOf<T>(all: readonly T[], nameOf: (one: T) => string): Readonly<Record<string, number>> {
  return Object.fromEntries([...grouped(all, nameOf)].map(([name, some]) => [name, some.length] as const).sort());
}

/** A fault is felt for so long after it is healed. */
const feltMs = 20_000;

function latenessOf(index: RunIndex): RunFigures['lateMs'] {
  const isFelt = (atMs: number) => index.faultsWithin(atMs - feltMs, atMs).length > 0;
  const late = index.logs.attempts
    .filter(
      ({ number, trigger, dueMs, startedMs }) =>
        number > 1 && trigger === 'auto' && dueMs !== null && !isFelt(startedMs),
    )
    .map(({ startedMs, dueMs }) => Math.round(startedMs - (dueMs ?? startedMs)))
    .sort((a, b) => a - b);
  const at = (share: number) => late[Math.min(late.length - 1, Math.floor((share * late.length) / percent))] ?? 0;
  return late.length === 0 ? null : { p50: at(50), p99: at(99), max: at(percent) };
}
