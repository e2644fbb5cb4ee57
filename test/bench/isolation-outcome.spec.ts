import { describe, expect, it } from 'vitest';
import { isolationOutcome } from './isolation-outcome.js';
import { readCommandLine } from './options.js';
import { figuresFrom, type RoundFigures } from './round-figures.js';

/** A round of 90 deliveries. */
function round(seconds: number, p99: number | null = null): RoundFigures {
  const used = { kafka: { cpuSeconds: 1, writes: 50, residentMiBMax: 100 } };
  const arrivals = { distinct: 90, duplicates: 0, lastMs: seconds * 1_000 };
  const figures = figuresFrom({ count: 90, startedMs: 0, arrivals, used, settled: true });
  return { ...figures, arrivalMs: p99 === null ? null : { p50: 5, p95: 10, p99 } };
}

const read = readCommandLine(['isolation']);
if (read.kind !== 'run') throw new Error('wrong options');
const { options } = read;

describe('the outcome of the isolation bench', () => {
  it('is the median of what the time grows by in each round against its own reference, with its spread', () => {
    const rounds = [
      { healthy: round(10), hanging: round(11) },
      { healthy: round(20), hanging: round(20.4) },
      { healthy: round(10), hanging: round(9) },
    ];
    const { json, lines } = isolationOutcome(options, rounds, null);
    expect(json).toMatchObject({ healthyLossPercent: expect.closeTo(2), p99Ratio: null, hang: null });
    expect(json.spread).toMatchObject({
      healthyLossPercent: { min: expect.closeTo(-10), median: expect.closeTo(2), max: expect.closeTo(10) },
      healthyLossPercentAtMost: { median: expect.closeTo(13.33) },
    });
    expect(lines.join('\n')).toContain('grows by 2.0 % (-10.0 to 10.0 % in single rounds); by at most 13.3 %');
  });

  it('compares the p99 beside a long hang with the quiet one', () => {
    const rounds = [{ healthy: round(10), hanging: round(10) }];
    const long = { seconds: 300, ratePerSecond: 500, quiet: round(60, 40), hanging: round(300, 60) };
    const { json, lines } = isolationOutcome(options, rounds, long);
    expect(json).toMatchObject({ hang: { seconds: 300, p99Ratio: 1.5 } });
    expect(lines.at(-1)).toBe('the p99 of the healthy ones is 1.50 times as long');
  });
});
