import { describe, expect, it } from 'vitest';
import type { Circuit } from '#domain/circuit';
import type { EndpointKey } from '#domain/ids';
import { HeldPace } from './held-pace.js';

const key = 'acme/orders' as EndpointKey;
const nowMs = 1_000_000;
const open: Circuit = { kind: 'open', openedMs: nowMs - 30_000, probeMs: nowMs, openCount: 1 };
const halfOpen: Circuit = { kind: 'half-open', allowed: 4, good: 0, failed: 0, openCount: 1 };
const closed: Circuit = { kind: 'closed' };

function of(circuit: Circuit, drainPerSecond: number | null = null, version = 1) {
  return { key, circuit, version, drainPerSecond };
}

describe('the pace of what is held', () => {
  it('is one once the probe is due, and what a half-open circuit lets through', () => {
    const pace = new HeldPace();
    expect(pace.rowsMax(of(open), nowMs - 1)).toBe(0);
    expect(pace.rowsMax(of(open), nowMs)).toBe(1);
    expect(pace.rowsMax(of(halfOpen), nowMs)).toBe(4);
  });

  it('doubles from 16 to 500 as what went on was taken, and begins anew when the circuit opened again', () => {
    const pace = new HeldPace();
    const drain = (room = Number.POSITIVE_INFINITY) => {
      const rowsMax = Math.min(pace.rowsMax(of(closed), nowMs), room);
      pace.note({ key, rowsMax }, rowsMax, nowMs);
      return rowsMax;
    };
    expect([drain(), drain(), drain(), drain(), drain(), drain(), drain()]).toEqual([16, 32, 64, 128, 256, 500, 500]);
    expect([drain(20), drain()]).toEqual([20, 40]);
    pace.rowsMax(of(open), nowMs);
    expect(drain()).toBe(16);
  });

  it('looks ever more rarely where nothing is held, 20 s at most, and at once again where there was something or the circuit changed', () => {
    const pace = new HeldPace();
    let atMs = nowMs;
    const waits: number[] = [];
    pace.rowsMax(of(halfOpen), atMs);
    for (let n = 0; n < 8; n++) {
      pace.note({ key, rowsMax: 4 }, 0, atMs);
      const sinceMs = atMs;
      while (pace.rowsMax(of(halfOpen), atMs) === 0) atMs += 1_000;
      waits.push((atMs - sinceMs) / 1_000);
    }
    expect(waits).toEqual([2, 4, 8, 16, 20, 20, 20, 20]);
    expect(pace.rowsMax(of(closed, null, 2), atMs), 'at once when the circuit has changed').toBe(16);
    pace.note({ key, rowsMax: 4 }, 1, atMs);
    expect(pace.rowsMax(of(halfOpen), atMs)).toBe(4);
  });

  it('is nothing while what went on is not written yet', async () => {
    const pace = new HeldPace();
    let end = (): void => undefined;
    const written = new Promise<void>((resolve) => {
      end = resolve;
    });
    pace.sending(key, written);
    expect(pace.rowsMax(of(closed), nowMs)).toBe(0);
    end();
    await written;
    expect(pace.rowsMax(of(closed), nowMs)).toBe(16);
  });

  it('is what the operator wants of a drain, made up for no more than ten seconds', () => {
    const pace = new HeldPace();
    const drain = (atMs: number, perSecond: number) => {
      const rowsMax = pace.rowsMax(of(closed, perSecond), atMs);
      if (rowsMax > 0) pace.note({ key, rowsMax }, rowsMax, atMs);
      return rowsMax;
    };
    expect([0, 1, 2, 4, 5].map((seconds) => drain(nowMs + seconds * 1_000, 20))).toEqual([20, 20, 20, 40, 20]);
    expect(drain(nowMs + 100_000, 20)).toBe(200);
    expect([101, 104, 110].map((seconds) => drain(nowMs + seconds * 1_000, 0.1))).toEqual([0, 0, 1]);
    expect(drain(nowMs + 200_000, 1_000)).toBe(500);
  });

  it('loses no part of one between two rounds, and lets one go at the slowest pace', () => {
    const drained = (perSecond: number, seconds: number) => {
      const pace = new HeldPace();
      let sum = 0;
      for (let second = 0; second < seconds; second++) {
        const rowsMax = pace.rowsMax(of(closed, perSecond), nowMs + second * 1_000);
        if (rowsMax > 0) pace.note({ key, rowsMax }, rowsMax, nowMs + second * 1_000);
        sum += rowsMax;
      }
      return sum;
    };
    expect(Math.abs(drained(1.9, 100) - 190)).toBeLessThanOrEqual(1);
    expect(drained(0.0625, 161)).toBe(10);
  });

  it('forgets endpoints whose circuit is not known any more', () => {
    const pace = new HeldPace();
    pace.note({ key, rowsMax: 4 }, 0, nowMs);
    pace.keepOnly(new Set());
    expect(pace.rowsMax(of(closed), nowMs)).toBe(16);
  });
});
