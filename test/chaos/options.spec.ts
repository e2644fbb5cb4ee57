import { describe, expect, it } from 'vitest';
import { readCommandLine } from './options.js';

const read = (...args: readonly string[]) => readCommandLine(args, () => 0.5);

describe('the command line of the chaos test', () => {
  it('takes ten minutes and a seed by chance where nothing is said', () => {
    const options = { seconds: 600, seed: 1_073_741_823, ratePerSecond: 25, jsonFile: null, planOnly: false };
    expect(read()).toEqual({ kind: 'run', options });
  });

  it('takes what is said', () => {
    const options = { seconds: 90, seed: 7, ratePerSecond: 40, jsonFile: 'a.json', planOnly: true };
    const args = ['--seconds', '90', '--seed', '7', '--rate', '40', '--json', 'a.json', '--plan'];
    expect(read(...args)).toEqual({ kind: 'run', options });
  });

  it('prints the usage when asked', () => {
    expect(read('--seconds', '1', '--help')).toEqual({ kind: 'help' });
  });

  it.each([
    [['--seconds', '14'], '--seconds "14" is no whole number from 15 to 7200'],
    [['--seconds', '90s'], '--seconds "90s" is no whole number from 15 to 7200'],
    [['--seed', '-1'], 'ambiguous'],
    [['--seed', '2147483648'], '--seed "2147483648" is no whole number from 0 to 2147483647'],
    [['--rate', '0'], '--rate "0" is no whole number from 1 to 500'],
    [['--sed', '7'], "Unknown option '--sed'"],
    [['90'], "Unexpected argument '90'"],
  ])('says what is wrong with %j', (args, said) => {
    expect(read(...args)).toEqual({ kind: 'wrong', said: expect.stringContaining(said) });
  });
});
