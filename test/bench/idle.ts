import { pause } from './bench-clock.js';
import type { BenchRun, BenchStage } from './bench-stage.js';
import { startStage } from './bench-stage.js';
import { type Usage, usageOf, usedBetween } from './components.js';
import type { Outcome } from './outcome.js';
import type { Spread } from './percentiles.js';
import { untilQuiet } from './quiet.js';
import { mediansOf, spreadsOf } from './spreads.js';
import { table } from './table.js';
import { warmUp } from './warm-up.js';

const apps = ['renderer', 'dispatcher', 'retry-scheduler', 'admin'] as const;

/** In one look, by component but for the first. */
interface IdleFigures {
  readonly appsCorePercent: number;
  readonly corePercent: Readonly<Record<string, number>>;
  readonly writesPerSecond: Readonly<Record<string, number>>;
  readonly residentMiBMax: Readonly<Record<string, number>>;
}

/** All apps up after some work, and nothing more to do. */
export async function idle(run: BenchRun): Promise<Outcome> {
  const stage = await startStage(run, apps);
  await warmUp(stage);
  const rounds: Usage[] = [];
  for (let round = 1; round <= run.options.rounds; round++) {
    rounds.push(await idlePerSecond(stage, run.options.seconds));
    run.say(`round ${round}: apps ${percentOf(rounds.at(-1), apps).toFixed(2)} % of a core`);
  }
  const spread = spreadsOf(rounds.map(idleFigures));
  const median = mediansOf<IdleFigures>(spread);
  return {
    json: { rounds, median, spread, bare: null, ratioToBare: null },
    lines: [
      `idle: ${run.options.rounds} x ${run.options.seconds} s`,
      '',
      ...table([
        ['component', '% of a core (min / median / max)', 'writes/s', 'peak MiB'],
        ...Object.entries(spread.corePercent).map(([name, percent]) => [
          name,
          three(percent),
          (median.writesPerSecond[name] ?? 0).toFixed(1),
          String(median.residentMiBMax[name]),
        ]),
      ]),
      '',
      `the apps together: ${three(spread.appsCorePercent)} % of a core`,
    ],
  };
}

function idleFigures(usage: Usage): IdleFigures {
  const names = Object.keys(usage).filter((name) => name !== 'bare' && name !== 'generator');
  const byName = (figure: (name: string) => number | undefined) =>
    Object.fromEntries(names.map((name) => [name, figure(name) ?? 0]));
  return {
    appsCorePercent: percentOf(usage, apps),
    corePercent: byName((name) => percentOf(usage, [name])),
    writesPerSecond: byName((name) => usage[name]?.writes),
    residentMiBMax: byName((name) => usage[name]?.residentMiBMax),
  };
}

function three({ min, median, max }: Spread): string {
  return [min, median, max].map((percent) => percent.toFixed(2)).join(' / ');
}

/** What each component uses in one second, from a look of `seconds`. */
export async function idlePerSecond(stage: BenchStage, seconds: number): Promise<Usage> {
  const settled = await untilQuiet(stage);
  stage.run.faults.note('before a look at what idles', { lost: 0, duplicates: 0, settled });
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
