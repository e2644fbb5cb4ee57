import { commandTitle, findCommand, findNoun } from './arguments.js';
import type { Command, Flag, Noun } from './command.js';

/** The help of everything, of a noun, or of a command. Throws a CliFault when the path leads nowhere. */
export function helpText(path: readonly string[], nouns: readonly Noun[], globals: readonly Flag[]): string {
  const [nounName, verb] = path;
  if (nounName === undefined) return overview(nouns, globals);
  const noun = findNoun(nounName, nouns);
  const own = noun.commands.find((command) => command.verb === null);
  if (own !== undefined) return commandHelp(noun, own, globals);
  return verb === undefined ? nounHelp(noun) : commandHelp(noun, findCommand(noun, verb), globals);
}

/** The same help with its command lines as they can be typed here. */
export function asStarted(help: string, program: string): string {
  return help.replaceAll(/(^ {2}|^See |\| )hookline (?=\S)/gm, (_, before: string) => `${before}${program} `);
}

function overview(nouns: readonly Noun[], globals: readonly Flag[]): string {
  const rows = nouns.flatMap((noun) =>
    noun.commands.map((command): Row => [usageLine(noun, command).replace(/^hookline /, ''), command.summary]),
  );
  return [
    'hookline: shows and changes a Hookline installation through its admin API\n',
    section('Usage', ['hookline NOUN VERB [FLAGS]', 'hookline NOUN VERB --help']),
    section('Commands', columns(rows)),
    section('Flags of every command', columns(globals.map(flagRow))),
    section('Environment', columns(environment)),
    section('Exit codes', columns(exitCodes)),
  ].join('\n');
}

function nounHelp(noun: Noun): string {
  const rows = noun.commands.map((command): Row => [usageLine(noun, command), command.summary]);
  return [
    `hookline ${noun.name}: ${noun.summary}\n`,
    section('Commands', columns(rows)),
    `See hookline ${noun.name} VERB --help for the flags and examples of each.\n`,
  ].join('\n');
}

function commandHelp(noun: Noun, command: Command, globals: readonly Flag[]): string {
  return [
    `${commandTitle(noun, command)}: ${command.summary}\n`,
    section('Usage', [usageLine(noun, command)]),
    ...(command.details === undefined ? [] : [`${command.details.join('\n')}\n`]),
    ...(command.flags.length === 0 ? [] : [section('Flags', columns(command.flags.map(flagRow)))]),
    section('Examples', command.examples),
    section('Flags of every command', columns(globals.map(flagRow))),
  ].join('\n');
}

function usageLine(noun: Noun, command: Command): string {
  const required = command.flags.filter((flag) => flag.required === true).map((flag) => flagTitle(flag, false));
  const optional = command.flags.some((flag) => flag.required !== true) ? ['[FLAGS]'] : [];
  return [commandTitle(noun, command), ...command.operands, ...required, ...optional].join(' ');
}

function flagRow(flag: Flag): Row {
  const marks = [
    ...(flag.choices === undefined ? [] : [flag.choices.join(' | ')]),
    ...(flag.many === true ? ['may be repeated'] : []),
    ...(flag.required === true ? ['required'] : []),
  ];
  return [flagTitle(flag, true), marks.length === 0 ? flag.help : `${flag.help} (${marks.join('; ')})`];
}

function flagTitle({ name, short, value }: Flag, isLong: boolean): string {
  const names = short === undefined ? `--${name}` : isLong ? `-${short}, --${name}` : `-${short}`;
  return value === undefined ? names : `${names} ${value}`;
}

type Row = readonly [left: string, right: string];

/** The variables of the command line, each with its meaning. */
export const environment: readonly Row[] = [
  ['HOOKLINE_ADDR', 'where the admin listens, host:port (127.0.0.1:50051)'],
  ['HOOKLINE_KEY', 'the API key'],
  ['HOOKLINE_KEY_FILE', 'a file that holds the API key'],
  ['HOOKLINE_CA_FILE', 'PEM file of the certificate authority the admin is checked against'],
  ['HOOKLINE_CERT_FILE', 'PEM file of the certificate to show, where the admin wants one'],
  ['HOOKLINE_CERT_KEY_FILE', 'PEM file of its key'],
  ['HOOKLINE_TENANT', 'the tenant when --tenant is not given (default)'],
  ['HOOKLINE_DEBUG', '1: show the stack of an error'],
  ['NO_COLOR', 'anything: no colours'],
];

const exitCodes: readonly Row[] = [
  ['0', 'done'],
  ['1', 'refused, or the answer is a no'],
  ['2', 'the command line is wrong'],
  ['3', 'the admin, or the renderer behind it, did not answer in time'],
];

function section(title: string, lines: readonly string[]): string {
  return [`\n${title}:`, ...lines.map((line) => `  ${line}`), ''].join('\n').replace(/^\n/, '');
}

function columns(rows: readonly Row[]): readonly string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `${left.padEnd(width)}  ${right}`);
}
