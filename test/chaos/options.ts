import { parseArgs } from 'node:util';
import { secondsMax, secondsMin } from './chaos-plan.js';
import { vacuousFromSeconds } from './reached-states.js';

/** How long, how hard and which course of events. */
export interface ChaosOptions {
  readonly seconds: number;
  readonly seed: number;
  readonly ratePerSecond: number;
  readonly jsonFile: string | null;
  /** Prints the plan and does nothing. */
  readonly planOnly: boolean;
}

/** What the command line says. */
export type CommandLine =
  | { readonly kind: 'run'; readonly options: ChaosOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly said: string };

const secondsDefault = 600;
const rateDefault = 25;
const rateMax = 500;
const seedMax = 2 ** 31 - 1;

export const usage = `Breaks Hookline at random and proves that nothing is lost: Kafka and Postgres of its own, the built apps with two
dispatchers, a steady generator, receivers that fail by script, faults that follow from a seed, and a checker at the end.

  npm run test:chaos                         ${secondsDefault} seconds, a seed by chance
  npm run test:chaos -- --seconds 90 --seed 7
  npm run test:chaos -- --seconds 90 --seed 7 --plan   prints what would be done when

  --seconds N    how long faults happen (${secondsDefault}; ${secondsMin} to ${secondsMax}); beginning and end come on top
  --seed S       the same seed and seconds make the same faults at the same times (0 to ${seedMax})
  --rate R       events a second (${rateDefault}; 1 to ${rateMax})
  --json FILE    everything that is said at the end as JSON
  --plan         prints the plan and ends
  --help         prints this

Progress goes to standard error, the summary to standard output. docs/chaos.md says how to read it.
Exit: 0 every promise was kept; 1 one was not, something stayed pending, or a run of at least ${vacuousFromSeconds} seconds did not reach the
dangerous states; 2 wrong options; 130 or 143 interrupted.
`;

/** Reads the arguments after the program's name; `chance` makes a seed where none is given. Never throws. */
export function readCommandLine(args: readonly string[], chance: () => number): CommandLine {
  try {
    return parsed(args, chance);
  } catch (error) {
    return { kind: 'wrong', said: error instanceof Error ? error.message : String(error) };
  }
}

const flags = {
  seconds: { type: 'string' },
  seed: { type: 'string' },
  rate: { type: 'string' },
  json: { type: 'string' },
  plan: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

function parsed(args: readonly string[], chance: () => number): CommandLine {
  const { values } = parseArgs({ args: [...args], options: flags, strict: true });
  if (values.help) return { kind: 'help' };
  const { seconds, seed, rate, json = null, plan } = values;
  return {
    kind: 'run',
    options: {
      seconds: wholeNumber('--seconds', seconds, secondsDefault, [secondsMin, secondsMax]),
      seed: wholeNumber('--seed', seed, Math.floor(chance() * seedMax), [0, seedMax]),
      ratePerSecond: wholeNumber('--rate', rate, rateDefault, [1, rateMax]),
      jsonFile: json,
      planOnly: plan,
    },
  };
}

function wholeNumber(
  flag: string,
  text: string | undefined,
  otherwise: number,
  [least, most]: readonly [number, number],
): number {
  if (text === undefined) return otherwise;
  const value = /^\d{1,10}$/.test(text) ? Number(text) : -1;
  if (value >= least && value <= most) return value;
  throw new Error(`${flag} ${JSON.stringify(text)} is no whole number from ${least} to ${most}`);
}
