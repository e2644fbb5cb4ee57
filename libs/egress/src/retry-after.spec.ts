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

  it('ignores what it cannot read', () => {
    for (const text of ['', 'soon', '-5', '1.5', '9'.repeat(20)])
      expect(retryAfterMs({ 'retry-after': text }, nowMs)).toBeNull();
    expect(retryAfterMs({}, nowMs)).toBeNull();
  });
});
