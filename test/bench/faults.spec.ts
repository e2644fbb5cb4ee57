import { describe, expect, it } from 'vitest';
import { Faults } from './faults.js';

const fine = { lost: 0, duplicates: 0, settled: true };

describe('the faults of a run', () => {
  it('are none when every round went well', () => {
    const faults = new Faults();
    faults.note('round 1', fine);
    expect([faults.all, faults.lines]).toEqual([[], []]);
  });

  it('are said by round and counted in the last line', () => {
    const faults = new Faults();
    faults.note('round 1', { ...fine, lost: 3 });
    faults.note('round 2', fine);
    faults.note('round 3', { lost: 1, duplicates: 2, settled: false });
    expect(faults.all).toHaveLength(2);
    expect(faults.lines).toEqual([
      'round 1: lost 3',
      'round 3: lost 1, duplicates 2, did not settle',
      'THIS RUN DOES NOT COUNT: lost 4, duplicates 2, rounds that did not settle 1',
    ]);
  });
});
