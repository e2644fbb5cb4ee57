import { parseArgs } from 'node:util';
import { parseDuration } from '#domain/duration';

/** What a soak run is asked for. */
export interface SoakOptions {
  readonly events: number;
  readonly ratePerSecond: number;
  readonly seed: number;
  readonly faultEveryMs: number;
  /** Deadline, lease, sessions and sweep as the apps have them by default, not scaled down. */
  readonly defaultTimes: boolean;
  /** Where the state and the log of the run are, for `--watch`. */
  readonly folder: string;
  /** The report; null: beside the log alone. */
  readonly outFile: string | null;
  readonly jsonFile: string | null;
}

/** What the command line says. */
export type CommandLine =
  | { readonly kind: 'run'; readonly options: SoakOptions }
  | { readonly kind: 'watch'; readonly folder: string }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly said: string };

const folderDefault = '.local/soak';
const eventsDefault = 1_000_000;
const eventsMin = 1_000;
const eventsMax = 5_000_000;
const rateDefault = 600;
const rateMax = 2_000;
const seedMax = 2 ** 31 - 1;
const faultEveryDefault = '20s';
const faultEveryMinMs = 5_000;
const faultEveryMaxMs = 600_000;

export const usage = `Sends many events through Hookline while things break, and proves that none is lost: the machinery of the chaos test
(docs/chaos.md), bounded by events, one fault after the other. Kafka and Postgres of its own. Linux only.

  npm run soak                                  ${eventsDefault} events, a fault every ${faultEveryDefault}
  npm run soak -- --events 20000 --rate 300     a short one
  npm run soak -- --watch                       shows in another terminal how far it is, or how it ended

  --events N       events (${eventsDefault}; ${eventsMin} to ${eventsMax})
  --rate R         events a second (${rateDefault}; 1 to ${rateMax}): less than what the machine does without faults
  --seed S         the same seed makes the same events, answers and faults (0 to ${seedMax}; by chance)
  --fault-every D  from the beginning of one fault to the next (${faultEveryDefault}; 5s to 10m)
  --default-times  deadline, lease, sessions and sweep are not scaled down: for the times of recovery, with few events
                   and faults far apart, e.g. --events 36000 --rate 40 --fault-every 90s
  --out FILE       the report as Markdown, e.g. docs/soak.md
  --json FILE      the report as JSON
  --dir DIR        where state and log are, for --watch (${folderDefault})
  --watch [DIR]    shows the run of that folder until it ends
  --help           prints this

Progress goes to standard error and to the log, the report to standard output. The run goes on when its terminal is closed. Ctrl-C ends load
and faults; what was sent until then is judged and reported. Once more stops at once, with a report of the counts alone.
Disk: some 10 KB an event beside 2 GB, looked at before; the data is removed at the end, also after Ctrl-C.
Exit: 0 every promise was kept; 1 one was not, something stayed pending, or the run was too quiet to prove anything; 2 wrong options;
130 or 143 cut short or stopped at once.
`;

const flags = {
  events: { type: 'string' },
  rate: { type: 'string' },
  seed: { type: 'string' },
  'fault-every': { type: 'string' },
  'default-times': { type: 'boolean', default: false },
  out: { type: 'string' },
  json: { type: 'string' },
  dir: { type: 'string' },
  watch: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

/** Reads the arguments after the program's name; `chance` makes a seed where none is given. Never throws. */
export function readCommandLine(args: readonly string[], chance: () => number): CommandLine {
  try {
    return parsed(args, chance);
  } catch (error) {
    return { kind: 'wrong', said: error instanceof Error ? error.message : String(error) };
  }
}

function parsed(args: readonly string[], chance: () => number): CommandLine {
  const { values, positionals } = parseArgs({ args: [...args], options: flags, allowPositionals: true, strict: true });
  if (values.help) return { kind: 'help' };
  const [first, ...more] = positionals;
  const folder = values.dir ?? folderDefault;
  if (values.watch && more.length === 0) return { kind: 'watch', folder: first ?? folder };
  if (first !== undefined) throw new Error(`${more[0] ?? first} is one word too many`);
  const { events, rate, seed, out = null, json = null } = values;
  return {
    kind: 'run',
    options: {
      events: wholeNumber('--events', events, { otherwise: eventsDefault, least: eventsMin, most: eventsMax }),
      ratePerSecond: wholeNumber('--rate', rate, { otherwise: rateDefault, least: 1, most: rateMax }),
      seed: wholeNumber('--seed', seed, { otherwise: Math.floor(chance() * seedMax), least: 0, most: seedMax }),
      faultEveryMs: duration(values['fault-every'] ?? faultEveryDefault),
      defaultTimes: values['default-times'],
      folder,
      outFile: out,
      jsonFile: json,
    },
  };
}

interface Bounds {
  readonly otherwise: number;
  readonly least: number;
  readonly most: number;
}

function wholeNumber(flag: string, text: string | undefined, { otherwise, least, most }: Bounds): number {
  if (text === undefined) return otherwise;
  const value = /^\d{1,10}$/.test(text) ? Number(text) : -1;
  if (value >= least && value <= most) return value;
  throw new Error(`${flag} ${JSON.stringify(text)} is no whole number from ${least} to ${most}`);
}

function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms !== null && ms >= faultEveryMinMs && ms <= faultEveryMaxMs) return ms;
  throw new Error(`--fault-every ${JSON.stringify(text)} is no duration from 5s to 10m`);
}
