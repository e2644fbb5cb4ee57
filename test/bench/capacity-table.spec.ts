import { describe, expect, it } from 'vitest';
import { capacityTable } from './capacity-table.js';

const spread = { min: 1.4, median: 2.4, max: 3.4 };
const pipeline = {
  scenario: 'pipeline',
  options: { events: 6_000, ratePerSecond: 100, rounds: 3 },
  median: {
    arrivalMs: { p50: 9.6, p95: 20, p99: 31 },
    residentMiBMax: { renderer: 200, kafka: 500 },
    lost: 0,
    duplicates: 1,
  },
  spread: { deliveriesPerSecond: spread, deliveriesPerCpuSecond: spread },
  ratioToBare: null,
};

describe('the table of capacity', () => {
  it('has a row for each file', () => {
    const [, , row] = capacityTable([pipeline]);
    expect(row).toBe(
      '| pipeline, 3 x 6000 at 100/s | 2 (1-3) | 2 (1-3) | 10 / 20 / 31 | renderer 200 | lost 0, duplicates 1 |',
    );
  });

  it('has the spread of latencies, both bounds of a loss and the commit where the file has them', () => {
    const latencies = { p50: spread, p95: spread, p99: { min: 30, median: 31, max: 40 } };
    const isolation = {
      ...{ ...pipeline, scenario: 'isolation', spread: { ...pipeline.spread, arrivalMs: latencies } },
      ...{ healthyLossPercent: 18.8, healthyLossPercentAtMost: 26.9, commit: 'abc1234' },
    };
    const [, , row] = capacityTable([isolation]);
    expect(row).toContain('| 2 (1-3) / 2 (1-3) / 31 (30-40) |');
    expect(row).toContain('healthy lose 18.8 %, at most 26.9 %; lost 0, duplicates 1; at abc1234 |');
  });

  it('has the figures of idle apps and of pages as remarks', () => {
    const median = { appsCorePercent: 2.345, corePercent: { renderer: 1, kafka: 4 } };
    const page = { p50: 4, p95: 5, p99: 6 };
    const rows = capacityTable([
      { scenario: 'idle', options: { rounds: 1, seconds: 60 }, median },
      { scenario: 'search', options: { events: 9, rounds: 2 }, median: { pageMs: { newest: page } } },
    ]);
    expect(rows[2]).toContain('apps together 2.35 % of a core (renderer 1.0, kafka 4.0)');
    expect(rows[3]).toContain('newest 4 / 6');
  });

  it('has what holding costs, and what a long hang does to the others', () => {
    const drained = { perSecond: 996.7, askedPerSecond: 1_000, lost: 0, duplicates: 0 };
    const look = { corePercent: 6.25, recordsPerSecond: 0 };
    const held = { scenario: 'holds', options: { events: 9, seconds: 600 }, idle: look, held: look, drained };
    const hanging = { ...pipeline, hang: { seconds: 300, p99Ratio: 1.302 } };
    const rows = capacityTable([{ ...held, extraCorePercent: 0.004 }, hanging]);
    expect(rows[2]).toContain('| holds, 9 for 600 s |  |  |  |  | they cost 0.00 % of a core');
    expect(rows[2]).toContain('drained at 997/s of 1000/s; lost 0, duplicates 0 |');
    expect(rows[3]).toContain('their p99 x 1.30 while one hangs for 300 s; lost 0');
  });

  it('is refused for a file of something else', () => {
    expect(() => capacityTable([{ scenario: 'pipeline' }])).toThrow();
  });
});
