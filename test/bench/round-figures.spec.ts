import { describe, expect, it } from 'vitest';
import { figuresFrom } from './round-figures.js';

describe('the figures of a round', () => {
  it('count as duplicates what came twice and what came again after its own round', () => {
    const arrivals = { distinct: 98, duplicates: 2, unexpected: 3, lastMs: 3_000 };
    const used = { kafka: { cpuSeconds: 4, writes: 0, residentMiBMax: 0 } };
    expect(figuresFrom({ count: 100, startedMs: 1_000, arrivals, used, settled: true })).toMatchObject({
      ...{ lost: 2, settled: true, duplicates: 5, deliveriesPerSecond: 49, deliveriesPerCpuSecond: 24.5 },
    });
  });
});
