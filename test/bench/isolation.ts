import { type BenchRun, type BenchStage, startStage } from './bench-stage.js';
import type { Usage } from './components.js';
import { drain } from './drain.js';
import { idlePerSecond } from './idle.js';
import { type IsolationRound, isolationOutcome, type LongHang } from './isolation-outcome.js';
import { openLoop } from './open-loop.js';
import type { Outcome } from './outcome.js';
import type { Aside } from './programs/aside.js';
import type { RoundFigures } from './round-figures.js';
import { settleAside } from './settle-aside.js';
import { openLoopSeconds } from './usage.js';
import { said, warmUp } from './warm-up.js';

const apps = ['renderer', 'dispatcher', 'retry-scheduler'] as const;
const idleLookSeconds = 10;
const healthy: Aside = { path: '/e0', hangs: false };
const hanging: Aside = { path: '/e0', hangs: true };
/** Of the open loop beside a long hang, where none is named: a fifth of what the machine does. */
const hangRate = 500;

/**
 * What an endpoint that never answers costs the others: rounds with and without it in turn, only the others counted; and, where
 * that is asked for, one open loop beside an endpoint that hangs for minutes, after a quiet one.
 */
export async function isolation(run: BenchRun): Promise<Outcome> {
  const { options, say } = run;
  const stage = await startStage(run, apps);
  await warmUp(stage);
  const isLoop = options.ratePerSecond !== null || options.hangSeconds !== null;
  const idle = isLoop ? await idlePerSecond(stage, idleLookSeconds) : {};
  const rounds: IsolationRound[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    say(`round ${round} of ${options.rounds}`);
    rounds.push(await oneRound(stage, round, idle));
  }
  const long = options.hangSeconds === null ? null : await longHang(stage, options.hangSeconds, idle);
  return isolationOutcome(options, rounds, long);
}

/** Whatever drifts while they run meets both alike: each second round begins with the one that hangs. */
async function oneRound(stage: BenchStage, round: number, idle: Usage): Promise<IsolationRound> {
  const { events, ratePerSecond } = stage.run.options;
  const measure = async (aside: Aside): Promise<RoundFigures> => {
    const what = `round ${round}: ${aside.hangs ? 'one hangs' : 'all healthy'}`;
    const measured =
      ratePerSecond === null
        ? drain(stage, events, aside)
        : openLoop(stage, { count: events, ratePerSecond, idle, aside });
    const figures = await said(stage, what, measured);
    if (aside.hangs) await settleAside(stage);
    return figures;
  };
  if (round % 2 === 1) {
    const first = await measure(healthy);
    return { healthy: first, hanging: await measure(hanging) };
  }
  const first = await measure(hanging);
  return { healthy: await measure(healthy), hanging: first };
}

async function longHang(stage: BenchStage, seconds: number, idle: Usage): Promise<LongHang> {
  const ratePerSecond = stage.run.options.ratePerSecond ?? hangRate;
  const loop = (forSeconds: number, aside: Aside) =>
    openLoop(stage, { count: forSeconds * ratePerSecond, ratePerSecond, idle, aside });
  const quietSeconds = Math.min(seconds, 2 * openLoopSeconds);
  const quiet = await said(stage, `${quietSeconds} s at ${ratePerSecond}/s, all healthy`, loop(quietSeconds, healthy));
  const hung = await said(stage, `${seconds} s at ${ratePerSecond}/s, one hangs`, loop(seconds, hanging));
  await settleAside(stage);
  return { seconds, ratePerSecond, quiet, hanging: hung };
}
