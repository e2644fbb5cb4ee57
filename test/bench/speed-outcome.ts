import type { BareStage } from './bare/bare-stages.js';
import type { BenchRun } from './bench-stage.js';
import type { Outcome } from './outcome.js';
import type { RoundFigures } from './round-figures.js';
import { summaryOf } from './speed.js';
import { speedLines } from './speed-report.js';

/** Appends what a profile found out. */
export function withProfile({ json, lines }: Outcome, profile: Outcome | null): Outcome {
  if (profile === null) return { json, lines };
  return { json: { ...json, profile: profile.json }, lines: [...lines, '', ...profile.lines] };
}

/** The outcome of rounds of one thing, and of the bare ones between them. */
export function speedOutcome(
  run: BenchRun,
  rounds: readonly RoundFigures[],
  bare: Readonly<Partial<Record<BareStage, readonly RoundFigures[]>>> = {},
): Outcome {
  const summary = summaryOf(rounds);
  const bareSummaries = Object.fromEntries(
    Object.entries(bare).flatMap(([name, some]) => (some.length === 0 ? [] : [[name, summaryOf(some)]])),
  );
  const against = bareSummaries['sql'];
  const { scenario } = run.options;
  const ratioToBare =
    against === undefined || scenario === 'bare'
      ? null
      : summary.median.deliveriesPerSecond / against.median.deliveriesPerSecond;
  const result = { scenario, options: run.options, rounds, ...summary, bare: bareSummaries, ratioToBare };
  return { json: result, lines: speedLines(result) };
}
