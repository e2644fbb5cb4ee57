import { describe, expect, it } from 'vitest';
import { readCommandLine } from './options.js';

function optionsOf(...args: readonly string[]) {
  const read = readCommandLine(args);
  if (read.kind !== 'run') throw new Error(JSON.stringify(read));
  return read.options;
}

describe('the command line of the bench', () => {
  it('drains a backlog unless a rate is given', () => {
    expect(optionsOf('pipeline').ratePerSecond).toBeNull();
    expect(optionsOf('pipeline', '--rate', '100')).toMatchObject({ ratePerSecond: 100, events: 3_000 });
    expect(optionsOf('pipeline', '--rate', '100', '--events', '70').events).toBe(70);
  });

  it('takes what the scenario needs where nothing is said', () => {
    expect(optionsOf('isolation')).toMatchObject({ events: 55_560, endpoints: 10, concurrency: 10, rounds: 5 });
    expect(optionsOf('isolation').hangSeconds).toBeNull();
    expect(optionsOf('isolation', '--hang-seconds', '300').hangSeconds).toBe(300);
    expect(optionsOf('isolation', '--endpoints', '4').endpoints).toBe(4);
    expect(optionsOf('search')).toMatchObject({ events: 100_000, rounds: 3 });
  });

  it('hands variables to the apps', () => {
    expect(optionsOf('idle', '--set', 'LOG_LEVEL=warn', '--set', 'A=b=c').set).toEqual({ LOG_LEVEL: 'warn', A: 'b=c' });
  });

  it.each([
    [[], 'pipeline'],
    [['nothing'], 'pipeline'],
    [['idle', 'search'], 'search'],
    [['pipeline', '--events', '0'], '--events'],
    [['pipeline', '--rounds', '1.5'], '--rounds'],
    [['idle', '--rate', '5'], '--rate'],
    [['idle', '--hang-seconds', '5'], '--hang-seconds'],
    [['isolation', '--hang-seconds', '0'], '--hang-seconds'],
    [['pipeline', '--profile', 'kafka'], 'dispatcher'],
    [['renderer', '--profile', 'dispatcher'], 'not for renderer'],
    [['pipeline', '--set', 'lower=1'], 'NAME=VALUE'],
    [['pipeline', '--unknown'], '--unknown'],
  ])('says what is wrong with %j', (args, said) => {
    const read = readCommandLine(args);
    expect(read.kind === 'wrong' ? read.said : read.kind).toContain(said);
  });
});
