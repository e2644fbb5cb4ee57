import { bareRound } from './bare-round.js';
import type { BenchStage } from './bench-stage.js';
import { drain } from './drain.js';
import type { RoundFigures } from './round-figures.js';

/** A broker that has just begun compiles its own code for seconds, and so do the apps. */
export async function warmUp(stage: BenchStage): Promise<void> {
  await said(stage, 'warm-up: pipeline', drain(stage, stage.run.options.warmUpEvents));
}

export async function warmUpBare(stage: BenchStage): Promise<void> {
  for (const name of ['dispatch', 'sql', 'path'] as const)
    await said(stage, `warm-up: bare ${name}`, bareRound(stage, name, stage.run.options.warmUpEvents));
}

/** Says how a round went, and keeps what went wrong. */
export async function said(stage: BenchStage, what: string, round: Promise<RoundFigures>): Promise<RoundFigures> {
  const figures = await round;
  const { deliveriesPerSecond, deliveriesPerCpuSecond, arrivalMs, lost, duplicates, settled } = figures;
  stage.run.faults.note(what, figures);
  stage.run.say(
    `${what}: ${Math.round(deliveriesPerSecond)}/s, ${Math.round(deliveriesPerCpuSecond)} per CPU-second` +
      `${arrivalMs === null ? '' : `, p50 ${arrivalMs.p50.toFixed(1)} ms, p99 ${arrivalMs.p99.toFixed(1)} ms`}` +
      `${lost > 0 ? `, LOST ${lost}` : ''}${duplicates > 0 ? `, DUPLICATES ${duplicates}` : ''}${settled ? '' : ', NOT SETTLED'}`,
  );
  return figures;
}
