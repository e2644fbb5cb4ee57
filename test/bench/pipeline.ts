import { bareRound, bareStages } from './bare-round.js';
import type { BenchRun, BenchStage } from './bench-stage.js';
import { startStage } from './bench-stage.js';
import { drain } from './drain.js';
import type { BareStage } from './programs/bare.js';
import { type BenchResult, summaryOf } from './result.js';
import type { RoundFigures } from './round-figures.js';

/** The apps of the path; the admin has no part in it and is not started. */
const path = ['renderer', 'dispatcher', 'retry-scheduler'] as const;

type BareRounds = Readonly<Record<BareStage, RoundFigures[]>>;

/** Drains backlogs, with the bare loops between them: what the machine does in these minutes is the same for all. */
export async function pipeline(run: BenchRun): Promise<BenchResult> {
  const stage = await startStage(run, path);
  await warmUp(stage);
  const rounds: RoundFigures[] = [];
  const bare: BareRounds = { dispatch: [], kafka: [], sql: [] };
  for (let round = 1; round <= run.options.rounds; round++) {
    if (run.options.bare) await bareRounds(stage, bare, round);
    rounds.push(await said(stage, `round ${round}: pipeline`, drain(stage, run.options.events)));
  }
  return result(run, rounds, bare);
}

/** The bare loops alone. */
export async function bareAlone(run: BenchRun): Promise<BenchResult> {
  const stage = await startStage(run, []);
  await warmUpBare(stage);
  const bare: BareRounds = { dispatch: [], kafka: [], sql: [] };
  for (let round = 1; round <= run.options.rounds; round++) await bareRounds(stage, bare, round);
  return result(run, bare.sql, bare);
}

function result(run: BenchRun, rounds: readonly RoundFigures[], bare: BareRounds): BenchResult {
  const median = summaryOf(rounds);
  const bareSummaries = bareStages.flatMap((stage) =>
    bare[stage].length === 0 ? [] : [[stage, summaryOf(bare[stage])] as const],
  );
  const against = bareSummaries.find(([stage]) => stage === 'sql')?.[1];
  return {
    scenario: run.options.scenario,
    options: run.options,
    rounds,
    ...median,
    bare: Object.fromEntries(bareSummaries),
    ratioToBare: against === undefined ? null : median.median.deliveriesPerSecond / against.median.deliveriesPerSecond,
  };
}

async function bareRounds(stage: BenchStage, bare: BareRounds, round: number): Promise<void> {
  for (const name of bareStages)
    bare[name].push(
      await said(stage, `round ${round}: bare ${name}`, bareRound(stage, name, stage.run.options.events)),
    );
}

/** A broker that has just begun compiles its own code for seconds, and so do the apps. */
export async function warmUp(stage: BenchStage): Promise<void> {
  const { warmUpEvents, bare } = stage.run.options;
  await said(stage, 'warm-up: pipeline', drain(stage, warmUpEvents));
  if (bare) await warmUpBare(stage);
}

async function warmUpBare(stage: BenchStage): Promise<void> {
  for (const name of ['dispatch', 'sql'] as const)
    await said(stage, `warm-up: bare ${name}`, bareRound(stage, name, stage.run.options.warmUpEvents));
}

async function said(stage: BenchStage, what: string, round: Promise<RoundFigures>): Promise<RoundFigures> {
  const figures = await round;
  const { deliveriesPerSecond, deliveriesPerCpuSecond, lost, duplicates } = figures;
  stage.run.say(
    `${what}: ${Math.round(deliveriesPerSecond)}/s, ${Math.round(deliveriesPerCpuSecond)} per CPU-second` +
      `${lost > 0 ? `, LOST ${lost}` : ''}${duplicates > 0 ? `, DUPLICATES ${duplicates}` : ''}`,
  );
  return figures;
}
