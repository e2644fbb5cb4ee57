import { describe, expect, it } from 'vitest';
import type { StoredCircuit } from '#audit/circuits';
import type { AttemptReport } from '#domain/attempt';
import type { CircuitPolicy } from '#domain/circuit';
import type { Clock } from '#domain/clock';
import { Failure } from '#domain/failure';
import type { EndpointKey } from '#domain/ids';
import { createLog } from '#telemetry/log';
import { EndpointCircuits } from './endpoint-circuits.js';

const policy: CircuitPolicy = {
  ...{ windowMs: 60_000, resultsMin: 10, failedShare: 0.7, failuresInARow: 10 },
  ...{ openMs: 30_000, openMsMax: 600_000, jitter: 0.2 },
};
const freeze = { failingShare: 0.5, endpointsMin: 10, windowMs: 60_000 };
const concurrency = 4;
const good = aReport({ outcome: { kind: 'accepted' }, httpStatus: 200 });
const bad = aReport({ outcome: { kind: 'failed', reason: 'HTTP_STATUS' }, httpStatus: 500 });
const one = 'acme/one' as EndpointKey;

function aReport(of: Pick<AttemptReport, 'outcome' | 'httpStatus'> & Partial<AttemptReport>): AttemptReport {
  return { durationMs: 5, responseBody: Buffer.alloc(0), responseBytes: 0, ...of };
}

/** Rows as the table keeps them. */
function aWorld() {
  const rows = new Map<EndpointKey, StoredCircuit>();
  const lines: string[] = [];
  let nowMs = 1_000_000;
  const clock: Clock = {
    ...{ nowMs: () => nowMs, monotonicMs: () => nowMs, chance: () => 0.5 },
    wait: async () => undefined,
  };
  const store = { isAway: false, isGone: false };
  const save = async ({ key, circuit, version }: StoredCircuit) => {
    if (store.isAway) throw new Failure('STORE_UNAVAILABLE', 'away', { retryable: true });
    if (store.isGone) throw new Failure('STORE_REFUSED', 'no such endpoint', { retryable: false });
    if ((rows.get(key)?.version ?? 0) !== version) return null;
    rows.set(key, { key, circuit, version: version + 1 });
    return version + 1;
  };
  const log = createLog({ app: 'test', level: 'warn', sink: { write: (line: string) => lines.push(line) } });
  const load = async () => [...rows.values()];
  const told: string[] = [];
  const tell = ({ key, circuit }: Pick<StoredCircuit, 'key' | 'circuit'>) => void told.push(`${key} ${circuit.kind}`);
  const circuits = new EndpointCircuits({ policy, freeze, save, load, tell, clock, log });
  const passes = (ms: number) => {
    nowMs += ms;
  };
  /** Whether an attempt began; it ends with this report. */
  const attempt = (report: AttemptReport, key = one, mayBeTold = true): boolean => {
    const pass = circuits.admit(key);
    if (pass === null) return false;
    pass.note(report, concurrency, mayBeTold);
    pass.leave();
    return true;
  };
  const fails = (times: number, key = one) => Array.from({ length: times }, () => attempt(bad, key));
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { circuits, rows, lines, told, store, passes, attempt, fails, settle };
}

describe('the circuits of a process', () => {
  it('hold an endpoint after ten failures, until its probe', async () => {
    const { circuits, rows, fails, passes, settle } = aWorld();
    expect(fails(10)).not.toContain(false);
    expect(circuits.admit(one)).toBeNull();
    await settle();
    expect(rows.get(one)).toMatchObject({ circuit: { kind: 'open', openCount: 1 }, version: 1 });
    passes(30_000);
    expect(circuits.admit(one)).not.toBeNull();
    expect(circuits.admit(one), 'a second attempt beside the probe').toBeNull();
  });

  it('let ever more through while half open: 1, 2, 4, and all', async () => {
    const { circuits, rows, fails, passes, settle, told } = aWorld();
    fails(10);
    passes(30_000);
    for (const allowed of [1, 2, 4]) {
      const passed = Array.from({ length: allowed + 1 }, () => circuits.admit(one));
      const begun = passed.filter((pass) => pass !== null);
      expect(begun).toHaveLength(allowed);
      for (const pass of begun) {
        pass.note(good, concurrency);
        pass.leave();
      }
    }
    expect(Array.from({ length: 50 }, () => circuits.admit(one))).not.toContain(null);
    await settle();
    expect(rows.get(one)).toMatchObject({ circuit: { kind: 'closed' } });
    expect(told).toEqual(['acme/one open', 'acme/one closed']);
  });

  it('tell nobody that an endpoint is spared which only deliveries of operator events have failed for', async () => {
    const { circuits, rows, told, attempt, fails, passes, settle } = aWorld();
    const failsToTell = () => Array.from({ length: 10 }, () => attempt(bad, one, false));
    const getsWell = async () => {
      passes(600_000);
      for (let n = 0; n < 7; n++) attempt(good);
      await settle();
      expect(circuits.admit(one)).not.toBeNull();
      expect(rows.get(one)).toMatchObject({ circuit: { kind: 'closed' } });
    };
    failsToTell();
    await settle();
    expect(rows.get(one)).toMatchObject({ circuit: { kind: 'open' } });
    await getsWell();
    expect(told).toEqual([]);

    fails(1);
    failsToTell();
    await settle();
    expect(told, 'something else failed as well').toEqual(['acme/one open']);
    await getsWell();
    expect(told).toEqual(['acme/one open', 'acme/one closed']);
    failsToTell();
    await settle();
    expect(rows.get(one)).toMatchObject({ circuit: { kind: 'open' } });
    expect(told, 'what failed before it was well is told once').toHaveLength(2);
  });

  it('do not take the end of an attempt that began before it opened for that of a probe', async () => {
    const { circuits, rows, fails, passes, settle } = aWorld();
    const slow = circuits.admit(one);
    fails(10);
    passes(30_000);
    const probe = circuits.admit(one);
    if (slow === null || probe === null) throw new Error('no attempt began');
    slow.note(bad, concurrency);
    slow.leave();
    await settle();
    expect(rows.get(one)).toMatchObject({ circuit: { kind: 'half-open', allowed: 1 } });
    probe.note(good, concurrency);
    await settle();
    expect(rows.get(one)).toMatchObject({ circuit: { kind: 'half-open', allowed: 2 } });
  });

  it('are closed where the endpoint is gone and its circuit cannot be stored', async () => {
    const { circuits, fails, settle, store } = aWorld();
    store.isGone = true;
    fails(10);
    await settle();
    expect(circuits.admit(one)).not.toBeNull();
  });

  it.each([
    ['too many requests', aReport({ outcome: { kind: 'failed', reason: 'HTTP_STATUS' }, httpStatus: 429 })],
    ['a refused address', aReport({ outcome: { kind: 'failed', reason: 'DESTINATION_NOT_ALLOWED' } })],
    ['gone', aReport({ outcome: { kind: 'gone' }, httpStatus: 410 })],
    ['a lease too short to send', aReport({ outcome: { kind: 'failed', reason: 'OTHER' }, leaseTooShort: true })],
    [
      'a kept-alive connection that was closed',
      aReport({ outcome: { kind: 'failed', reason: 'RESET' }, resetOnReusedConnection: true }),
    ],
  ])('do not count %s', (_, report) => {
    const { attempt } = aWorld();
    expect(Array.from({ length: 50 }, () => attempt(report))).not.toContain(false);
  });

  it('do what somebody else has stored: an operator who closed it, an owner before who opened it', async () => {
    const { circuits, rows, fails, settle, attempt } = aWorld();
    fails(10);
    await settle();
    rows.set(one, { key: one, circuit: { kind: 'closed' }, version: 2 });
    await circuits.follow();
    expect(attempt(good)).toBe(true);
    const other = 'acme/other' as EndpointKey;
    const open = { kind: 'open', openedMs: 1_000_000, probeMs: 1_500_000, openCount: 3 } as const;
    rows.set(other, { key: other, circuit: open, version: 7 });
    await circuits.follow();
    expect(circuits.admit(other)).toBeNull();
  });

  it('give way to what was stored in the same instant', async () => {
    const { circuits, rows, fails, settle } = aWorld();
    rows.set(one, { key: one, circuit: { kind: 'closed' }, version: 5 });
    fails(10);
    await settle();
    expect(rows.get(one)?.version).toBe(5);
    await circuits.follow();
    expect(circuits.admit(one)).not.toBeNull();
  });

  it('store what could not be stored with the next look', async () => {
    const { circuits, rows, fails, settle, store } = aWorld();
    store.isAway = true;
    fails(10);
    await settle();
    expect(rows.size).toBe(0);
    expect(circuits.admit(one), 'it holds all the same').toBeNull();
    store.isAway = false;
    await circuits.follow();
    await settle();
    expect(rows.get(one)).toMatchObject({ circuit: { kind: 'open' }, version: 1 });
    expect(circuits.admit(one)).toBeNull();
  });

  it('do not take a look that began before a change for what holds now', async () => {
    const { circuits, fails, settle } = aWorld();
    const look = circuits.follow();
    fails(10);
    await look;
    await settle();
    expect(circuits.admit(one)).toBeNull();
  });

  it('open none when most endpoints begin to fail together, say so once, and open again when they are well', async () => {
    const { fails, lines, attempt, passes } = aWorld();
    const keys = Array.from({ length: 10 }, (_, n) => `acme/e${n}` as EndpointKey);
    for (const key of keys) for (let n = 0; n < 100; n++) attempt(good, key);
    const rounds = Array.from({ length: 30 }, () => keys.flatMap((key) => fails(1, key)));
    expect(rounds.flat()).not.toContain(false);
    expect(lines.filter((line) => line.includes('circuits.frozen'))).toHaveLength(1);
    passes(2_000);
    for (const key of keys.slice(1)) attempt(good, key);
    expect(fails(2, keys[0])).toEqual([true, false]);
  });

  it('do not take endpoints that have failed for long for a fault of ours', () => {
    const { fails, attempt, passes } = aWorld();
    const dead = Array.from({ length: 12 }, (_, n) => `acme/dead${n}` as EndpointKey);
    for (const key of dead) expect(fails(9, key)).not.toContain(false);
    passes(60_000);
    const well = Array.from({ length: 6 }, (_, n) => `acme/well${n}` as EndpointKey);
    for (const key of well) attempt(good, key);
    for (const key of dead) expect(fails(2, key), key).toEqual([true, false]);
  });

  it('open at last where most have failed together for ten minutes', () => {
    const { fails, passes, lines } = aWorld();
    const keys = Array.from({ length: 10 }, (_, n) => `acme/e${n}` as EndpointKey);
    const round = () => keys.flatMap((key) => fails(1, key));
    for (let n = 0; n < 10; n++) expect(round()).not.toContain(false);
    for (let n = 0; n < 39; n++) {
      passes(15_000);
      expect(round(), String(n)).not.toContain(false);
    }
    passes(15_000);
    round();
    expect(round()).not.toContain(true);
    expect(lines.filter((line) => line.includes('circuits.frozen'))).toHaveLength(1);
  });

  it('open for a few of many as ever', () => {
    const { fails, attempt } = aWorld();
    const keys = Array.from({ length: 10 }, (_, n) => `acme/e${n}` as EndpointKey);
    for (const key of keys) attempt(good, key);
    for (const key of keys.slice(0, 4)) expect(fails(11, key).at(-1), key).toBe(false);
  });
});
