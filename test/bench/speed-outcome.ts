import type { BareStage } from './bare/bare-stages.js';
import type { BenchOptions } from './options.js';
import type { Finding, Outcome } from './outcome.js';
import type { RoundFigures } from './round-figures.js';
import { type BareResult, type Summary, summaryOf } from './speed.js';
import { speedLines } from './speed-report.js';

/** The loop with all that the product has to do: both topics, every row. The others have parts of it. */
const sameParts: BareStage = 'path';

type PerSecond = 'deliveriesPerSecond' | 'deliveriesPerCpuSecond';

/** Appends what a profile found out. */
export function withProfile({ json, lines }: Outcome, profile: Finding | null): Outcome {
  if (profile === null) return { json, lines };
  const withIt = { ...json, profile: profile.json };
  return { json: withIt, lines: [...lines, '', ...profile.lines] };
}

/** The outcome of rounds of one thing, and of the bare ones between them. */
export function speedOutcome(
  options: BenchOptions,
  rounds: readonly RoundFigures[],
  bareRounds: Readonly<Partial<Record<BareStage, readonly RoundFigures[]>>> = {},
): Outcome {
  const summary = summaryOf(rounds);
  const ran = Object.entries(bareRounds).filter(([, some]) => some.length > 0);
  const bare: Readonly<Record<string, BareResult>> | null =
    ran.length === 0
      ? null
      : Object.fromEntries(ran.map(([name, some]) => [name, { ...summaryOf(some), rounds: some }]));
  const compared = options.scenario === 'bare' ? null : bare;
  const of = (figure: PerSecond) => ratiosTo(compared, summary, figure);
  const ratios = of('deliveriesPerSecond');
  const ratioToBare = ratios?.[sameParts] ?? null;
  const ratioToBarePerCpuSecond = of('deliveriesPerCpuSecond')?.[sameParts] ?? null;
  const result = { rounds, ...summary, bare, ratioToBare, ratioToBarePerCpuSecond, ratios };
  return { json: result, lines: speedLines(result, options) };
}

function ratiosTo(
  bare: Readonly<Record<string, BareResult>> | null,
  { median }: Summary,
  figure: PerSecond,
): Readonly<Record<string, number>> | null {
  if (bare === null) return null;
  return Object.fromEntries(
    Object.entries(bare).map(([name, against]) => [name, median[figure] / against.median[figure]]),
  );
}
