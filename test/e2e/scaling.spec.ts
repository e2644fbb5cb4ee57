import { afterEach, describe, expect, it } from 'vitest';
import { aSecret, wire } from '../support/configure.js';
import { expectNothingLost, Load } from '../support/load.js';
import { type AppName, Stack } from '../support/stack.js';
import { TestApp } from '../support/start-app.js';
import { later, WebhookReceiver } from '../support/webhook-receiver.js';

const apps: readonly AppName[] = ['renderer', 'dispatcher', 'retry-scheduler'];

describe('under load', () => {
  const open: { stop(): Promise<void> }[] = [];

  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.stop();
  });

  async function setup() {
    const receiver = await WebhookReceiver.start();
    open.push(receiver);
    const stack = await Stack.start(apps, { ATTEMPT_TIMEOUT_MS: '12000' });
    open.push(stack);
    const secret = aSecret();
    // Several endpoints, so that the deliveries lie in many partitions.
    const endpoints = Array.from({ length: 6 }, (_, i) => {
      const url = receiver.on(`/e${i}`, secret, later(20));
      return { id: `e${i}`, url, secret, eventTypes: [`loan.e${i}`] };
    });
    await wire(stack, endpoints);
    return { receiver, stack, load: new Load(stack, receiver, { types: endpoints.map(({ id }) => `loan.${id}`) }) };
  }

  /** Adds and ends processes of an app until so many run; ends the oldest first. Each ends well. */
  async function scale(running: TestApp[], count: number, env: Stack['env']): Promise<void> {
    const added = Array.from({ length: Math.max(0, count - running.length) }, async () => {
      const app = await TestApp.start(running[0]?.name ?? '', env);
      open.push({ stop: async () => void (await app.kill('SIGKILL')) });
      await app.ready();
      return app;
    });
    running.push(...(await Promise.all(added)));
    const ended = running.splice(0, running.length - count).map(async (app) => {
      expect(await app.kill('SIGTERM'), app.lines.slice(-5).join('\n')).toBe(0);
    });
    await Promise.all(ended);
  }

  it.each([
    ['renderer', [4, 2]],
    ['dispatcher', [3, 1]],
  ] as const)('a group of one %s is scaled to %j: nothing is lost and nothing is sent twice', async (name, counts) => {
    const { receiver, stack, load } = await setup();
    await load.goesOn(200, 'before');
    const running = [stack.app(name)];
    for (const count of counts) {
      await scale(running, count, stack.env);
      await load.goesOn(300, `with ${count}`);
    }
    await expectNothingLost(stack, receiver, await load.end());
  });
});
