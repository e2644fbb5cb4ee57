import type { ChaosOutcome } from './chaos-run.js';
import type { ChaosOptions } from './options.js';
import { vacuousLines } from './reached-states.js';
import type { RunFigures } from './run-figures.js';

const violationsShown = 20;
const lineCharsMax = 400;

/** What is said at the end, and its JSON. `isGood`: the run may be believed and no promise was broken. */
export interface Summary {
  readonly isGood: boolean;
  readonly lines: readonly string[];
  readonly json: object;
}

/** All that a run came to, in words and as JSON. */
export function summaryOf(outcome: ChaosOutcome, options: ChaosOptions): Summary {
  const { end, faults } = outcome;
  const { violations, states, figures, broken, recovery } = outcome.judgement;
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
      `BROKEN PROMISES: ${Object.entries(broken)
        .map(([invariant, count]) => `${invariant} ${count}`)
        .join(', ')}`,
      violations.map(({ invariant, about, said }) => `${invariant} ${about}: ${said}`),
    ),
    isGood
      ? 'every promise was kept'
      : `NOT GOOD; again: npm run test:chaos -- --seconds ${seconds} --seed ${seed} --rate ${ratePerSecond}`,
  ];
  const found = { figures, states, vacuous, broken, violations, recovery };
  const json = { seed, seconds, ratePerSecond, isGood, ...found, end, faults };
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
    `events ${figures.events}, lost ${figures.lost}; notifications ${list(figures.notifications)}`,
    `attempts ${list(figures.attempts)}, of them manual ${figures.manualAttempts}; requests ${figures.requests}`,
    `duplicates ${duplicates} (${duplicatesTooLate} after the deadline), at most ${duplicatesAllowed}`,
    `faults ${list(figures.faults)}`,
    ...(lateMs === null
      ? []
      : [`retries late, outside faults: p50 ${lateMs.p50} ms, p99 ${lateMs.p99} ms, max ${lateMs.max} ms`]),
  ];
}
