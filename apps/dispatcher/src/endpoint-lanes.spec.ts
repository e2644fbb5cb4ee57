import { setMaxListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { systemClock } from '#domain/clock';
import type { EndpointKey } from '#domain/ids';
import { EndpointLanes, type LanePlace } from './endpoint-lanes.js';

const key = 'acme/orders' as EndpointKey;
const other = 'acme/other' as EndpointKey;

function setup(limits: { requestsMax?: number; waitingMax?: number } = {}) {
  const { requestsMax = 100, waitingMax = 3 } = limits;
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal);
  const lanes = new EndpointLanes({ requestsMax, waitingMax, spillAfterMs: 20, circulatingMax: 2 }, systemClock);
  return { lanes, stopping, enter: (of = key, concurrency = 1) => lanes.enter(of, concurrency, stopping.signal) };
}

describe('EndpointLanes', () => {
  it('lets in no more than the concurrency, and the next one when a place is left', async () => {
    const { enter } = setup();
    const first = await enter();
    let second: LanePlace | null = null;
    const waiting = enter().then((place) => {
      second = place;
    });
    await Promise.resolve();
    expect(second).toBeNull();
    first?.leave();
    await waiting;
    expect(second).not.toBeNull();
  });

  it('spills what is too much of an endpoint that stands still, and nothing of another one', async () => {
    const { enter } = setup();
    const place = await enter();
    void place?.during(() => new Promise(() => undefined));
    const waiting = [enter(), enter(), enter()];
    expect(await enter()).toBeNull();
    expect(await enter(other)).not.toBeNull();
    expect(waiting).toHaveLength(3);
    expect(await enter()).toBeNull();
  });

  it('spills nothing while the place is not out at the endpoint: our own database is slow then', async () => {
    const { enter } = setup();
    const place = await enter();
    const waiting = Array.from({ length: 10 }, () => enter());
    await systemClock.wait(60);
    const later = enter();
    place?.leave();
    for (const one of [...waiting, later]) {
      const next = await one;
      expect(next).not.toBeNull();
      next?.leave();
    }
  });

  it('gives a freed place of a full pod to the lane that waits', async () => {
    const { enter } = setup({ requestsMax: 1 });
    const first = await enter();
    const waiting = enter(other);
    first?.leave();
    expect(await waiting).not.toBeNull();
  });

  it('ends every wait when the process stops, also one that begins afterwards or stood before a full lane', async () => {
    const { enter, stopping } = setup();
    await enter();
    const waiting = [enter(), enter(), enter(), enter(), enter()];
    stopping.abort();
    expect(await Promise.all([...waiting, enter()])).toEqual([null, null, null, null, null, null]);
  });

  it('lets a bounded number of held deliveries circulate until they return', () => {
    const { lanes } = setup();
    expect([1, 2, 3].map(() => lanes.mayCirculate(key, 60_000))).toEqual([true, true, false]);
    expect(lanes.mayCirculate(other, 0)).toBe(true);
  });
});
