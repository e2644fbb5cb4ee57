import { type BenchRun, type BenchStage, startStage } from './bench-stage.js';
import type { Usage } from './components.js';
import { drain } from './drain.js';
import { idlePerSecond } from './idle.js';
import { openLoop } from './open-loop.js';
import type { Outcome } from './outcome.js';
import { type Aside, noAside } from './programs/aside.js';
import type { RoundFigures } from './round-figures.js';
import { summaryOf } from './speed.js';
import { percentilesText, speedTable } from './speed-report.js';
import { said, warmUp } from './warm-up.js';

const apps = ['renderer', 'dispatcher', 'retry-scheduler'] as const;
const idleLookSeconds = 10;
const healthy: Aside = { path: '/e0', hangs: false };
const hanging: Aside = { path: '/e0', hangs: true };

/** What an endpoint that never answers costs the others: rounds with and without it, only the others counted. */
export async function isolation(run: BenchRun): Promise<Outcome> {
  const stage = await startStage(run, apps);
  await warmUp(stage);
  const idle = run.options.ratePerSecond === null ? {} : await idlePerSecond(stage, idleLookSeconds);
  const rounds: { readonly healthy: RoundFigures[]; readonly hanging: RoundFigures[] } = { healthy: [], hanging: [] };
  for (let round = 1; round <= run.options.rounds; round++) {
    rounds.healthy.push(await said(stage, `round ${round}: all healthy`, oneRound(stage, healthy, idle)));
    rounds.hanging.push(await said(stage, `round ${round}: one hangs`, oneRound(stage, hanging, idle)));
  }
  // What hangs is cut off, so that the dispatcher's drain does not wait for it.
  await stage.receiver.call('expect', { from: 0, count: 0, timed: false, aside: noAside });
  return outcome(run, { healthy: summaryOf(rounds.healthy), hanging: summaryOf(rounds.hanging), rounds });
}

function oneRound(stage: BenchStage, aside: Aside, idle: Usage): Promise<RoundFigures> {
  const { events, ratePerSecond } = stage.run.options;
  if (ratePerSecond === null) return drain(stage, events, aside);
  return openLoop(stage, { count: events, ratePerSecond, idle, aside });
}

function outcome(
  run: BenchRun,
  of: {
    readonly healthy: ReturnType<typeof summaryOf>;
    readonly hanging: ReturnType<typeof summaryOf>;
    readonly rounds: object;
  },
): Outcome {
  const { endpoints, events, rounds, concurrency } = run.options;
  const healthyLossPercent = (1 - of.hanging.median.deliveriesPerSecond / of.healthy.median.deliveriesPerSecond) * 100;
  const p99 = ({ median }: ReturnType<typeof summaryOf>) => median.arrivalMs?.p99 ?? null;
  const [healthyP99Ms, hangingP99Ms] = [p99(of.healthy), p99(of.hanging)];
  // At a given rate all arrive in the same time: then it is the latency that tells.
  const p99Ratio = healthyP99Ms === null || hangingP99Ms === null ? null : hangingP99Ms / healthyP99Ms;
  const arrivals = [of.healthy, of.hanging].flatMap(({ median: { arrivalMs } }, i) =>
    arrivalMs === null ? [] : [`${i === 0 ? 'all healthy' : 'one hangs'}: ${percentilesText(arrivalMs)}`],
  );
  return {
    json: {
      scenario: 'isolation',
      options: run.options,
      rounds: of.rounds,
      ...of.healthy,
      hanging: of.hanging,
      healthyLossPercent,
      p99Ratio,
    },
    lines: [
      `isolation: ${rounds} rounds of ${events} events, ${endpoints} endpoints with ${concurrency} requests each; figures of all but one`,
      '',
      ...speedTable([
        ['all healthy', of.healthy],
        ['one hangs', of.hanging],
      ]),
      '',
      ...arrivals,
      `the healthy ones lose ${healthyLossPercent.toFixed(1)} %${p99Ratio === null ? '' : `, their p99 is ${p99Ratio.toFixed(2)} times as long`}`,
    ],
  };
}
