import { describe, expect, it } from 'vitest';
import { readCommandLine } from './options.js';

describe('the command line', () => {
  it('has defaults, and a faster pace when it ends by itself', () => {
    expect(readCommandLine([])).toEqual({
      kind: 'run',
      options: { events: 200, ratePerSecond: 50, exit: false, json: false, keep: false },
    });
    expect(readCommandLine(['--events', '1000', '--exit'])).toMatchObject({
      options: { events: 1_000, ratePerSecond: 100, exit: true },
    });
  });

  it.each([
    ['an unknown option', ['--frob']],
    ['a word', ['now']],
    ['no events', ['--events', '0']],
    ['a fraction', ['--rate', '1.5']],
    ['a flag without its value', ['--events']],
  ])('refuses %s', (_, args) => {
    expect(readCommandLine(args).kind).toBe('wrong');
  });

  it('answers --help before anything else', () => {
    expect(readCommandLine(['--help']).kind).toBe('help');
  });
});
