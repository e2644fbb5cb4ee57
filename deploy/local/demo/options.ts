import { parseArgs } from 'node:util';

/** How the demo is run. */
export interface DemoOptions {
  /** Records to produce. */
  readonly events: number;
  /** Records a second. */
  readonly ratePerSecond: number;
  /** Ends by itself, with the books. */
  readonly exit: boolean;
  /** The result as one line of JSON on standard output; words go to standard error. */
  readonly json: boolean;
  /** Leaves the logs behind and, on given servers, database and topics. */
  readonly keep: boolean;
}

/** What the command line says. */
export type CommandLine =
  | { readonly kind: 'run'; readonly options: DemoOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly said: string };

const eventsDefault = 200;
const eventsMax = 1_000_000;
const ratePerSecondDefault = 50;
/** Without a rate a run that ends by itself does not dawdle. */
const ratePerSecondOfExit = 100;
const ratePerSecondMax = 10_000;

export const usage = `Runs all of Hookline on this machine: servers, apps, a receiver, lending events, and shows what happens.

  npm run demo                               stays up after the events, for you to try commands; Ctrl-C ends it
  npm run demo -- --events 1000 --exit       ends by itself and prints the books

  --events N   records to produce, 1 to ${eventsMax} (${eventsDefault})
  --rate R     records a second, 1 to ${ratePerSecondMax} (${ratePerSecondDefault}; with --exit ${ratePerSecondOfExit})
  --exit       ends when every notification is settled
  --json       prints the result as one line of JSON; everything else goes to standard error
  --keep       leaves the logs behind and, on servers of yours, database and topics
  --help       prints this

Environment:
  KAFKA_BROKERS, DATABASE_URL   servers you have (topics and database of its own are made there, and removed at the end);
                                without them Apache Kafka and PostgreSQL are started here, with their data in .local/
  HOOKLINE_NO_INSTALL=1         installs nothing (apt-get, npm, Maven): says what is missing instead

Exit: 0 the books balance, or it was up and you ended it; 1 they do not balance or something failed; 2 wrong options;
130 or 143 when it was interrupted before it was up.
`;

const flags = {
  events: { type: 'string' },
  rate: { type: 'string' },
  exit: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  keep: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

/** Reads the arguments after the program's name. Never throws. */
export function readCommandLine(args: readonly string[]): CommandLine {
  try {
    const { values } = parseArgs({ args: [...args], options: flags, strict: true });
    if (values.help) return { kind: 'help' };
    const { exit, json, keep } = values;
    const events = wholeNumber('--events', values.events, { most: eventsMax, otherwise: eventsDefault });
    const otherwise = exit ? ratePerSecondOfExit : ratePerSecondDefault;
    const ratePerSecond = wholeNumber('--rate', values.rate, { most: ratePerSecondMax, otherwise });
    return { kind: 'run', options: { events, ratePerSecond, exit, json, keep } };
  } catch (error) {
    return { kind: 'wrong', said: error instanceof Error ? error.message : String(error) };
  }
}

function wholeNumber(
  flag: string,
  text: string | undefined,
  { most, otherwise }: { readonly most: number; readonly otherwise: number },
): number {
  if (text === undefined) return otherwise;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= most) return value;
  throw new Error(`${flag} ${JSON.stringify(text)} is no whole number from 1 to ${most}`);
}
