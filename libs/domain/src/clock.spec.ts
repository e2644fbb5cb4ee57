import { describe, expect, it } from 'vitest';
import { untilTick } from './clock.js';

describe('untilTick', () => {
  it.each([
    { nowMs: 0, everyMs: 1_000, waitedMs: 1_000, why: 'the next multiple' },
    { nowMs: 12_300, everyMs: 1_000, waitedMs: 700, why: 'the rest of this one' },
    { nowMs: 12_300, everyMs: 500, waitedMs: 200, why: 'of any length' },
    { nowMs: 12_999.5, everyMs: 1_000, waitedMs: 1_001, why: 'a timer that came early does not come twice' },
    { nowMs: 12_300.7, everyMs: 1_000, waitedMs: 700, why: 'whole milliseconds, never early' },
  ])('waits $waitedMs ms at $nowMs of $everyMs: $why', async ({ nowMs, everyMs, waitedMs }) => {
    const waits: number[] = [];
    const clock = { monotonicMs: () => nowMs, wait: async (ms: number) => void waits.push(ms) };
    await untilTick(clock, everyMs);
    expect(waits).toEqual([waitedMs]);
  });
});
