import { describe, expect, it } from 'vitest';
import { retryAfterMs } from './retry-after.js';

describe('retryAfterMs', () => {
  const nowMs = Date.UTC(2026, 10, 24, 12);

  it('reads seconds, and dates against the answer’s own clock', () => {
    expect(retryAfterMs({ 'retry-after': '120' }, nowMs)).toBe(120_000);
    expect(retryAfterMs({ 'retry-after': 'Tue, 24 Nov 2026 12:00:30 GMT' }, nowMs)).toBe(30_000);
    const dates = { 'retry-after': 'Tue, 24 Nov 2026 13:00:30 GMT', date: 'Tue, 24 Nov 2026 13:00:00 GMT' };
    expect(retryAfterMs(dates, nowMs)).toBe(30_000);
    expect(retryAfterMs({ 'retry-after': 'Tue, 24 Nov 2020 12:00:30 GMT' }, nowMs)).toBe(0);
  });

  it('takes a number that is beyond all reason as a very long time', () => {
    for (const text of ['9'.repeat(13), '9'.repeat(20), '9'.repeat(400)])
      expect(retryAfterMs({ 'retry-after': text }, nowMs)).toBe(Number.MAX_SAFE_INTEGER);
    expect(retryAfterMs({ 'retry-after': '0' }, nowMs)).toBe(0);
    expect(retryAfterMs({ 'retry-after': 'Fri, 31 Dec 9999 23:59:59 GMT' }, nowMs)).toBeGreaterThan(2.5e14);
  });

  it('reads the old forms of a date, and a date of ours when the answer has none that can be read', () => {
    const expected = Date.UTC(2026, 10, 24, 12, 0, 30) - nowMs;
    for (const date of ['Tuesday, 24-Nov-26 12:00:30 GMT', 'Tue Nov 24 12:00:30 2026 GMT'])
      expect(retryAfterMs({ 'retry-after': date, date: 'soon' }, nowMs), date).toBe(expected);
  });

  it('ignores what it cannot read', () => {
    for (const text of ['', 'soon', '-5', '1.5', '1e9', '0x10', '12 s', 'Tue, 99 Nov 2026 99:00:30 GMT', '2026-11-24'])
      expect(retryAfterMs({ 'retry-after': text }, nowMs), text).toBeNull();
    expect(retryAfterMs({}, nowMs)).toBeNull();
  });
});
