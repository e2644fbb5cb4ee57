import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { durationText, parseDuration } from './duration.js';

describe('durations', () => {
  it('are a whole number above zero and a unit, and nothing else', () => {
    expect(['500ms', '5s', '30m', '2h', '7d', '007s'].map(parseDuration)).toEqual([
      ...[500, 5_000, 1_800_000, 7_200_000, 604_800_000, 7_000],
    ]);
    for (const wrong of ['', '5', 's', '0s', '-1s', '1.5s', '5 s', ' 5s', '5S', '1w', '5s\n', '1234567890s'])
      expect(parseDuration(wrong), wrong).toBeNull();
  });

  it('are written in the longest unit that says the same', () => {
    const ms = [1, 999, 1_000, 90_000, 300_000, 3_600_000, 86_400_000, 90_000_000, 172_800_000];
    expect(ms.map(durationText)).toEqual(['1ms', '999ms', '1s', '90s', '5m', '1h', '24h', '25h', '2d']);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999_999_999 }), (any) => {
        expect(parseDuration(durationText(any))).toBe(any);
      }),
    );
  });
});
