import { describe, expect, it } from 'vitest';
import { aCleanRun, aFault } from './clean-run.js';
import { RecoveryWatch } from './recovery.js';
import { RunIndex } from './run-index.js';
import type { InjectedFault } from './run-logs.js';

const beginMs = 1_800_000_000_000;

/** Ten events a second for `ok-1`, each requested so long after it as `latencyMs` says. */
function aLoad(seconds: number, latencyMs: (atMs: number) => number, faults: readonly InjectedFault[]): RunIndex {
  const clean = aCleanRun();
  const [event, notification, request] = [clean.events[0], clean.notifications[0], clean.requests[0]];
  if (event === undefined || notification === undefined || request === undefined) throw new Error('an empty run');
  const all = Array.from({ length: seconds * 10 }, (_, n) => ({ n, atMs: beginMs + n * 100 }));
  return new RunIndex({
    ...clean,
    faults,
    events: all.map(({ n, atMs }) => ({ ...event, id: `e-${n}`, templates: ['to-ok-1'], atMs })),
    notifications: all.map(({ n }) => ({ ...notification, id: `n-${n}`, eventId: `e-${n}`, templateId: 'to-ok-1' })),
    requests: all.map(({ n, atMs }) => ({ ...request, webhookId: `n-${n}`, atMs: atMs + latencyMs(n * 100) })),
  });
}

function recoveriesOf(latencyMs: (atMs: number) => number, faults: readonly InjectedFault[]) {
  const watch = new RecoveryWatch(aCleanRun().endpoints, faults);
  watch.add(aLoad(60, latencyMs, faults));
  return watch.findings();
}

describe('the recovery from a fault', () => {
  const kill = aFault({ kind: 'kill', part: 'renderer', fromMs: beginMs + 20_000 });
  const restart = aFault({ kind: 'restart', part: 'kafka', fromMs: beginMs + 40_000, forMs: 5_000 });

  it('is from a kill, or from the end of an outage, to the first good seconds', () => {
    const isLate = (atMs: number) => (atMs >= 20_000 && atMs < 24_000) || (atMs >= 40_000 && atMs < 47_000);
    const { quietMs, normalMs, recoveries } = recoveriesOf((atMs) => (isLate(atMs) ? 4_000 : 20), [kill, restart]);
    expect([quietMs, normalMs]).toEqual([{ p50: 20, p99: 20 }, 500]);
    expect(recoveries.map(({ kind, ms }) => [kind, ms])).toEqual([
      ['kill', 4_000],
      ['restart', 2_000],
    ]);
  });

  it('is nothing where no event was late, and holds what the next fault cost where that came first', () => {
    expect(recoveriesOf(() => 20, [kill]).recoveries[0]?.ms).toBe(0);
    const late = recoveriesOf((atMs) => (atMs >= 20_000 && atMs < 46_000 ? 9_000 : 20), [kill, restart]);
    expect(late.recoveries.map(({ ms, isOverlapped }) => [ms, isOverlapped])).toEqual([
      [26_000, true],
      [1_000, false],
    ]);
  });

  it('calls normal what is twice as late as without faults, but never more than a second', () => {
    const cold = (atMs: number, latencyMs: number) => (atMs < 10_000 ? 5_000 : latencyMs);
    expect(recoveriesOf((atMs) => cold(atMs, 400), [kill])).toMatchObject({ quietMs: { p99: 400 }, normalMs: 800 });
    expect(recoveriesOf((atMs) => cold(atMs, 900), [kill])).toMatchObject({ quietMs: { p99: 900 }, normalMs: 1_000 });
  });
});
