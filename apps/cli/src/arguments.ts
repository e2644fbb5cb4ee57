import { parseArgs } from 'node:util';
import { CliFault } from './cli-fault.js';
import { type Command, type Flag, Given, type Noun } from './command.js';
import { suggestion } from './nearest.js';

/** What a command line asks for. */
export type Asked =
  | { readonly kind: 'run'; readonly noun: Noun; readonly command: Command; readonly given: Given }
  | { readonly kind: 'help'; readonly path: readonly string[] }
  | { readonly kind: 'version' }
  | { readonly kind: 'nothing'; readonly path: readonly string[] };

type OptionToken = {
  readonly name: string;
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
};

/**
 * Reads a command line by the table of nouns. Flags may stand anywhere, before the noun as well. Throws a CliFault of
 * kind `usage` that says what is wrong, with the nearest word that would have been right.
 */
export function parseArguments(argv: readonly string[], nouns: readonly Noun[], globals: readonly Flag[]): Asked {
  const { words, options } = tokensOf(argv, [
    ...globals,
    ...nouns.flatMap(({ commands }) => commands.flatMap((c) => c.flags)),
  ]);
  const is = (name: string) => options.some((option) => option.name === name && option.value === undefined);
  if (is('help')) return { kind: 'help', path: words.slice(0, 2) };
  if (is('version')) return { kind: 'version' };
  const [nounName, ...rest] = words;
  if (nounName === undefined) {
    flagsOf(options, globals, 'hookline');
    return { kind: 'nothing', path: [] };
  }
  const noun = findNoun(nounName, nouns);
  const own = noun.commands.find(({ verb }) => verb === null);
  if (own === undefined && rest[0] === undefined) return { kind: 'nothing', path: [noun.name] };
  const command = own ?? findCommand(noun, rest[0] ?? '');
  const operands = own === undefined ? rest.slice(1) : rest;
  const title = commandTitle(noun, command);
  const flags = flagsOf(options, [...globals, ...command.flags], title);
  checkOperands(operands, command, title);
  return {
    kind: 'run',
    noun,
    command,
    given: new Given(operands, flags),
  };
}

/** `hookline notifications list`, as help and faults call it. */
export function commandTitle(noun: Noun, command: Command): string {
  return ['hookline', noun.name, command.verb].filter((part) => part !== null).join(' ');
}

export function findNoun(name: string, nouns: readonly Noun[]): Noun {
  const found = nouns.find((noun) => noun.name === name);
  if (found !== undefined) return found;
  const known = nouns.map((noun) => noun.name);
  throw usage(`there is no command ${JSON.stringify(name)}${suggestion(name, known)}`, 'hookline help');
}

export function findCommand(noun: Noun, verb: string): Command {
  const found = noun.commands.find((command) => command.verb === verb);
  if (found !== undefined) return found;
  const known = noun.commands.flatMap((command) => command.verb ?? []);
  throw usage(
    `${noun.name} has no ${JSON.stringify(verb)}${suggestion(verb, known)}`,
    `hookline ${noun.name} --help`,
    `${noun.name} has: ${known.join(', ')}`,
  );
}

/** Every flag of every command is known here, so that the value of one before the noun is not taken for the noun. */
function tokensOf(argv: readonly string[], flags: readonly Flag[]) {
  const options = Object.fromEntries(
    flags.map(({ name, short, value }) => {
      const type = value === undefined ? ('boolean' as const) : ('string' as const);
      return [name, { type, multiple: true, ...(short === undefined ? {} : { short }) }];
    }),
  );
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true });
  return {
    words: tokens.flatMap((token) => (token.kind === 'positional' ? [token.value] : [])),
    options: tokens.flatMap((token): readonly OptionToken[] => (token.kind === 'option' ? [token] : [])),
  };
}

function checkOperands(operands: readonly string[], command: Command, title: string): void {
  const missing = command.operands.find((name, n) => operands[n] === undefined && !name.startsWith('['));
  if (missing !== undefined) throw usage(`${title} needs ${missing}`, `${title} --help`);
  const extra = operands[command.operands.length];
  if (extra !== undefined) throw usage(`${title} takes no ${JSON.stringify(extra)}`, `${title} --help`);
}

function flagsOf(
  options: readonly OptionToken[],
  flags: readonly Flag[],
  title: string,
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const option of options) {
    const flag = flags.find(({ name }) => name === option.name);
    if (flag === undefined) {
      const known = flags.map(({ name }) => `--${name}`);
      throw usage(`${title} has no ${option.rawName}${suggestion(option.rawName, known)}`, `${title} --help`);
    }
    const fault = valueFault(flag, option, found.has(flag.name));
    if (fault !== null) throw usage(fault, `${title} --help`);
    found.set(flag.name, [...(found.get(flag.name) ?? []), option.value ?? '']);
  }
  const missing = flags.find(({ name, required }) => required === true && !found.has(name));
  if (missing !== undefined)
    throw usage(`${title} needs --${missing.name} ${missing.value ?? ''}`.trimEnd(), `${title} --help`);
  return found;
}

function valueFault(flag: Flag, { rawName, value, inlineValue }: OptionToken, isRepeated: boolean): string | null {
  if (isRepeated && flag.many !== true) return `${rawName} is given twice`;
  if (flag.value === undefined) return value === undefined ? null : `${rawName} takes no value`;
  if (value === undefined || value === '') return `${rawName} needs a value: ${flag.value}`;
  if (inlineValue !== true && /^--./.test(value))
    return `${rawName} needs a value: ${flag.value} (write --${flag.name}=${value} if that is the value)`;
  if (flag.choices !== undefined && !flag.choices.includes(value))
    return `${rawName} ${JSON.stringify(value)} is none of ${flag.choices.join(', ')}${suggestion(value, flag.choices)}`;
  if (flag.within === undefined) return null;
  const [min, max] = flag.within;
  const isInteger = /^\d{1,15}$/.test(value) && Number(value) >= min && Number(value) <= max;
  return isInteger ? null : `${rawName} ${JSON.stringify(value)} is no whole number from ${min} to ${max}`;
}

function usage(message: string, helpCommand: string, ...more: readonly string[]): CliFault {
  return new CliFault('usage', message.replace(/^hookline /, ''), [...more, `see: ${helpCommand}`]);
}
