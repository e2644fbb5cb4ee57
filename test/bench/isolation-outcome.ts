import { isolationLoss } from './isolation-loss.js';
import type { BenchOptions } from './options.js';
import type { Outcome } from './outcome.js';
import { type Spread, spreadOf } from './percentiles.js';
import type { RoundFigures } from './round-figures.js';
import { summaryOf } from './speed.js';
import { percentilesText, speedTable } from './speed-report.js';

/** One round of each, one after the other. */
export interface IsolationRound {
  readonly healthy: RoundFigures;
  readonly hanging: RoundFigures;
}

/** One open loop beside an endpoint that hangs all the time, and one before it without. */
export interface LongHang {
  readonly seconds: number;
  readonly ratePerSecond: number;
  readonly quiet: RoundFigures;
  readonly hanging: RoundFigures;
}

/** All that was measured, in words and as JSON; figures of all endpoints but the one that hangs. */
export function isolationOutcome(
  options: BenchOptions,
  rounds: readonly IsolationRound[],
  long: LongHang | null,
): Outcome {
  const { endpoints, events, concurrency } = options;
  const of = {
    healthy: summaryOf(rounds.map((round) => round.healthy)),
    hanging: summaryOf(rounds.map((round) => round.hanging)),
  };
  // Each round against its own reference, measured just before or after it.
  const losses = rounds.map(({ healthy, hanging }) =>
    isolationLoss({ healthy: healthy.deliveriesPerSecond, hanging: hanging.deliveriesPerSecond, endpoints }),
  );
  const measured = spreadOf(losses.map(({ asMeasured }) => asMeasured));
  const atMost = spreadOf(losses.map((loss) => loss.atMost));
  const [healthyMs, hangingMs] = [of.healthy.median.arrivalMs, of.hanging.median.arrivalMs];
  // At a given rate all arrive in the same time: then it is the latency that tells.
  const p99Ratio = healthyMs === null || hangingMs === null ? null : hangingMs.p99 / healthyMs.p99;
  const spread = { ...of.healthy.spread, healthyLossPercent: measured, healthyLossPercentAtMost: atMost };
  const json = {
    ...{ rounds, median: of.healthy.median, spread, bare: null, ratioToBare: null },
    ...{ healthyLossPercent: measured.median, healthyLossPercentAtMost: atMost.median, p99Ratio },
    ...{ hanging: of.hanging, hang: long === null ? null : { ...long, p99Ratio: ratioOf(long) } },
  };
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
      p99Ratio === null
        ? lossLine(measured, atMost)
        : `the p99 of the healthy ones is ${p99Ratio.toFixed(2)} times as long`,
      ...(long === null ? [] : longLines(long)),
    ],
  };
}

function lossLine({ median, min, max }: Spread, atMost: Spread): string {
  const spread = `${min.toFixed(1)} to ${max.toFixed(1)} % in single rounds`;
  const falls = 'for the work of the one that hangs falls away';
  return `the time of the healthy ones grows by ${median.toFixed(1)} % (${spread}); by at most ${atMost.median.toFixed(1)} %, ${falls}`;
}

function longLines(long: LongHang): readonly string[] {
  const { seconds, ratePerSecond, quiet, hanging } = long;
  const text = ({ arrivalMs }: RoundFigures) => (arrivalMs === null ? 'nothing arrived' : percentilesText(arrivalMs));
  const ratio = ratioOf(long);
  return [
    '',
    `an open loop of ${ratePerSecond}/s, all healthy: ${text(quiet)}`,
    `the same while one hangs for ${seconds} s: ${text(hanging)}`,
    ratio === null ? 'no ratio' : `the p99 of the healthy ones is ${ratio.toFixed(2)} times as long`,
  ];
}

function ratioOf({ quiet, hanging }: LongHang): number | null {
  return quiet.arrivalMs === null || hanging.arrivalMs === null ? null : hanging.arrivalMs.p99 / quiet.arrivalMs.p99;
}
