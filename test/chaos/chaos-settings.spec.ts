import { describe, expect, it } from 'vitest';
import { type ChaosTimes, chaosEndpoints, sharesAt } from './chaos-settings.js';

const perSecond = (id: string, rate: number, times: ChaosTimes) =>
  (sharesAt(rate, times)[chaosEndpoints.findIndex((endpoint) => endpoint.id === id)] ?? 0) * rate;

describe('the shares of the events', () => {
  it.each([
    [40, 'scaled'],
    [600, 'scaled'],
    [40, 'default'],
  ] as const)('are one together, at %d/s with %s times', (rate, times) => {
    expect(sharesAt(rate, times).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
  });

  it('leave an endpoint that hangs no more than it takes with its deadline', () => {
    expect(perSecond('hang', 40, 'scaled')).toBeCloseTo(1.2, 9);
    expect(perSecond('hang', 600, 'scaled')).toBeCloseTo(3, 9);
    expect(perSecond('hang', 40, 'default')).toBeCloseTo(0.1, 9);
    expect(perSecond('ok-1', 40, 'default')).toBeGreaterThan(perSecond('ok-1', 40, 'scaled'));
  });
});
