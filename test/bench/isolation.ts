import { type BenchRun, type BenchStage, startStage } from './bench-stage.js';
import type { Usage } from './components.js';
import { drain } from './drain.js';
import { idlePerSecond } from './idle.js';
import { isolationLoss } from './isolation-loss.js';
import { openLoop } from './open-loop.js';
import type { BenchOptions } from './options.js';
import type { Outcome } from './outcome.js';
import { spreadOf } from './percentiles.js';
import { type Aside, noAside } from './programs/aside.js';
import type { RoundFigures } from './round-figures.js';
import { summaryOf } from './speed.js';
import { percentilesText, speedTable } from './speed-report.js';
import { said, warmUp } from './warm-up.js';

const apps = ['renderer', 'dispatcher', 'retry-scheduler'] as const;
const idleLookSeconds = 10;
const healthy: Aside = { path: '/e0', hangs: false };
const hanging: Aside = { path: '/e0', hangs: true };

/** One round of each, one after the other. */
interface IsolationRound {
  readonly healthy: RoundFigures;
  readonly hanging: RoundFigures;
}

/** What an endpoint that never answers costs the others: rounds with and without it, only the others counted. */
export async function isolation(run: BenchRun): Promise<Outcome> {
  const stage = await startStage(run, apps);
  await warmUp(stage);
  const idle = run.options.ratePerSecond === null ? {} : await idlePerSecond(stage, idleLookSeconds);
  const rounds: IsolationRound[] = [];
  for (let round = 1; round <= run.options.rounds; round++)
    rounds.push({
      healthy: await said(stage, `round ${round}: all healthy`, oneRound(stage, healthy, idle)),
      hanging: await said(stage, `round ${round}: one hangs`, oneRound(stage, hanging, idle)),
    });
  // What hangs is cut off, so that the dispatcher's drain does not wait for it.
  await stage.receiver.call('expect', { from: 0, count: 0, timed: false, aside: noAside });
  return isolationOutcome(run.options, rounds);
}

function oneRound(stage: BenchStage, aside: Aside, idle: Usage): Promise<RoundFigures> {
  const { events, ratePerSecond } = stage.run.options;
  if (ratePerSecond === null) return drain(stage, events, aside);
  return openLoop(stage, { count: events, ratePerSecond, idle, aside });
}

function isolationOutcome(options: BenchOptions, rounds: readonly IsolationRound[]): Outcome {
  const { endpoints, events, concurrency } = options;
  const of = {
    healthy: summaryOf(rounds.map((round) => round.healthy)),
    hanging: summaryOf(rounds.map((round) => round.hanging)),
  };
  const lossOf = (pair: Readonly<Record<keyof IsolationRound, { readonly deliveriesPerSecond: number }>>) => {
    const { healthy: whole, hanging: rest } = pair;
    return isolationLoss({ healthy: whole.deliveriesPerSecond, hanging: rest.deliveriesPerSecond, endpoints });
  };
  const loss = lossOf({ healthy: of.healthy.median, hanging: of.hanging.median });
  const spread = { ...of.healthy.spread, healthyLossPercent: spreadOf(rounds.map((pair) => lossOf(pair).asMeasured)) };
  const [healthyMs, hangingMs] = [of.healthy.median.arrivalMs, of.hanging.median.arrivalMs];
  // At a given rate all arrive in the same time: then it is the latency that tells.
  const p99Ratio = healthyMs === null || hangingMs === null ? null : hangingMs.p99 / healthyMs.p99;
  const losses = { healthyLossPercent: loss.asMeasured, healthyLossPercentAtMost: loss.atMost, p99Ratio };
  const figures = { rounds, median: of.healthy.median, spread, bare: null, ratioToBare: null };
  const json = { ...figures, ...losses, hanging: of.hanging };
  return {
    json,
    lines: [
      `isolation: ${rounds.length} rounds of ${events} events, ${endpoints} endpoints with ${concurrency} requests each; figures of all but one`,
      '',
      ...speedTable([
        ['all healthy', of.healthy],
        ['one hangs', of.hanging],
      ]),
      '',
      ...(healthyMs === null ? [] : [`all healthy: ${percentilesText(healthyMs)}`]),
      ...(hangingMs === null ? [] : [`one hangs: ${percentilesText(hangingMs)}`]),
      lossLine(losses),
    ],
  };
}

function lossLine(losses: {
  readonly healthyLossPercent: number;
  readonly healthyLossPercentAtMost: number;
  readonly p99Ratio: number | null;
}): string {
  const { healthyLossPercent, healthyLossPercentAtMost, p99Ratio } = losses;
  const least = `the healthy ones lose ${healthyLossPercent.toFixed(1)} %`;
  if (p99Ratio !== null) return `${least}, their p99 is ${p99Ratio.toFixed(2)} times as long`;
  return `${least}; at most ${healthyLossPercentAtMost.toFixed(1)} %, for the work of the one that hangs falls away`;
}
