import type { BenchOptions } from './options.js';
import { type Percentiles, type Spread, spreadOf } from './percentiles.js';
import type { RoundFigures } from './round-figures.js';

/** The middle of several rounds, figure by figure. */
export interface Medians {
  readonly deliveriesPerSecond: number;
  readonly deliveriesPerCpuSecond: number;
  readonly arrivalMs: Percentiles | null;
  /** By component. */
  readonly cpuSeconds: Readonly<Record<string, number>>;
  /** Calls of write for each delivery, by component. */
  readonly writesPerDelivery: Readonly<Record<string, number>>;
  readonly transactionsPerDelivery: number | null;
  readonly walBytesPerDelivery: number | null;
  /** The most of all rounds, by component, MiB. */
  readonly residentMiBMax: Readonly<Record<string, number>>;
  /** The most events that were due and had not arrived; null for a backlog. */
  readonly lagMax: number | null;
  readonly deliveries: number;
  /** Of all rounds together. */
  readonly lost: number;
  readonly duplicates: number;
}

/** Several rounds of one thing. */
export interface Summary {
  readonly median: Medians;
  readonly spread: {
    readonly deliveriesPerSecond: Spread;
    readonly deliveriesPerCpuSecond: Spread;
    readonly arrivalP99Ms: Spread | null;
  };
}

/** What a run found out about speed. */
export interface SpeedResult extends Summary {
  readonly scenario: string;
  readonly options: BenchOptions;
  readonly rounds: readonly RoundFigures[];
  readonly bare: Readonly<Record<string, Summary>>;
  /** Of the medians of deliveries a second, against each bare loop that ran. */
  readonly ratios: Readonly<Record<string, number>>;
  /** That against the loop of the same parts, `path`. */
  readonly ratioToBare: number | null;
}

export function summaryOf(rounds: readonly RoundFigures[]): Summary {
  const of = (figure: (round: RoundFigures) => number) => spreadOf(rounds.map(figure));
  const deliveriesPerSecond = of((round) => round.deliveriesPerSecond);
  const deliveriesPerCpuSecond = of((round) => round.deliveriesPerCpuSecond);
  const names = Object.keys(rounds[0]?.used ?? {});
  const byName = (figure: (round: RoundFigures, name: string) => number) =>
    Object.fromEntries(names.map((name) => [name, of((round) => figure(round, name)).median]));
  const ofAll = (figure: (round: RoundFigures) => number | null) => {
    const values = rounds.map(figure).filter((value) => value !== null);
    return values.length < rounds.length ? null : spreadOf(values);
  };
  const total = (figure: (round: RoundFigures) => number) => rounds.reduce((sum, round) => sum + figure(round), 0);
  const each = (value: number | null, { deliveries }: RoundFigures) => (value === null ? null : value / deliveries);
  const arrivalP99Ms = ofAll(({ arrivalMs }) => arrivalMs?.p99 ?? null);
  return {
    median: {
      deliveriesPerSecond: deliveriesPerSecond.median,
      deliveriesPerCpuSecond: deliveriesPerCpuSecond.median,
      arrivalMs: arrivalOf(rounds),
      cpuSeconds: byName(({ used }, name) => used[name]?.cpuSeconds ?? 0),
      writesPerDelivery: byName(({ used, deliveries }, name) => (used[name]?.writes ?? 0) / deliveries),
      transactionsPerDelivery: ofAll((round) => each(round.transactions, round))?.median ?? null,
      walBytesPerDelivery: ofAll((round) => each(round.walBytes, round))?.median ?? null,
      residentMiBMax: Object.fromEntries(
        names.map((name) => [name, of(({ used }) => used[name]?.residentMiBMax ?? 0).max]),
      ),
      lagMax: ofAll(({ lagMax }) => lagMax)?.max ?? null,
      deliveries: of(({ deliveries }) => deliveries).median,
      lost: total(({ lost }) => lost),
      duplicates: total(({ duplicates }) => duplicates),
    },
    spread: { deliveriesPerSecond, deliveriesPerCpuSecond, arrivalP99Ms },
  };
}

function arrivalOf(rounds: readonly RoundFigures[]): Percentiles | null {
  const all = rounds.flatMap(({ arrivalMs }) => (arrivalMs === null ? [] : [arrivalMs]));
  if (all.length === 0) return null;
  const at = (point: keyof Percentiles) => spreadOf(all.map((percentiles) => percentiles[point])).median;
  return { p50: at('p50'), p95: at('p95'), p99: at('p99') };
}
