import { describe, expect, it } from 'vitest';
import { type AutoDisablePolicy, type FailingEndpoint, judgeFailing } from './failing-endpoint.js';

const hourMs = 3_600_000;
const policy: AutoDisablePolicy = {
  afterMs: 120 * hourMs,
  attemptsMin: 20,
  notificationsMin: 2,
  spreadMsMin: 12 * hourMs,
};

function after(hours: number, changes: Partial<FailingEndpoint> = {}) {
  const failing = { sinceMs: 0, lastFailedMs: 13 * hourMs, attempts: 20, notifications: 2, warnings: 0, ...changes };
  return judgeFailing(failing, policy, hours * hourMs);
}

describe('an endpoint that only fails', () => {
  it('is warned of after 24 and 72 hours, once each, and switched off after five days', () => {
    expect(after(23)).toEqual({ kind: 'nothing' });
    expect(after(24)).toEqual({ kind: 'warn', warnings: 1 });
    expect(after(71, { warnings: 1 })).toEqual({ kind: 'nothing' });
    expect(after(72, { warnings: 1 })).toEqual({ kind: 'warn', warnings: 2 });
    expect(after(72)).toEqual({ kind: 'warn', warnings: 2 });
    expect(after(119, { warnings: 2 })).toEqual({ kind: 'nothing' });
    expect(after(120, { warnings: 2 })).toEqual({ kind: 'disable' });
  });

  it('is never switched off without a warning, however late somebody looks', () => {
    expect(after(1_000)).toEqual({ kind: 'warn', warnings: 2 });
    expect(after(1_000, { warnings: 2 })).toEqual({ kind: 'disable' });
  });

  it.each([
    ['fewer attempts', { attempts: 19 }],
    ['one notification', { notifications: 1 }],
    ['failures within twelve hours', { lastFailedMs: 12 * hourMs - 1 }],
  ])('is not switched off for %s', (_, changes) => {
    expect(after(1_000, { warnings: 2, ...changes })).toEqual({ kind: 'nothing' });
  });
});
