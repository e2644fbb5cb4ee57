import { describe, expect, it } from 'vitest';
import { readCommandLine } from './options.js';
import { figuresFrom, type RoundFigures } from './round-figures.js';
import type { SpeedResult } from './speed.js';
import { speedOutcome } from './speed-outcome.js';

/** A round of 100 deliveries. */
function round(seconds: number, cpuSeconds: number, residentMiBMax = 100): RoundFigures {
  const used = { kafka: { cpuSeconds, writes: 50, residentMiBMax } };
  const arrivals = { distinct: 100, duplicates: 0, lastMs: seconds * 1_000 };
  return figuresFrom({ count: 100, startedMs: 0, arrivals, used, settled: true });
}

function outcomeOf(
  scenario: string,
  ...rounds: Parameters<typeof speedOutcome> extends [unknown, ...infer R] ? R : never
) {
  const read = readCommandLine([scenario]);
  if (read.kind !== 'run') throw new Error('wrong options');
  const { json, lines } = speedOutcome(read.options, ...rounds);
  return { json: json as SpeedResult, lines };
}

describe('the outcome of rounds', () => {
  it('has a median and a spread for each figure, by component where it is', () => {
    const { json } = outcomeOf('pipeline', [round(1, 4, 200), round(2, 2, 300), round(4, 1, 250)]);
    expect(json.median).toMatchObject({ deliveriesPerSecond: 50, cpuSeconds: { kafka: 2 }, lost: 0, arrivalMs: null });
    expect(json.spread).toMatchObject({
      deliveriesPerSecond: { min: 25, median: 50, max: 100 },
      cpuSeconds: { kafka: { min: 1, median: 2, max: 4 } },
      writesPerDelivery: { kafka: { min: 0.5, median: 0.5, max: 0.5 } },
      arrivalMs: null,
    });
  });

  it('has the most memory of all rounds in the place of a median', () => {
    const { json } = outcomeOf('pipeline', [round(1, 1, 200), round(1, 1, 300), round(1, 1, 250)]);
    expect(json.median.residentMiBMax).toEqual({ kafka: 300 });
    expect(json.spread.residentMiBMax).toEqual({ kafka: { min: 200, median: 250, max: 300 } });
  });

  it('is compared with each bare loop, and with path by CPU as well', () => {
    const bare = { sql: [round(0.5, 0.5)], path: [round(1, 1)] };
    const { json, lines } = outcomeOf('pipeline', [round(2, 4)], bare);
    expect(json).toMatchObject({ ratioToBare: 0.5, ratioToBarePerCpuSecond: 0.25, ratios: { sql: 0.25, path: 0.5 } });
    expect(json.bare?.['path']).toMatchObject({ median: { deliveriesPerSecond: 100 }, rounds: bare.path });
    expect(lines).toContain('50.0 % of bare path, the loop of the same parts (25.0 % a CPU-second)');
    expect(lines).toContain('25.0 % of bare sql, which has one topic and no payloads');
  });

  it('has nulls where no bare loop ran, and where there is nothing to compare', () => {
    const none = { ratioToBare: null, ratioToBarePerCpuSecond: null, ratios: null };
    expect(outcomeOf('dispatcher', [round(2, 4)]).json).toMatchObject({ ...none, bare: null });
    expect(outcomeOf('bare', [round(1, 1)], { path: [round(1, 1)] }).json).toMatchObject(none);
  });
});
