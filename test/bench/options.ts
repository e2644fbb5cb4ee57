import { parseArgs } from 'node:util';

export const scenarios = ['pipeline', 'bare'] as const;

export type Scenario = (typeof scenarios)[number];

/** What is measured, and how much of it. */
export interface BenchOptions {
  readonly scenario: Scenario;
  readonly events: number;
  /** Events a second of an open loop; null drains a backlog. */
  readonly ratePerSecond: number | null;
  readonly rounds: number;
  readonly warmUpEvents: number;
  readonly endpoints: number;
  /** Requests under way to one endpoint. */
  readonly concurrency: number;
  /** Whether the bare loops run between the rounds. */
  readonly bare: boolean;
  readonly jsonFile: string | null;
  /** Variables of every app beside its defaults. */
  readonly set: Readonly<Record<string, string>>;
}

/** What the command line says. */
export type CommandLine =
  | { readonly kind: 'run'; readonly options: BenchOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly said: string };

const defaults = { events: 20_000, rounds: 3, warmUp: 20_000, endpoints: 20, concurrency: 50 } as const;
const most = { events: 2_000_000, rate: 20_000, rounds: 50, warmUp: 1_000_000, endpoints: 200, concurrency: 1_000 };

export const usage = `Measures Hookline on this machine: Kafka and Postgres of its own, the built apps, a receiver and a generator.

  npm run bench -- pipeline --events 100000            drains waiting events; the bare loops run between the rounds
  npm run bench -- pipeline --events 6000 --rate 100   an open loop: arrival minus the intended time
  npm run bench -- bare --events 100000                the bare loops alone

  --events N       events of a round (${defaults.events})
  --rate R         events a second of an open loop
  --rounds K       rounds (${defaults.rounds})
  --json FILE      the figures as JSON
  --warm-up N      events before the first round (${defaults.warmUp})
  --endpoints N    endpoints the events go round over (${defaults.endpoints})
  --concurrency N  requests under way to one endpoint (${defaults.concurrency})
  --no-bare        without the bare loops
  --set NAME=VALUE a variable of every app; may stand several times
  --help           prints this

Progress goes to standard error, the table to standard output. docs/capacity.md says how to read it.
Exit: 0 measured; 1 something failed; 2 wrong options; 130 or 143 interrupted.
`;

const flags = {
  events: { type: 'string' },
  rate: { type: 'string' },
  rounds: { type: 'string' },
  json: { type: 'string' },
  'warm-up': { type: 'string' },
  endpoints: { type: 'string' },
  concurrency: { type: 'string' },
  'no-bare': { type: 'boolean', default: false },
  set: { type: 'string', multiple: true },
  help: { type: 'boolean', default: false },
} as const;

/** Reads the arguments after the program's name. Never throws. */
export function readCommandLine(args: readonly string[]): CommandLine {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: flags,
      allowPositionals: true,
      strict: true,
    });
    if (values.help) return { kind: 'help' };
    const scenario = scenarios.find((name) => name === positionals[0]);
    if (scenario === undefined || positionals.length !== 1) throw new Error(`name one of ${scenarios.join(', ')}`);
    const number = (flag: string, text: string | undefined, limits: { otherwise: number; most: number }) =>
      wholeNumber(`--${flag}`, text, limits);
    return {
      kind: 'run',
      options: {
        scenario,
        events: number('events', values.events, { otherwise: defaults.events, most: most.events }),
        ratePerSecond:
          values.rate === undefined ? null : number('rate', values.rate, { otherwise: 0, most: most.rate }),
        rounds: number('rounds', values.rounds, { otherwise: defaults.rounds, most: most.rounds }),
        warmUpEvents: number('warm-up', values['warm-up'], { otherwise: defaults.warmUp, most: most.warmUp }),
        endpoints: number('endpoints', values.endpoints, { otherwise: defaults.endpoints, most: most.endpoints }),
        concurrency: number('concurrency', values.concurrency, {
          ...{ otherwise: defaults.concurrency, most: most.concurrency },
        }),
        bare: !values['no-bare'],
        jsonFile: values.json ?? null,
        set: Object.fromEntries((values.set ?? []).map(variable)),
      },
    };
  } catch (error) {
    return { kind: 'wrong', said: error instanceof Error ? error.message : String(error) };
  }
}

function wholeNumber(flag: string, text: string | undefined, limits: { otherwise: number; most: number }): number {
  if (text === undefined) return limits.otherwise;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= limits.most) return value;
  throw new Error(`${flag} ${JSON.stringify(text)} is no whole number from 1 to ${limits.most}`);
}

function variable(text: string): readonly [string, string] {
  const match = /^([A-Z][A-Z0-9_]*)=(.*)$/s.exec(text);
  if (match === null) throw new Error(`--set ${JSON.stringify(text)} is not NAME=VALUE`);
  return [match[1] ?? '', match[2] ?? ''];
}
