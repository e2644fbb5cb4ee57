import type { BareStage } from './bare/bare-stages.js';
import { bareRound, bareStages } from './bare-round.js';
import type { BenchRun, BenchStage } from './bench-stage.js';
import { startStage } from './bench-stage.js';
import type { Usage } from './components.js';
import { drain } from './drain.js';
import { idlePerSecond } from './idle.js';
import { openLoop } from './open-loop.js';
import type { Outcome } from './outcome.js';
import { profileRound } from './profile-round.js';
import type { RoundFigures } from './round-figures.js';
import { speedOutcome, withProfile } from './speed-outcome.js';
import { said, warmUp, warmUpBare } from './warm-up.js';

/** The apps of the path; the admin has no part in it and is not started. */
const path = ['renderer', 'dispatcher', 'retry-scheduler'] as const;
/** How long the idle apps are looked at before an open loop. */
const idleLookSeconds = 20;

type BareRounds = Readonly<Record<BareStage, RoundFigures[]>>;

/** A backlog, or an open loop where a rate is given. */
export async function pipeline(run: BenchRun): Promise<Outcome> {
  const { ratePerSecond } = run.options;
  return ratePerSecond === null ? drains(run) : openLoops(run, ratePerSecond);
}

/** Backlogs, with the bare loops between them: what the machine does in these minutes is the same for all. */
async function drains(run: BenchRun): Promise<Outcome> {
  const stage = await startStage(run, path);
  await warmUp(stage);
  if (run.options.bare) await warmUpBare(stage);
  const rounds: RoundFigures[] = [];
  const bare = noBareRounds();
  for (let round = 1; round <= run.options.rounds; round++) {
    if (run.options.bare) await bareRounds(stage, bare, round);
    rounds.push(await said(stage, `round ${round}: pipeline`, drain(stage, run.options.events)));
  }
  const profile = await profileRound(stage, () => drain(stage, run.options.events));
  return withProfile(speedOutcome(run.options, rounds, bare), profile);
}

async function openLoops(run: BenchRun, ratePerSecond: number): Promise<Outcome> {
  const stage = await startStage(run, path);
  await warmUp(stage);
  const idle = await idlePerSecond(stage, idleLookSeconds);
  const loop = { count: run.options.events, ratePerSecond, idle };
  const rounds: RoundFigures[] = [];
  for (let round = 1; round <= run.options.rounds; round++)
    rounds.push(await said(stage, `round ${round}: open loop`, openLoop(stage, loop)));
  const profile = await profileRound(stage, () => openLoop(stage, loop));
  const { json, lines } = speedOutcome(run.options, rounds, noBareRounds());
  const idleLine = `subtracted idle use, % of a core: ${idleText(idle)}`;
  const idleCorePercent = Object.fromEntries(
    Object.entries(idle).map(([name, { cpuSeconds }]) => [name, cpuSeconds * 100]),
  );
  const withIdle = { ...json, idleCorePercent };
  return withProfile({ json: withIdle, lines: [...lines, '', idleLine] }, profile);
}

/** The bare loops alone. */
export async function bareAlone(run: BenchRun): Promise<Outcome> {
  const stage = await startStage(run, []);
  await warmUpBare(stage);
  const bare = noBareRounds();
  for (let round = 1; round <= run.options.rounds; round++) await bareRounds(stage, bare, round);
  return speedOutcome(run.options, bare.sql, bare);
}

async function bareRounds(stage: BenchStage, bare: BareRounds, round: number): Promise<void> {
  for (const name of bareStages)
    bare[name].push(
      await said(stage, `round ${round}: bare ${name}`, bareRound(stage, name, stage.run.options.events)),
    );
}

function noBareRounds(): BareRounds {
  return { dispatch: [], kafka: [], sql: [], path: [] };
}

function idleText(idle: Usage): string {
  const { bare: _bare, generator: _generator, ...shown } = idle;
  return Object.entries(shown)
    .map(([name, { cpuSeconds }]) => `${name} ${(cpuSeconds * 100).toFixed(1)}`)
    .join(', ');
}
