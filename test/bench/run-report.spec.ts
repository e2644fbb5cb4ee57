import { describe, expect, it } from 'vitest';
import { readCommandLine } from './options.js';
import { fewRoundsWarning, runReport } from './run-report.js';

const commandLine = readCommandLine(['pipeline', '--events', '70', '--set', 'LOG_LEVEL=warn']);
if (commandLine.kind !== 'run') throw new Error('wrong options');
const { options } = commandLine;
const on = { commit: 'abc1234+', node: 'v20.11.0', cores: 2 };
const outcome = {
  json: { rounds: [{}], median: {}, spread: {}, bare: null, ratioToBare: null, more: 1 },
  lines: ['the table'],
};

describe('the report of a run', () => {
  it('says what was measured, for programs and for people', () => {
    const { json, lines } = runReport(outcome, { options, on, faults: { all: [], lines: [] } });
    expect(json).toEqual({ scenario: 'pipeline', ...on, options, ...outcome.json, faults: [] });
    expect(lines[0]).toBe('commit abc1234+, Node v20.11.0, 2 cores');
    expect(lines[1]).toMatch(/^options: events 70, rounds 3, .*concurrency 50, bare true, LOG_LEVEL=warn$/);
    expect(lines.at(-1)).toBe('the table');
  });

  it('ends with what went wrong', () => {
    const all = [{ round: 'round 1', lost: 1, duplicates: 0, settled: true }];
    const { json, lines } = runReport(outcome, { options, on, faults: { all, lines: ['lost 1'] } });
    expect(json).toMatchObject({ faults: all });
    expect(lines.at(-1)).toBe('lost 1');
  });
});

describe('the warning of few rounds', () => {
  it('is there for fewer than three', () => {
    expect(fewRoundsWarning({ rounds: 2 })).toContain('2 of at least 3 rounds');
    expect(fewRoundsWarning({ rounds: 3 })).toBeNull();
  });
});
