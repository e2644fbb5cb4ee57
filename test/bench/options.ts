import { parseArgs } from 'node:util';
import { defaults, idleSeconds, openLoopSeconds, type Scenario, scenarios } from './usage.js';

const profiledApps = ['renderer', 'dispatcher', 'retry-scheduler'] as const;

export type ProfiledApp = (typeof profiledApps)[number];

/** What is measured, and how much of it. */
export interface BenchOptions {
  readonly scenario: Scenario;
  readonly events: number;
  /** Events a second of an open loop; null drains a backlog. */
  readonly ratePerSecond: number | null;
  readonly rounds: number;
  readonly seconds: number;
  /** How long one endpoint hangs in one more open loop of isolation; null: no such loop. */
  readonly hangSeconds: number | null;
  readonly warmUpEvents: number;
  readonly endpoints: number;
  /** Requests under way to one endpoint. */
  readonly concurrency: number;
  /** Whether the bare loops run between the rounds. */
  readonly bare: boolean;
  readonly profile: ProfiledApp | null;
  readonly jsonFile: string | null;
  /** Variables of every app beside its defaults. */
  readonly set: Readonly<Record<string, string>>;
}

/** What the command line says. */
export type CommandLine =
  | { readonly kind: 'run'; readonly options: BenchOptions }
  | { readonly kind: 'table'; readonly files: readonly string[] }
  | { readonly kind: 'functions'; readonly files: readonly string[] }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly said: string };

const most = {
  events: 2_000_000,
  rate: 20_000,
  rounds: 1_000,
  seconds: 600,
  hangSeconds: 1_800,
  endpoints: 200,
  concurrency: 1_000,
};

const flags = {
  events: { type: 'string' },
  rate: { type: 'string' },
  rounds: { type: 'string' },
  seconds: { type: 'string' },
  'hang-seconds': { type: 'string' },
  json: { type: 'string' },
  profile: { type: 'string' },
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
    return parsed(args);
  } catch (error) {
    return { kind: 'wrong', said: error instanceof Error ? error.message : String(error) };
  }
}

function parsed(args: readonly string[]): CommandLine {
  const { values, positionals } = parseArgs({ args: [...args], options: flags, allowPositionals: true, strict: true });
  if (values.help) return { kind: 'help' };
  const [first, ...files] = positionals;
  if ((first === 'table' || first === 'functions') && files.length > 0) return { kind: first, files };
  const scenario = oneOf(scenarios, first, 'a scenario');
  if (files.length > 0) throw new Error(`${files[0]} is one word too many`);
  const otherwise = defaults[scenario];
  const ratePerSecond = values.rate === undefined ? null : wholeNumber('--rate', values.rate, 1, most.rate);
  if (ratePerSecond !== null && scenario !== 'pipeline' && scenario !== 'isolation')
    throw new Error(`--rate is for pipeline and isolation, not for ${scenario}`);
  const hang = values['hang-seconds'];
  if (hang !== undefined && scenario !== 'isolation')
    throw new Error(`--hang-seconds is for isolation, not for ${scenario}`);
  const profile = values.profile === undefined ? null : oneOf(profiledApps, values.profile, '--profile as');
  if (profile !== null && scenario !== 'pipeline' && scenario !== profile)
    throw new Error(`--profile ${profile} is for pipeline and ${profile}, not for ${scenario}`);
  const events = ratePerSecond === null ? otherwise.events : ratePerSecond * openLoopSeconds;
  return {
    kind: 'run',
    options: {
      scenario,
      events: wholeNumber('--events', values.events, events, most.events),
      ratePerSecond,
      rounds: wholeNumber('--rounds', values.rounds, otherwise.rounds, most.rounds),
      seconds: wholeNumber('--seconds', values.seconds, idleSeconds, most.seconds),
      hangSeconds: hang === undefined ? null : wholeNumber('--hang-seconds', hang, 0, most.hangSeconds),
      warmUpEvents: wholeNumber('--warm-up', values['warm-up'], otherwise.warmUpEvents, most.events),
      endpoints: wholeNumber('--endpoints', values.endpoints, otherwise.endpoints, most.endpoints),
      concurrency: wholeNumber('--concurrency', values.concurrency, otherwise.concurrency, most.concurrency),
      bare: !values['no-bare'],
      profile,
      jsonFile: values.json ?? null,
      set: Object.fromEntries((values.set ?? []).map(variable)),
    },
  };
}

function oneOf<T extends string>(all: readonly T[], text: string | undefined, what: string): T {
  const found = all.find((name) => name === text);
  if (found === undefined) throw new Error(`name ${what} one of ${all.join(', ')}`);
  return found;
}

function wholeNumber(flag: string, text: string | undefined, otherwise: number, max: number): number {
  if (text === undefined) return otherwise;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= max) return value;
  throw new Error(`${flag} ${JSON.stringify(text)} is no whole number from 1 to ${max}`);
}

function variable(text: string): readonly [string, string] {
  const match = /^([A-Z][A-Z0-9_]*)=(.*)$/s.exec(text);
  if (match === null) throw new Error(`--set ${JSON.stringify(text)} is not NAME=VALUE`);
  return [match[1] ?? '', match[2] ?? ''];
}
