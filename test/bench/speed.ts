import type { Percentiles } from './percentiles.js';
import type { Requests } from './requests.js';
import type { RoundFigures } from './round-figures.js';
import { mediansOf, type SpreadsOf, spreadsOf } from './spreads.js';

/** What is measured in each round. */
export interface Measured {
  readonly deliveriesPerSecond: number;
  readonly deliveriesPerCpuSecond: number;
  /** Null for a backlog. */
  readonly arrivalMs: Percentiles | null;
  /** By component. */
  readonly cpuSeconds: Readonly<Record<string, number>>;
  /** Calls of write for each delivery, by component. */
  readonly writesPerDelivery: Readonly<Record<string, number>>;
  readonly transactionsPerDelivery: number | null;
  readonly walBytesPerDelivery: number | null;
  /** Of the apps, by kind; those of an idle app too. */
  readonly requestsPerDelivery: Requests | null;
  /** By component, MiB. */
  readonly residentMiBMax: Readonly<Record<string, number>>;
  /** The most events that were due and had not arrived; null for a backlog. */
  readonly lagMax: number | null;
  readonly deliveries: number;
}

/** The middle of several rounds, figure by figure; of `residentMiBMax` and `lagMax` the most. */
export interface Medians extends Measured {
  /** Of all rounds together. */
  readonly lost: number;
  readonly duplicates: number;
}

/** Several rounds of one thing. */
export interface Summary {
  readonly median: Medians;
  readonly spread: SpreadsOf<Measured>;
}

/** A bare loop that ran between the rounds. */
export interface BareResult extends Summary {
  readonly rounds: readonly RoundFigures[];
}

/** What a run found out about speed. */
export interface SpeedResult extends Summary {
  readonly rounds: readonly RoundFigures[];
  /** By name; null when none ran. */
  readonly bare: Readonly<Record<string, BareResult>> | null;
  /** Of the medians of deliveries a second, against the loop of the same parts, `path`; null when it did not run. */
  readonly ratioToBare: number | null;
  /** The same of deliveries a CPU-second: the loop is one process and the product several. */
  readonly ratioToBarePerCpuSecond: number | null;
  /** Of deliveries a second, against each bare loop that ran; null when none did. */
  readonly ratios: Readonly<Record<string, number>> | null;
}

export function summaryOf(rounds: readonly RoundFigures[]): Summary {
  const spread = spreadsOf(rounds.map(measuredOf));
  const total = (figure: (round: RoundFigures) => number) => rounds.reduce((sum, round) => sum + figure(round), 0);
  return {
    median: {
      ...mediansOf<Measured>(spread),
      residentMiBMax: Object.fromEntries(Object.entries(spread.residentMiBMax).map(([name, { max }]) => [name, max])),
      lagMax: spread.lagMax?.max ?? null,
      lost: total(({ lost }) => lost),
      duplicates: total(({ duplicates }) => duplicates),
    },
    spread,
  };
}

function measuredOf(round: RoundFigures): Measured {
  const { deliveries, deliveriesPerSecond, deliveriesPerCpuSecond, arrivalMs, used, lagMax, requests } = round;
  const byName = (figure: (name: string) => number | undefined) =>
    Object.fromEntries(Object.keys(used).map((name) => [name, figure(name) ?? 0]));
  const each = (value: number | null) => (value === null ? null : value / deliveries);
  return {
    deliveriesPerSecond,
    deliveriesPerCpuSecond,
    arrivalMs,
    cpuSeconds: byName((name) => used[name]?.cpuSeconds),
    writesPerDelivery: byName((name) => (used[name]?.writes ?? 0) / deliveries),
    transactionsPerDelivery: each(round.transactions),
    walBytesPerDelivery: each(round.walBytes),
    requestsPerDelivery:
      requests === null
        ? null
        : Object.fromEntries(Object.entries(requests).map(([kind, n]) => [kind, n / deliveries])),
    residentMiBMax: byName((name) => used[name]?.residentMiBMax),
    lagMax,
    deliveries,
  };
}
