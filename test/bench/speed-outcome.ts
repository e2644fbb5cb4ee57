import type { BareStage } from './bare/bare-stages.js';
import type { BenchRun } from './bench-stage.js';
import type { Outcome } from './outcome.js';
import type { RoundFigures } from './round-figures.js';
import { summaryOf } from './speed.js';
import { speedLines } from './speed-report.js';

/** The loop with all that the product has to do: both topics, every row. The others have parts of it. */
const sameParts: BareStage = 'path';

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
  const { scenario } = run.options;
  const ratios = Object.fromEntries(
    Object.entries(scenario === 'bare' ? {} : bareSummaries).map(([name, against]) => [
      name,
      summary.median.deliveriesPerSecond / against.median.deliveriesPerSecond,
    ]),
  );
  const ratioToBare = ratios[sameParts] ?? null;
  const result = { scenario, options: run.options, rounds, ...summary, bare: bareSummaries, ratios, ratioToBare };
  return { json: result, lines: speedLines(result) };
}
