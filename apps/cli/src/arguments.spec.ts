import { describe, expect, it } from 'vitest';
import { parseArguments } from './arguments.js';
import { CliFault } from './cli-fault.js';
import { globalFlags, nouns } from './commands.js';
import { helpText } from './help.js';

const parse = (line: string) => parseArguments(line.split(' ').slice(1), nouns, globalFlags);

function run(line: string) {
  const asked = parse(line);
  if (asked.kind !== 'run') throw new Error(`${line} is ${asked.kind}`);
  return asked;
}

function faultOf(line: string): string {
  try {
    parse(line);
  } catch (error) {
    if (error instanceof CliFault && error.exitCode === 2) return [error.message, ...error.more].join('\n');
    throw error;
  }
  throw new Error(`${line} is no fault`);
}

const commands = nouns.flatMap((noun) => noun.commands.map((command) => ({ noun, command })));

describe('the table of commands', () => {
  it.each(commands)('has help and examples that parse for $noun.name $command.verb', ({ noun, command }) => {
    const path = command.verb === null ? [noun.name] : [noun.name, command.verb];
    const help = helpText(path, nouns, globalFlags);
    expect(command.summary).not.toBe('');
    expect(command.examples.length).toBeGreaterThan(0);
    for (const flag of [...command.flags, ...globalFlags]) expect(help).toContain(`--${flag.name}`);
    for (const example of command.examples) {
      expect(help).toContain(example);
      const words =
        example
          .replace(/^.*\| /, '')
          .replace(/ > .*$/, '')
          .match(/'[^']*'|"[^"]*"|\S+/g) ?? [];
      const asked = parseArguments(words.slice(1), nouns, globalFlags);
      expect(asked.kind === 'run' && asked.command).toBe(command);
    }
    expect(helpText([], nouns, globalFlags)).toContain(command.summary);
  });

  it('gives a flag the same short form and kind wherever it stands, for they are read before the command is known', () => {
    const kinds = new Map<string, string>();
    for (const flag of [...globalFlags, ...commands.flatMap(({ command }) => command.flags)]) {
      const kind = `${flag.short ?? ''} ${flag.value === undefined ? 'switch' : 'value'}`;
      expect(kinds.get(flag.name) ?? kind, flag.name).toBe(kind);
      kinds.set(flag.name, kind);
    }
    const shorts = [...kinds.values()].map((kind) => kind[0]).filter((short) => short !== ' ');
    expect(new Set(shorts).size).toBe(shorts.length);
  });

  it('offers no flag for the API key, which would be in the process list', () => {
    const names = [...globalFlags, ...commands.flatMap(({ command }) => command.flags)].map(({ name }) => name);
    expect(names.filter((name) => /api|token|secret|password/.test(name))).toEqual([]);
  });
});

describe('parseArguments', () => {
  it('takes flags before the noun, between noun and verb, and after', () => {
    const { command, given } = run('hookline -o json notifications --limit 5 list --state failed --tenant -');
    expect(command.verb).toBe('list');
    expect([given.text('output'), given.integer('limit'), given.text('state'), given.text('tenant')]).toEqual([
      'json',
      5,
      'failed',
      '-',
    ]);
  });

  it('takes --flag=value, - as a file, and a flag that may be repeated', () => {
    expect(run('hookline apply -f - --file=b.yaml').given.texts('file')).toEqual(['-', 'b.yaml']);
  });

  it('takes what follows -- as operands', () => {
    expect(run('hookline endpoints get -- -x').given.operand()).toBe('-x');
  });

  it.each([
    ['hookline notfications list', 'did you mean notifications?'],
    ['hookline notifications lits', 'did you mean list?'],
    ['hookline notifications list --stat failed', 'did you mean --state?'],
    ['hookline notifications list --state fialed', 'did you mean failed?'],
    ['hookline zzzzzz', 'there is no command "zzzzzz"\nsee: hookline help'],
    ['hookline notifications list extra', 'takes no "extra"'],
    ['hookline notifications get', 'notifications get needs ID'],
    ['hookline notifications resend 1', 'needs --request-id X'],
    ['hookline notifications list --limit', '--limit needs a value: N'],
    ['hookline notifications list --limit --all', '--limit needs a value: N'],
    ['hookline notifications list --limit 0', 'no whole number from 1 to 100000'],
    ['hookline notifications list --limit 1e3', 'no whole number'],
    ['hookline notifications list --limit 1 --limit 2', '--limit is given twice'],
    ['hookline notifications list --all=yes', '--all takes no value'],
    ['hookline notifications list --tenant=', '--tenant needs a value'],
    ['hookline notifications list -o yaml', '-o "yaml" is none of table, json'],
    ['hookline notifications list --request-id x', 'notifications list has no --request-id'],
    ['hookline events publish', 'needs --file FILE'],
    ['hookline --wrong', 'has no --wrong'],
    ['hookline --tenant', '--tenant needs a value: T'],
  ])('refuses %s', (line, said) => {
    expect(faultOf(line)).toContain(said);
  });

  it('knows help and version wherever they stand', () => {
    expect(parse('hookline notifications list --help')).toEqual({ kind: 'help', path: ['notifications', 'list'] });
    expect(parse('hookline notifications -h')).toEqual({ kind: 'help', path: ['notifications'] });
    expect(parse('hookline --version')).toEqual({ kind: 'version' });
    expect(parse('hookline notifications')).toEqual({ kind: 'nothing', path: ['notifications'] });
    expect(run('hookline help notifications').given.operands).toEqual(['notifications']);
  });
});
