import { describe, expect, it } from 'vitest';
import { createLog } from '#telemetry/log';
import { FailRefused } from './fail-refused.js';

const settleMs = 60_000;

function setup() {
  const world = { version: '1', nowMs: 0, looks: 0, isAway: false };
  const refused = new FailRefused({
    registryVersion: async () => world.version,
    failPage: async (after) => {
      if (world.isAway) throw new Error('away');
      if (after === null) world.looks++;
      return { failed: 1, next: after === null ? { nextAttemptAt: '2026-01-01', id: 'a' } : null };
    },
    settleMs,
    clock: { monotonicMs: () => world.nowMs },
    log: createLog({ app: 'test', level: 'error' }),
  });
  const roundAt = async (nowMs: number) => {
    world.nowMs = nowMs;
    if (await refused.isNeeded()) await refused.run();
    return world.looks;
  };
  return { world, roundAt };
}

describe('the duty that fails what nothing is sent to any more', () => {
  it('looks when it starts, once more when that has settled, and then not before the registry changes', async () => {
    const { world, roundAt } = setup();
    expect(await roundAt(0)).toBe(1);
    expect(await roundAt(settleMs - 1)).toBe(1);
    expect(await roundAt(settleMs)).toBe(2);
    expect(await roundAt(10 * settleMs)).toBe(2);
    world.version = '2';
    expect(await roundAt(10 * settleMs + 1)).toBe(3);
    expect(await roundAt(11 * settleMs + 1)).toBe(4);
    expect(await roundAt(20 * settleMs)).toBe(4);
  });

  it('settles after the last of several changes', async () => {
    const { world, roundAt } = setup();
    await roundAt(0);
    world.version = '2';
    expect(await roundAt(settleMs - 1)).toBe(2);
    expect(await roundAt(settleMs + 1)).toBe(2);
    expect(await roundAt(2 * settleMs)).toBe(3);
  });

  it('looks again in the next round where Postgres was away', async () => {
    const { world, roundAt } = setup();
    world.isAway = true;
    await expect(roundAt(1)).rejects.toThrow('away');
    world.isAway = false;
    expect(await roundAt(2)).toBe(1);
  });
});
