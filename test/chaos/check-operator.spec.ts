import { describe, expect, it } from 'vitest';
import { aCleanRun, aFault, type Spoilable } from './clean-run.js';
import { judged } from './run-judge.js';
import type { AttemptLine, RunLogs } from './run-logs.js';

type Logs = Spoilable<RunLogs>;

function invariantsOf(logs: Logs): readonly string[] {
  return judged(logs).violations.map(({ invariant }) => invariant);
}

/** The first attempt of a clean run, to flaky-1, whose first is made long after its event. */
function firstOf(logs: Logs): Spoilable<AttemptLine> {
  const row = logs.attempts.find(({ notificationId, number }) => notificationId === 'n-retried' && number === 1);
  if (row === undefined) throw new Error('the clean run has no such attempt');
  return row;
}

describe('the checker of what operators and circuits forbid', () => {
  it('finds an attempt that begins while its endpoint is paused, and none before the pause is seen or after its end', () => {
    const found = [1_600, 1_400].map((sinceMs) => {
      const logs = aCleanRun();
      const { startedMs } = firstOf(logs);
      logs.pauses.push({ endpointId: 'flaky-1', fromMs: startedMs - sinceMs, untilMs: startedMs + 100 });
      return invariantsOf(logs);
    });
    expect(found).toEqual([['PAUSE'], []]);
    const logs = aCleanRun();
    const { startedMs } = firstOf(logs);
    logs.pauses.push({ endpointId: 'flaky-1', fromMs: startedMs - 5_000, untilMs: startedMs - 100 });
    logs.pauses.push({ endpointId: 'ok-1', fromMs: startedMs - 5_000, untilMs: startedMs + 5_000 });
    expect(invariantsOf(logs)).toEqual([]);
  });

  it('finds an attempt while a circuit is open, and none when its probe is due', () => {
    const found = [500, -10].map((probeAfterMs) => {
      const logs = aCleanRun();
      const { startedMs } = firstOf(logs);
      const circuit = { openedMs: startedMs - 3_000, probeMs: startedMs + probeAfterMs };
      logs.circuits.push({ endpointId: 'flaky-1', ...circuit });
      return invariantsOf(logs);
    });
    expect(found).toEqual([['I25'], []]);
  });

  it('says nothing where a fault kept dispatchers from hearing of it', () => {
    const logs = aCleanRun();
    const { startedMs } = firstOf(logs);
    logs.pauses.push({ endpointId: 'flaky-1', fromMs: startedMs - 5_000, untilMs: startedMs + 5_000 });
    logs.circuits.push({ endpointId: 'flaky-1', openedMs: startedMs - 5_000, probeMs: startedMs + 5_000 });
    logs.faults.push(aFault({ kind: 'restart', part: 'postgres', fromMs: startedMs - 3_000 }));
    expect(invariantsOf(logs)).toEqual([]);
  });

  it('finds an endpoint that was disabled although it had accepted something, and what was sent to it afterwards', () => {
    const logs = aCleanRun();
    const { startedMs } = firstOf(logs);
    logs.disabled.push({ endpointId: 'flaky-1', reason: 'FAILING', atMs: startedMs - 6_000 });
    expect(invariantsOf(logs)).toContain('I18');
    const others = aCleanRun();
    const last = others.requests.find(({ webhookId, attempt }) => webhookId === 'n-retried' && attempt === 3);
    others.disabled.push({ endpointId: 'flaky-1', reason: 'FAILING', atMs: (last?.endMs ?? 0) + 10_000 });
    expect(invariantsOf(others)).toEqual(['I26']);
    const lost = aCleanRun();
    lost.disabled.push(...others.disabled);
    const fault = { kind: 'kill', part: 'dispatcher-2', fromMs: (last?.endMs ?? 0) + 9_000 } as const;
    lost.faults.push(aFault({ ...fault, claimsOpen: 0 }));
    expect(invariantsOf(lost)).toEqual([]);
    const gone = aCleanRun();
    gone.disabled.push({ endpointId: 'dead', reason: 'GONE', atMs: startedMs });
    expect(invariantsOf(gone)).toEqual(['I26']);
  });

  it('takes ENDPOINT_DISABLED for an end only of an endpoint that is, and only since then', () => {
    const found = [null, -10, 10].map((disabledAfterMs) => {
      const logs = aCleanRun();
      const row = logs.notifications.find(({ eventId }) => eventId === 'exhausted');
      if (row === undefined) throw new Error('the clean run has no such notification');
      row.failureReason = 'ENDPOINT_DISABLED';
      const atMs = (row.finishedMs ?? 0) + (disabledAfterMs ?? 0);
      if (disabledAfterMs !== null) logs.disabled.push({ endpointId: 'flaky-2', reason: 'FAILING', atMs });
      return invariantsOf(logs);
    });
    expect(found).toEqual([['I7'], [], ['I7']]);
  });

  it('finds more requests than the rate of an endpoint lets through in ten seconds, outside faults', () => {
    const counts = [22, 23].map((count) => {
      const logs = aCleanRun();
      const one = logs.requests.find(({ webhookId }) => webhookId === 'n-at-once');
      if (one === undefined) throw new Error('the clean run has no such request');
      for (let n = 0; n < count; n++) logs.requests.push({ ...one, path: '/limited', atMs: one.atMs + n * 400 });
      return invariantsOf(logs).filter((invariant) => invariant === 'I21').length;
    });
    expect(counts).toEqual([0, 1]);
  });
});
