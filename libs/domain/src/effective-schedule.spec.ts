import { describe, expect, it } from 'vitest';
import { effectiveSchedule, type SaidSchedules, scheduleLengthMs, scheduleSources } from './effective-schedule.js';

describe('effectiveSchedule', () => {
  const said = { template: [1], endpoint: [2], 'event-type': [3], tenant: [4], default: [5] };

  it.each(scheduleSources.map((source, at) => [source, at] as const))(
    'is that of the %s when nobody nearer says one, and says so',
    (source, at) => {
      const nearer = Object.fromEntries(scheduleSources.slice(0, at).map((one) => [one, null]));
      const answer = effectiveSchedule({ ...said, ...nearer } as SaidSchedules);
      expect(answer).toEqual({ delaysMs: [at + 1], source });
    },
  );

  it('does not mix schedules: a short one of the template ends it, however long the others are', () => {
    expect(effectiveSchedule({ template: [1_000], tenant: [1, 2, 3], default: [5, 6] }).delaysMs).toEqual([1_000]);
  });

  it('takes as long as all its delays', () => {
    expect(scheduleLengthMs([5_000, 300_000])).toBe(305_000);
  });
});
