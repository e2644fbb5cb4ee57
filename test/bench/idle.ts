import { pause } from './bench-clock.js';
import type { BenchRun, BenchStage } from './bench-stage.js';
import { startStage } from './bench-stage.js';
import { type Usage, usageOf, usedBetween } from './components.js';
import type { Outcome } from './outcome.js';
import { spreadOf } from './percentiles.js';
import { untilQuiet } from './quiet.js';
import { table } from './table.js';
import { warmUp } from './warm-up.js';

const apps = ['renderer', 'dispatcher', 'retry-scheduler', 'admin'] as const;

/** All apps up after some work, and nothing more to do. */
export async function idle(run: BenchRun): Promise<Outcome> {
  const stage = await startStage(run, apps);
  await warmUp(stage);
  const rounds: Usage[] = [];
  for (let round = 1; round <= run.options.rounds; round++) {
    rounds.push(await idlePerSecond(stage, run.options.seconds));
    run.say(`round ${round}: apps ${percentOf(rounds.at(-1), apps).toFixed(2)} % of a core`);
  }
  const names = Object.keys(rounds[0] ?? {}).filter((name) => name !== 'bare' && name !== 'generator');
  const median = (figure: (usage: Usage) => number) => spreadOf(rounds.map(figure)).median;
  const corePercent = Object.fromEntries(names.map((name) => [name, median((usage) => percentOf(usage, [name]))]));
  const residentMiBMax = Object.fromEntries(
    names.map((name) => [name, median((usage) => usage[name]?.residentMiBMax ?? 0)]),
  );
  const writesPerSecond = Object.fromEntries(names.map((name) => [name, median((usage) => usage[name]?.writes ?? 0)]));
  const appsPercent = median((usage) => percentOf(usage, apps));
  const medians = { appsCorePercent: appsPercent, corePercent, writesPerSecond, residentMiBMax };
  return {
    json: { scenario: 'idle', options: run.options, rounds, median: medians },
    lines: [
      `idle: ${run.options.rounds} x ${run.options.seconds} s`,
      '',
      ...table([
        ['component', '% of a core', 'writes/s', 'peak MiB'],
        ...names.map((name) => [
          name,
          (corePercent[name] ?? 0).toFixed(2),
          (writesPerSecond[name] ?? 0).toFixed(1),
          String(residentMiBMax[name]),
        ]),
      ]),
      '',
      `the apps together: ${appsPercent.toFixed(2)} % of a core`,
    ],
  };
}

/** What each component uses in one second, from a look of `seconds`. */
export async function idlePerSecond(stage: BenchStage, seconds: number): Promise<Usage> {
  await untilQuiet(stage);
  const [startedMs, before] = [performance.now(), usageOf(stage)];
  await pause(seconds * 1_000, stage.run.signal);
  const used = usedBetween(before, usageOf(stage));
  const realSeconds = (performance.now() - startedMs) / 1_000;
  return Object.fromEntries(
    Object.entries(used).map(([name, { cpuSeconds, writes, residentMiBMax }]) => [
      name,
      { cpuSeconds: cpuSeconds / realSeconds, writes: writes / realSeconds, residentMiBMax },
    ]),
  );
}

function percentOf(usage: Usage | undefined, names: readonly string[]): number {
  return names.reduce((sum, name) => sum + (usage?.[name]?.cpuSeconds ?? 0) * 100, 0);
}
