import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { burstOf, RateGate } from './rate-gate.js';

describe('a rate gate', () => {
  it('lets one in, and the next one after its share of a second', () => {
    const gate = new RateGate();
    expect(gate.waitMs(4, 1_000)).toBe(0);
    gate.take(4, 1_000);
    expect(gate.waitMs(4, 1_000)).toBe(250);
    expect(gate.waitMs(4, 1_250)).toBe(0);
  });

  it('waits ten seconds at a tenth a second', () => {
    const gate = new RateGate();
    gate.take(0.1, 0);
    expect(gate.waitMs(0.1, 1)).toBe(9_999);
  });

  it('never lets in more than its rate and one burst, whenever somebody asks', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 1_000, noNaN: true }),
        fc.array(fc.double({ min: 0, max: 500, noNaN: true }), { maxLength: 300 }),
        (perSecond, pausesMs) => {
          const gate = new RateGate();
          let nowMs = 0;
          let taken = 0;
          for (const pauseMs of pausesMs) {
            nowMs += pauseMs;
            if (gate.waitMs(perSecond, nowMs) > 0) continue;
            gate.take(perSecond, nowMs);
            taken++;
            expect(taken).toBeLessThanOrEqual((nowMs / 1_000) * perSecond + burstOf(perSecond) + 1e-6);
          }
        },
      ),
    );
  });

  it('lets in all of its rate when asked as soon as it says', () => {
    const gate = new RateGate();
    let nowMs = 0;
    let taken = 0;
    while (nowMs < 10_000) {
      nowMs += gate.waitMs(25, nowMs);
      gate.take(25, nowMs);
      taken++;
    }
    expect(taken).toBeGreaterThanOrEqual(250);
    expect(taken).toBeLessThanOrEqual(252);
  });
});
