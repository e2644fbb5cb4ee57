import { describe, expect, it } from 'vitest';
import { mediansOf, spreadsOf } from './spreads.js';

const round = (perSecond: number, kafka: number, p50: number | null) => ({
  perSecond,
  cpuSeconds: { kafka, renderer: 2 * kafka },
  arrivalMs: p50 === null ? null : { p50 },
});

describe('the spreads of several rounds', () => {
  it('have the least, the middle and the largest of every figure, however deep it stands', () => {
    expect(spreadsOf([round(30, 3, 9), round(10, 1, 7), round(20, 5, 8)])).toEqual({
      perSecond: { min: 10, median: 20, max: 30 },
      cpuSeconds: { kafka: { min: 1, median: 3, max: 5 }, renderer: { min: 2, median: 6, max: 10 } },
      arrivalMs: { p50: { min: 7, median: 8, max: 9 } },
    });
  });

  it('are null where a round has no such figure', () => {
    expect(spreadsOf([round(30, 3, 9), round(10, 1, null)])).toMatchObject({ arrivalMs: null });
    expect(spreadsOf([{ of: { kafka: 1 } }, { of: {} }])).toEqual({ of: { kafka: null } });
  });

  it('need a round', () => {
    expect(() => spreadsOf([])).toThrow(RangeError);
  });

  it('lead back to the medians', () => {
    const rounds = [round(30, 3, null), round(10, 1, null)];
    expect(mediansOf<(typeof rounds)[number]>(spreadsOf(rounds))).toEqual(round(20, 2, null));
  });
});
