import { describe, expect, it } from 'vitest';
import { readCommandLine } from './options.js';

const read = (...args: readonly string[]) => readCommandLine(args, () => 0.5);

describe('the command line of the soak run', () => {
  it('takes a million events and a fault every 20 seconds where nothing is said', () => {
    const files = { folder: '.local/soak', outFile: null, jsonFile: null };
    const options = { events: 1_000_000, ratePerSecond: 600, seed: 1_073_741_823, faultEveryMs: 20_000 };
    expect(read()).toEqual({ kind: 'run', options: { ...options, ...files, defaultTimes: false } });
  });

  it('takes what is said', () => {
    const flags = ['--fault-every', '1m', '--default-times', '--dir', 'd'];
    const args = ['--events', '20000', '--rate', '300', '--seed', '7', ...flags];
    const options = {
      events: 20_000,
      ratePerSecond: 300,
      seed: 7,
      faultEveryMs: 60_000,
      defaultTimes: true,
      folder: 'd',
    };
    const files = { outFile: 'docs/soak.md', jsonFile: 's.json' };
    expect(read(...args, '--out', 'docs/soak.md', '--json', 's.json')).toEqual({
      kind: 'run',
      options: { ...options, ...files },
    });
  });

  it('watches the folder that is named, or the usual one', () => {
    expect(read('--watch')).toEqual({ kind: 'watch', folder: '.local/soak' });
    expect(read('--watch', 'there')).toEqual({ kind: 'watch', folder: 'there' });
    expect(read('--help', '--watch')).toEqual({ kind: 'help' });
  });

  it.each([
    [['--events', '999'], '--events "999" is no whole number from 1000 to 5000000'],
    [['--rate', '0'], '--rate "0" is no whole number from 1 to 2000'],
    [['--fault-every', '20'], '--fault-every "20" is no duration from 5s to 10m'],
    [['--fault-every', '4s'], '--fault-every "4s" is no duration from 5s to 10m'],
    [['--evnts', '7'], "Unknown option '--evnts'"],
    [['1000000'], '1000000 is one word too many'],
    [['--watch', 'a', 'b'], 'b is one word too many'],
  ])('says what is wrong with %j', (args, said) => {
    expect(read(...args)).toEqual({ kind: 'wrong', said: expect.stringContaining(said) });
  });
});
