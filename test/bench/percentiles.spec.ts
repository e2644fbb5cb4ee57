import { describe, expect, it } from 'vitest';
import { percentilesOf, spreadOf } from './percentiles.js';

describe('percentiles', () => {
  it('are the nearest ranks, whatever order the values came in', () => {
    const values = Float64Array.from({ length: 100 }, (_, i) => 100 - i);
    expect(percentilesOf(values)).toEqual({ p50: 50, p95: 95, p99: 99 });
  });

  it('are all the same value when there is one', () => {
    expect(percentilesOf(Float64Array.of(7))).toEqual({ p50: 7, p95: 7, p99: 7 });
  });

  it('are nothing without values', () => {
    expect(percentilesOf(new Float64Array(0))).toBeNull();
  });
});

describe('the spread of rounds', () => {
  it('has the middle round', () => {
    expect(spreadOf([30, 10, 20])).toEqual({ min: 10, median: 20, max: 30 });
  });

  it('has the mean of the two in the middle of an even number', () => {
    expect(spreadOf([4, 1, 2, 3]).median).toBe(2.5);
  });

  it('is refused without a round', () => {
    expect(() => spreadOf([])).toThrow('needs a value');
  });
});
