import { afterEach, describe, expect, it } from 'vitest';
import { anEvent } from '../support/builders.js';
import { allSeen, aSecret, wire } from '../support/configure.js';
import { Stack } from '../support/stack.js';
import { TestApp } from '../support/start-app.js';
import { until } from '../support/until.js';
import { later, WebhookReceiver } from '../support/webhook-receiver.js';

const endpointIds = ['e0', 'e1', 'e2'];
const concurrency = 3;
const ratePerSecond = 20;
/** What a tenth of a second lets through together after a pause. */
const burst = 2;
const eventsOfEach = 120;
const answerMs = 50;
const windowMs = 2_000;
const limitMs = 90_000;

describe('the limits of an endpoint', () => {
  const open: { stop(): unknown }[] = [];

  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.stop();
  });

  async function setup(limits: { concurrency: number; ratePerSecond?: number; shards?: number }) {
    const receiver = await WebhookReceiver.start();
    open.push(receiver);
    const stack = await Stack.start(['renderer', 'dispatcher', 'retry-scheduler'], { ATTEMPT_TIMEOUT_MS: '12000' });
    open.push(stack);
    const secret = aSecret();
    const atOnce = new Map<string, { now: number; most: number }>();
    const urlOf = (id: string) =>
      receiver.on(`/${id}`, secret, async (...request) => {
        const count = atOnce.get(id) ?? { now: 0, most: 0 };
        atOnce.set(id, count);
        count.most = Math.max(count.most, ++count.now);
        const status = await later(answerMs)(...request);
        count.now--;
        return status;
      });
    await wire(
      stack,
      endpointIds.map((id) => ({ id, secret, url: urlOf(id), eventTypes: [`loan.${id}`], ...limits })),
    );
    return { receiver, stack, atOnce };
  }

  /** Adds or ends dispatchers until so many run. */
  async function scale(running: TestApp[], count: number, stack: Stack): Promise<void> {
    while (running.length < count) {
      const app = await TestApp.start('dispatcher', stack.env);
      open.push({ stop: async () => void (await app.kill('SIGKILL')) });
      await app.ready();
      running.push(app);
    }
    const ended = running.splice(0, running.length - count).map((app) => app.kill('SIGTERM'));
    expect(await Promise.all(ended)).toEqual(ended.map(() => 0));
  }

  type World = Pick<Awaited<ReturnType<typeof setup>>, 'stack' | 'receiver'>;

  /** So many for each endpoint, all at once; answers how many that are. */
  async function produce({ stack }: World, ofEach: number): Promise<number> {
    const types = Array.from({ length: ofEach }, () => endpointIds.map((id) => `loan.${id}`)).flat();
    await stack.produce(types.map((type) => anEvent({ type })));
    return types.length;
  }

  /** All at once for each endpoint; answers when each request of it came, by endpoint. */
  async function drain(world: World) {
    const { receiver } = world;
    const before = receiver.requests.length;
    const count = await produce(world, eventsOfEach);
    const isDone = () => receiver.requests.length - before === count;
    await until(isDone, { what: 'all have arrived', limitMs });
    return timesSince(receiver, before);
  }

  /** When each request of an endpoint came, by endpoint, but for the first so many of all. */
  function timesSince(receiver: WebhookReceiver, first: number) {
    const arrived = receiver.requests.slice(first);
    return endpointIds.map((id) => arrived.flatMap(({ path, atMs }) => (path === `/${id}` ? [atMs] : [])).toSorted());
  }

  /** The most of these that came within a window. */
  function mostWithin(timesMs: readonly number[]): number {
    return Math.max(...timesMs.map((fromMs) => timesMs.filter((ms) => ms >= fromMs && ms < fromMs + windowMs).length));
  }

  it('hold at the receiver with one dispatcher, with three, and with one again', async () => {
    const world = await setup({ concurrency, ratePerSecond });
    const running = [world.stack.app('dispatcher')];
    for (const count of [1, 3, 1]) {
      await scale(running, count, world.stack);
      world.atOnce.clear();
      for (const timesMs of await drain(world)) {
        expect(mostWithin(timesMs), `${count} dispatchers`).toBeLessThanOrEqual(
          (ratePerSecond * windowMs * 1.05) / 1_000 + burst,
        );
        const seconds = ((timesMs.at(-1) ?? 0) - (timesMs[0] ?? 0)) / 1_000;
        expect(timesMs.length / seconds, 'nor much less than its rate').toBeGreaterThan(ratePerSecond * 0.5);
      }
      for (const [id, { most }] of world.atOnce) expect(most, id).toBeLessThanOrEqual(concurrency);
    }
    expect(world.receiver.duplicates()).toEqual([]);
  });

  it('hold for an endpoint that two dispatchers share, spread over four shards', async () => {
    const spread = { concurrency: 6, ratePerSecond: 40, shards: 4 };
    const world = await setup(spread);
    const running = [world.stack.app('dispatcher')];
    await scale(running, 2, world.stack);
    for (const timesMs of await drain(world)) {
      const most = (spread.ratePerSecond * windowMs * 1.05) / 1_000;
      // Each shard has a burst of one at least.
      expect(mostWithin(timesMs)).toBeLessThanOrEqual(most + spread.shards);
      const seconds = ((timesMs.at(-1) ?? 0) - (timesMs[0] ?? 0)) / 1_000;
      expect(timesMs.length / seconds).toBeGreaterThan(spread.ratePerSecond * 0.4);
    }
    for (const [id, { most }] of world.atOnce) expect(most, id).toBeLessThanOrEqual(spread.concurrency);
    const sentBy = ({ lines }: TestApp) => lines.filter((line) => line.includes('"event":"attempt.finished"')).length;
    for (const app of running) await until(() => sentBy(app) > 0, { what: 'each dispatcher has sent some' });
    expect(world.receiver.duplicates()).toEqual([]);
  });

  it('hold for a backlog in the partitions of other shards once every dispatcher knows the new number', async () => {
    const spread = { concurrency: 8, ratePerSecond: 40, shards: 4 };
    const world = await setup(spread);
    const { stack, receiver } = world;
    const running = [stack.app('dispatcher')];
    await scale(running, 3, stack);
    const movedIds = () => {
      const lines = running.flatMap((app) => app.lines.filter((line) => line.includes('"event":"delivery.moved"')));
      return lines.map((line) => /"notificationId":"([^"]+)"/.exec(line)?.[1]);
    };
    for (const shards of [1, 4]) {
      const before = receiver.requests.length;
      const movedBefore = movedIds().length;
      const count = await produce(world, 2 * eventsOfEach);
      await until(() => receiver.requests.length > before + count / 6, { what: 'some have arrived', limitMs });
      await stack.database.query('UPDATE endpoints SET shards = $1', [shards]);
      await allSeen(stack, running);
      const seen = receiver.requests.length;
      // What was under way by the old number is answered by then.
      await until(() => receiver.requests.length > seen + 60, { what: 'more have arrived', limitMs });
      for (const atOnce of world.atOnce.values()) atOnce.most = atOnce.now;
      const from = receiver.requests.length;
      expect(from - before, 'most of them are still to come').toBeLessThan(count * 0.75);
      await until(() => receiver.requests.length - before >= count, { what: 'all have arrived', limitMs });
      for (const timesMs of timesSince(receiver, from)) {
        const most = (spread.ratePerSecond * windowMs * 1.05) / 1_000;
        expect(mostWithin(timesMs), `${shards} shards`).toBeLessThanOrEqual(most + 4);
      }
      for (const [id, { most }] of world.atOnce) expect(most, id).toBeLessThanOrEqual(spread.concurrency);
      expect(movedIds().length).toBeGreaterThan(movedBefore);
    }
    expect(new Set(movedIds()).size, 'none is moved twice').toBe(movedIds().length);
    const isSent = async () =>
      (await stack.database.query(`SELECT 1 FROM notifications WHERE state <> 'sent'`)).length === 0;
    await until(isSent, { what: 'all are recorded', limitMs });
    expect(receiver.duplicates()).toEqual([]);
    expect(receiver.requests).toHaveLength(4 * eventsOfEach * endpointIds.length);
  });

  it('use all places of an endpoint that has no rate, and no more', async () => {
    const world = await setup({ concurrency });
    await drain(world);
    for (const id of endpointIds) expect(world.atOnce.get(id)?.most, id).toBe(concurrency);
  });
});
