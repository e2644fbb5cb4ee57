import { setMaxListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { OwnLimits } from '#domain/adaptive-limits';
import type { AttemptReport } from '#domain/attempt';
import { systemClock } from '#domain/clock';
import type { EndpointKey } from '#domain/ids';
import { EndpointLanes, type LaneFull, type LaneLimits, type LanePlace } from './endpoint-lanes.js';

const key = 'acme/orders' as EndpointKey;
const other = 'acme/other' as EndpointKey;
const foreign = 'bank/orders' as EndpointKey;
const deadlineMs = 1_000;

type Turn = LanePlace | LaneFull | null;

function setup(changes: Partial<LaneLimits> = {}) {
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal);
  const taken = { asked: [] as number[], rows: 0 as number | null };
  const takeBack = async (_: EndpointKey, rowsMax: number) => {
    taken.asked.push(rowsMax);
    return taken.rows;
  };
  const room = { requestsMax: 100, tenantRequestsMax: 100, waitingMax: 3, backlogMax: 5 };
  const laneLimits = { ...room, spillAfterMs: 20, circulatingMax: 2, ...changes };
  let passedMs = 0;
  const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + passedMs };
  const lanes = new EndpointLanes(laneLimits, clock, takeBack);
  const passes = (ms: number) => {
    passedMs += ms;
  };
  const enter = (of = key, own: Partial<OwnLimits> = {}, isFresh = true): Promise<Turn> => {
    const limits = { concurrency: 1, ratePerSecond: null, ...own };
    return lanes.enter(of, { own: limits, isFresh, signal: stopping.signal });
  };
  return { lanes, passes, taken, stopping, enter };
}

/** Throws when there is none. */
function placeOf(turn: Turn): LanePlace {
  if (turn === null || typeof turn === 'string') throw new Error(`no place: ${String(turn)}`);
  return turn;
}

async function isDecided(turn: Promise<Turn>): Promise<boolean> {
  const undecided = Symbol('undecided');
  return (await Promise.race([turn, new Promise((resolve) => setImmediate(() => resolve(undecided)))])) !== undecided;
}

function answer(httpStatus: number): Promise<AttemptReport> {
  const outcome =
    httpStatus < 300 ? ({ kind: 'accepted' } as const) : ({ kind: 'failed', reason: 'HTTP_STATUS' } as const);
  return Promise.resolve({ outcome, httpStatus, durationMs: 1, responseBody: Buffer.alloc(0), responseBytes: 0 });
}

describe('EndpointLanes', () => {
  it('lets in no more than the concurrency, and the next one when a place is left', async () => {
    const { enter } = setup();
    const first = placeOf(await enter());
    const second = enter();
    expect(await isDecided(second)).toBe(false);
    first.leave();
    placeOf(await second);
  });

  it('spills what is too much of an endpoint that stands still, and nothing of another one', async () => {
    const { enter } = setup();
    const place = placeOf(await enter());
    void place.during(() => new Promise(() => undefined), deadlineMs);
    const waiting = [enter(), enter(), enter()];
    expect(await enter()).toBe('ENDPOINT_FULL');
    placeOf(await enter(other));
    expect(await Promise.all(waiting.map(isDecided))).toEqual([false, false, false]);
    expect(await enter()).toBe('ENDPOINT_FULL');
  });

  it('spills retries of a busy endpoint that would fill the partition, and no first attempts while it gets on', async () => {
    const { enter } = setup({ spillAfterMs: 1_000 });
    const place = placeOf(await enter());
    void place.during(() => new Promise(() => undefined), deadlineMs);
    const waiting = Array.from({ length: 5 }, () => enter(key, {}, false));
    expect(await enter(key, {}, false)).toBe('ENDPOINT_FULL');
    const fresh = enter();
    expect(await isDecided(fresh)).toBe(false);
    placeOf(await enter(other, {}, false));
    place.leave();
    for (const one of [fresh, ...waiting]) placeOf(await one).leave();
  });

  it('spills nothing while the place is not out at the endpoint: our own database is slow then', async () => {
    const { enter } = setup();
    const place = placeOf(await enter());
    const waiting = Array.from({ length: 10 }, () => enter());
    await systemClock.wait(60);
    const later = enter();
    place.leave();
    for (const one of [...waiting, later]) placeOf(await one).leave();
  });

  it('gives a freed place of a full pod to the lane that waits', async () => {
    const { enter } = setup({ requestsMax: 1 });
    const first = placeOf(await enter());
    const waiting = enter(other);
    first.leave();
    placeOf(await waiting);
  });

  it('gives the freed places of a full pod to other tenants than the one that has its share', async () => {
    const { enter } = setup({ requestsMax: 4, tenantRequestsMax: 1 });
    const wide = { concurrency: 10 };
    const places = await Promise.all([1, 2, 3, 4].map(() => enter(key, wide)));
    const more = enter(key, wide);
    const waiting = [enter(foreign, wide), enter(foreign, wide)];
    placeOf(places[0] ?? null).leave();
    placeOf(await (waiting[0] ?? more));
    placeOf(places[1] ?? null).leave();
    expect([await isDecided(more), await isDecided(waiting[1] ?? more)], 'both have their share by now').toContain(
      true,
    );
    for (const place of places.slice(2)) placeOf(place).leave();
    placeOf(await more);
    placeOf(await (waiting[1] ?? more));
  });

  it('keeps the last places for a tenant that has less than its share, however long another one answers nothing', async () => {
    const { enter } = setup({ requestsMax: 20, tenantRequestsMax: 5 });
    const wide = { concurrency: 30 };
    const turns = Array.from({ length: 30 }, () => enter(key, wide));
    expect((await Promise.all(turns.map(isDecided))).filter(Boolean)).toHaveLength(19);
    placeOf(await enter(foreign, wide));
  });

  it('gives each freed place of a full pod to another tenant and lane in turn, and to who left it last', async () => {
    const { enter } = setup({ requestsMax: 2, tenantRequestsMax: 2, waitingMax: 100 });
    const wide = { concurrency: 10 };
    const order: string[] = [];
    const open: LanePlace[] = [];
    const waits = (of: EndpointKey) =>
      void enter(of, wide).then((turn) => {
        order.push(of);
        open.push(placeOf(turn));
      });
    for (let n = 0; n < 4; n++) waits(key);
    for (const of of [other, other, foreign, foreign]) waits(of);
    for (let n = 0; n < 6; n++) {
      await new Promise((resolve) => setImmediate(resolve));
      open.shift()?.leave();
    }
    await new Promise((resolve) => setImmediate(resolve));
    expect(order).toEqual([key, key, key, foreign, other, foreign, key, other]);
  });

  it('spills what waits for a place of the process while all of them are out at endpoints that answer nothing', async () => {
    const { enter } = setup({ requestsMax: 2, tenantRequestsMax: 2, spillAfterMs: 50 });
    const wide = { concurrency: 3 };
    for (const place of [await enter(key, wide), await enter(other, wide)])
      void placeOf(place).during(() => new Promise(() => undefined), deadlineMs);
    const waiting = Array.from({ length: 5 }, () => enter(key, wide));
    expect(await Promise.all(waiting.map(isDecided))).toEqual([false, false, false, false, false]);
    expect(await Promise.all(waiting.slice(3))).toEqual(['ENDPOINT_FULL', 'ENDPOINT_FULL']);
    expect(await Promise.all(waiting.slice(0, 3).map(isDecided))).toEqual([false, false, false]);
  });

  it('lets a first attempt in before what is tried again, three to one', async () => {
    const { enter } = setup({ waitingMax: 100 });
    let place = placeOf(await enter());
    const order: string[] = [];
    const waits = (name: string, isFresh: boolean) =>
      enter(key, {}, isFresh).then((turn) => {
        order.push(name);
        place = placeOf(turn);
      });
    const all = [
      ...['o1', 'o2'].map((name) => waits(name, false)),
      ...['f1', 'f2', 'f3', 'f4'].map((name) => waits(name, true)),
    ];
    for (let n = 0; n < all.length; n++) {
      place.leave();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(all);
    expect(order).toEqual(['f1', 'f2', 'f3', 'o1', 'f4', 'o2']);
  });

  it('lets in no more than the rate, however many places there are', async () => {
    const { enter } = setup({ waitingMax: 100 });
    const beganMs = systemClock.monotonicMs();
    const rated = { concurrency: 100, ratePerSecond: 50 };
    for (let n = 0; n < 15; n++) placeOf(await enter(key, rated)).leave();
    // A burst of five, and ten of 20 ms each.
    expect(systemClock.monotonicMs() - beganMs).toBeGreaterThanOrEqual(190);
  });

  it('spills what its rate would let wait for long', async () => {
    const { enter } = setup();
    const rated = { concurrency: 100, ratePerSecond: 1 };
    placeOf(await enter(key, rated)).leave();
    const waiting = [enter(key, rated), enter(key, rated), enter(key, rated)];
    expect(await enter(key, rated)).toBe('RATE_LIMITED');
    expect(await Promise.all(waiting.map(isDecided))).toEqual([false, false, false]);
  });

  it('lets in half as many at once after a 429', async () => {
    const { enter, passes } = setup({ waitingMax: 100 });
    const wide = { concurrency: 4 };
    const place = placeOf(await enter(key, wide));
    await place.during(() => answer(429), deadlineMs);
    place.leave();
    const places = [enter(key, wide), enter(key, wide), enter(key, wide)];
    expect(await Promise.all(places.map(isDecided))).toEqual([true, true, false]);
    passes(100_000);
    placeOf((await places[0]) ?? null).leave();
    expect(await Promise.all([...places, enter(key, wide)].map(isDecided))).toEqual([true, true, true, true]);
  });

  it('ends every wait when the process stops, also one that begins afterwards or stood before a full lane', async () => {
    const { enter, stopping } = setup();
    await enter();
    const waiting = [enter(), enter(), enter(), enter(), enter()];
    stopping.abort();
    expect(await Promise.all([...waiting, enter()])).toEqual([null, null, null, null, null, null]);
  });

  it('lets a bounded number of held deliveries circulate until they return, no more than the endpoint takes at once', async () => {
    const { lanes, enter } = setup();
    await Promise.all([enter(key, { concurrency: 5 }), enter(other)]);
    expect([1, 2, 3].map(() => lanes.mayCirculate(key, 60_000))).toEqual([true, true, false]);
    expect([1, 2].map(() => lanes.mayCirculate(other, 0))).toEqual([true, true]);
    expect([1, 2].map(() => lanes.mayCirculate(other, 60_000))).toEqual([true, false]);
  });

  it('forgets a lane that nobody enters for long, and with it what its endpoint took', async () => {
    const { lanes, enter, passes } = setup({ waitingMax: 100 });
    const slow = { concurrency: 10, ratePerSecond: 0.1 };
    placeOf(await enter(key, slow)).leave();
    passes(9_000);
    await lanes.tidy();
    expect(await isDecided(enter(key, slow)), 'it is remembered').toBe(false);
    const { lanes: others, enter: enterOther, passes: pass } = setup();
    const place = placeOf(await enterOther());
    await place.during(() => answer(429), deadlineMs);
    place.leave();
    others.mayCirculate(key, 1);
    pass(300_001);
    await others.tidy();
    expect(others.mayCirculate(key, 1)).toBe(false);
  });
});

describe('what is held of a lane', () => {
  /** So many deliveries pass, one after the other. */
  async function pass(enter: () => Promise<Turn>, times: number): Promise<void> {
    for (let n = 0; n < times; n++) {
      placeOf(await enter()).leave();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  it('is taken back as rows alone, two for each that went on, until there is no more', async () => {
    const { lanes, taken, enter, passes } = setup();
    await pass(enter, 3);
    expect(taken.asked).toEqual([]);
    for (let n = 0; n < 7; n++) lanes.mayCirculate(key, 60_000);
    taken.rows = 2;
    await pass(enter, 1);
    expect(taken.asked).toEqual([2]);
    taken.rows = 1;
    await pass(enter, 2);
    expect(taken.asked, 'some may have been too young').toEqual([2, 2, 2]);
    passes(10_001);
    await pass(enter, 5);
    expect(taken.asked, 'there are no more').toEqual([2, 2, 2, 2]);
  });

  it('is taken back once in a while: as many as it takes at once, nothing while it answers nothing', async () => {
    const { lanes, taken, enter } = setup();
    const hanging = placeOf(await enter(key, { concurrency: 3 }));
    for (let n = 0; n < 3; n++) lanes.mayCirculate(key, 60_000);
    await lanes.tidy();
    expect(taken.asked).toEqual([]);
    hanging.leave();
    expect(taken.asked, 'one that went on is fewer than it takes at once').toEqual([]);
    await lanes.tidy();
    await lanes.tidy();
    expect(taken.asked).toEqual([3, 3]);
  });

  it('is taken back again when it could not be asked for', async () => {
    const { lanes, taken, enter } = setup();
    await pass(enter, 1);
    for (let n = 0; n < 3; n++) lanes.mayCirculate(key, 60_000);
    taken.rows = null;
    await pass(enter, 2);
    expect(taken.asked).toEqual([2, 2]);
  });

  it('stays where it is while enough wait in the lane', async () => {
    const { lanes, taken, enter } = setup();
    const first = placeOf(await enter());
    for (let n = 0; n < 3; n++) lanes.mayCirculate(key, 60_000);
    const waiting = [enter(), enter(), enter()];
    first.leave();
    expect(taken.asked).toEqual([]);
    for (const one of waiting) placeOf(await one).leave();
    expect(taken.asked).not.toEqual([]);
  });
});
