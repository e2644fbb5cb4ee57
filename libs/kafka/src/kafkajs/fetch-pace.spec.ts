import { describe, expect, it } from 'vitest';
import { FetchPace, gatherMs } from './fetch-pace.js';

const gathering = { records: 10, msMax: 20 };

describe('gatherMs', () => {
  it('waits for as many records as an answer should hold, at the pace they come', () => {
    expect(gatherMs({ records: 10, sinceMs: 10 }, gathering)).toBe(10);
    expect(gatherMs({ records: 50, sinceMs: 10 }, gathering)).toBe(2);
  });

  it('never waits longer than its limit, and not at all after an answer without records', () => {
    expect(gatherMs({ records: 1, sinceMs: 60_000 }, gathering)).toBe(20);
    expect(gatherMs({ records: 1, sinceMs: Number.POSITIVE_INFINITY }, gathering)).toBe(20);
    expect(gatherMs({ records: 0, sinceMs: 5 }, gathering)).toBe(0);
  });
});

describe('FetchPace', () => {
  it('asks at once what was never asked, or what answered with nothing', () => {
    const pace = new FetchPace(gathering);
    expect(pace.waitMs('1', 0)).toBe(0);
    pace.note('1', 0, 100);
    expect(pace.waitMs('1', 100)).toBe(0);
  });

  it('counts from the answer, for each broker alone', () => {
    const pace = new FetchPace(gathering);
    pace.note('1', 1, 100);
    expect(pace.waitMs('1', 105)).toBe(15);
    expect(pace.waitMs('1', 119.5)).toBe(0);
    expect(pace.waitMs('1', 500)).toBe(0);
    expect(pace.waitMs('2', 105)).toBe(0);
    pace.note('1', 20, 120);
    expect(pace.waitMs('1', 120)).toBe(10);
  });

  it('does not wait while a backlog is drained', () => {
    const pace = new FetchPace(gathering);
    pace.note('1', 200, 100);
    pace.note('1', 200, 105);
    expect(pace.waitMs('1', 105)).toBe(0);
  });
});
