import { describe, expect, it } from 'vitest';
import { booksLines, type LiveFigures, percentile, tableLine, tableLines } from './figures-table.js';

const figures: LiveFigures = {
  planned: 200,
  produced: 100,
  verdicts: { matched: 80, unmatched: 5, duplicate: 3, parked: 2 },
  notifications: { created: 90, sent: 60, pending: 25, failed: 4, cancelled: 1 },
  attempts: 77,
  latencyP50Ms: 11.6,
  latencyP95Ms: null,
};

describe('the table', () => {
  it('shows progress and every figure', () => {
    const lines = tableLines(figures);
    expect(lines[0]).toBe(`  [${'#'.repeat(15)}${'.'.repeat(15)}] 100 of 200 events, 72 % settled`);
    expect(lines.slice(1).map((line) => line.trim().split(/\s{2,}/))).toEqual([
      ['events read', '90'],
      ['notifications created', '90'],
      ['sent', '60'],
      ['pending', '25'],
      ['failed', '4'],
      ['attempts', '77'],
      ['latency p50', '12 ms'],
      ['latency p95', '-'],
    ]);
  });

  it('has the same height whatever it shows, so that it can be drawn over itself', () => {
    const empty = { ...figures, produced: 0, planned: 1, latencyP50Ms: null };
    expect(tableLines(empty)).toHaveLength(tableLines(figures).length);
  });

  it('fits in one line where there is no terminal', () => {
    expect(tableLine(figures)).toMatch(/^events 100\/200, events read 90, .*latency p95 -$/);
  });
});

describe('the books', () => {
  it('name every term of both lines', () => {
    expect(booksLines(figures)).toEqual([
      'events read 90 = matched 80 + unmatched 5 + duplicate 3 + parked 2',
      'notifications created 90 = sent 60 + pending 25 + failed 4 + cancelled 1',
    ]);
  });
});

describe('percentile', () => {
  it('is null of nothing and a value that occurs otherwise', () => {
    expect(percentile([], 0.5)).toBeNull();
    expect(percentile([3, 1, 2], 0.5)).toBe(2);
    expect(
      percentile(
        Array.from({ length: 100 }, (_, i) => i + 1),
        0.95,
      ),
    ).toBe(96);
  });
});
