import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  admits,
  afterResult,
  type Circuit,
  type CircuitPolicy,
  type CircuitResult,
  closedCircuit,
  probing,
  type RecentResults,
  ResultWindow,
} from './circuit.js';

const policy: CircuitPolicy = {
  ...{ windowMs: 60_000, resultsMin: 10, failedShare: 0.7, failuresInARow: 10 },
  ...{ openMs: 30_000, openMsMax: 600_000, jitter: 0.2 },
};

function aResult(changes: Partial<CircuitResult> = {}): CircuitResult {
  const recent: RecentResults = { good: 0, failed: 1, failedInARow: 1, failingSinceMs: 1_000_000 };
  return { isGood: false, recent, concurrency: 10, nowMs: 1_000_000, chance: 0.5, ...changes };
}

function open(openCount: number): Circuit {
  return { kind: 'open', openedMs: 1_000_000, probeMs: 1_030_000, openCount };
}

describe('a circuit', () => {
  it('opens at 70 % failures of at least ten results, or at ten failures in a row', () => {
    const after = (good: number, failed: number, failedInARow: number) =>
      afterResult(closedCircuit, aResult({ recent: { good, failed, failedInARow, failingSinceMs: 0 } }), policy).kind;
    expect(after(3, 7, 1)).toBe('open');
    expect(after(4, 7, 1)).toBe('closed');
    expect(after(2, 7, 7)).toBe('closed');
    expect(after(100, 10, 10)).toBe('open');
  });

  it('stays closed on a success, however bad the results of late', () => {
    const recent = { good: 1, failed: 99, failedInARow: 0, failingSinceMs: null };
    expect(afterResult(closedCircuit, aResult({ isGood: true, recent }), policy)).toEqual(closedCircuit);
  });

  it('is open for 30 s, twice as long after each failed probe, ten minutes at most, and a fifth more or less', () => {
    const openMs = (openCount: number, chance: number) => {
      const probe = probing(open(openCount));
      const after = afterResult(probe, aResult({ chance }), policy);
      return after.kind === 'open' ? after.probeMs - after.openedMs : 0;
    };
    const bad = { good: 0, failed: 10, failedInARow: 10, failingSinceMs: 0 };
    expect(afterResult(closedCircuit, aResult({ recent: bad }), policy)).toEqual({
      ...{ kind: 'open', openedMs: 1_000_000, probeMs: 1_030_000, openCount: 1 },
    });
    expect([1, 2, 3, 4, 5, 50].map((count) => openMs(count, 0.5) / 1_000)).toEqual([60, 120, 240, 480, 600, 600]);
    expect([openMs(1, 0), openMs(1, 0.999)]).toEqual([48_000, expect.closeTo(72_000, -2)]);
  });

  it('lets one attempt in once its probe is due, and none before', () => {
    expect(admits(open(1), 0, 1_029_999)).toBe(false);
    expect(admits(open(1), 0, 1_030_000)).toBe(true);
    expect(admits(open(1), 1, 1_030_000)).toBe(false);
    expect(admits(probing(open(1)), 1, 1_030_000)).toBe(false);
  });

  it('lets in 1, 2, 4, 8 after a good probe, and all once that is more than the endpoint takes', () => {
    const allowed: number[] = [];
    let circuit = probing(open(3));
    while (circuit.kind === 'half-open') {
      if (circuit.good + circuit.failed === 0) allowed.push(circuit.allowed);
      circuit = afterResult(circuit, aResult({ isGood: true }), policy);
    }
    expect(allowed).toEqual([1, 2, 4, 8]);
    expect(circuit).toEqual(closedCircuit);
  });

  it('gets well although an attempt fails now and then, and opens for longer when a step mostly fails', () => {
    const after = (results: readonly boolean[]) =>
      results.reduce<Circuit>((circuit, isGood) => afterResult(circuit, aResult({ isGood }), policy), probing(open(3)));
    expect(after([true, true, false])).toMatchObject({ kind: 'half-open', allowed: 4, good: 0, failed: 0 });
    const oneOfThree = (count: number) => Array.from({ length: count }, (_, n) => n % 3 !== 2);
    expect(after(oneOfThree(15))).toEqual(closedCircuit);
    expect(after([true, true, true, false, false, false])).toMatchObject({ kind: 'half-open', allowed: 4, failed: 3 });
    expect(after([true, true, true, false, false, false, true])).toMatchObject({ kind: 'open', openCount: 4 });
  });

  it('is changed by no result of an attempt that began before it opened', () => {
    expect(afterResult(open(2), aResult({ isGood: true }), policy)).toEqual(open(2));
    expect(afterResult(open(2), aResult(), policy)).toEqual(open(2));
  });

  it('never lets in more than the endpoint takes, nor stays open for longer than its longest time', () => {
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { maxLength: 200 }),
        fc.integer({ min: 1, max: 50 }),
        (results, concurrency) => {
          const window = new ResultWindow(policy.windowMs);
          let circuit = closedCircuit;
          let nowMs = 0;
          for (const isGood of results) {
            nowMs += 500;
            if (circuit.kind === 'open') nowMs = circuit.probeMs;
            if (admits(circuit, 0, nowMs)) circuit = probing(circuit);
            window.note(isGood, nowMs);
            const recent = window.recent(nowMs);
            circuit = afterResult(circuit, aResult({ isGood, recent, concurrency, nowMs, chance: 0.99 }), policy);
            if (circuit.kind === 'half-open') expect(circuit.allowed).toBeLessThanOrEqual(concurrency);
            if (circuit.kind === 'open')
              expect(circuit.probeMs - nowMs).toBeLessThanOrEqual(policy.openMsMax * (1 + policy.jitter));
          }
        },
      ),
    );
  });
});

describe('the results of late', () => {
  it('are those of the window, and failures since the last success whenever they were', () => {
    const window = new ResultWindow(60_000);
    for (let i = 0; i < 5; i++) window.note(false, i * 1_000);
    expect(window.recent(5_000)).toEqual({ good: 0, failed: 5, failedInARow: 5, failingSinceMs: 0 });
    expect(window.recent(60_000)).toEqual({ good: 0, failed: 0, failedInARow: 5, failingSinceMs: 0 });
    window.note(true, 60_001);
    expect(window.recent(60_001)).toEqual({ good: 1, failed: 0, failedInARow: 0, failingSinceMs: null });
    window.note(false, 60_002);
    window.clear();
    expect(window.recent(60_003)).toEqual({ good: 0, failed: 0, failedInARow: 0, failingSinceMs: 60_002 });
  });

  it('take the memory of a window in sixths, however many they are', () => {
    const window = new ResultWindow(60_000);
    for (let i = 0; i < 100_000; i++) window.note(i % 3 !== 0, i);
    const { good, failed } = window.recent(100_000);
    expect(good + failed).toBeGreaterThanOrEqual(50_000);
    expect(good + failed).toBeLessThanOrEqual(60_000 + 10_000);
  });
});
