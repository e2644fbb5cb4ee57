import { systemCpuSeconds, type Usage } from './components.js';
import type { Percentiles } from './percentiles.js';
import type { Arrivals } from './programs/receiver.js';
import type { Requests } from './requests.js';

/** What one round gave. */
export interface RoundFigures {
  readonly deliveries: number;
  readonly seconds: number;
  readonly deliveriesPerSecond: number;
  /** Of the system: apps, Kafka and Postgres; of a bare round its own process, Kafka and Postgres; of one app alone its own. */
  readonly deliveriesPerCpuSecond: number;
  /** Arrival minus the intended time, milliseconds; null for a backlog. */
  readonly arrivalMs: Percentiles | null;
  /** In an open loop without what would have been used idle. */
  readonly used: Usage;
  readonly lost: number;
  readonly duplicates: number;
  /** False when something was still under way at its end, or servers and apps did not get quiet around it. */
  readonly settled: boolean;
  /** The most events that were due and had not arrived; null for a backlog. */
  readonly lagMax: number | null;
  /** Commits of Postgres and bytes of its log; null where they were not looked at. */
  readonly transactions: number | null;
  readonly walBytes: number | null;
  /** Of the apps, by kind; null where they were not looked at. */
  readonly requests: Requests | null;
}

/** What every kind of round has. */
export interface RoundFacts {
  /** Different requests that should arrive. */
  readonly count: number;
  readonly startedMs: number;
  readonly arrivals: Pick<Arrivals, 'distinct' | 'duplicates' | 'lastMs'> & Partial<Pick<Arrivals, 'unexpected'>>;
  readonly used: Usage;
  readonly settled: boolean;
  /** Whose CPU counts; the system's when absent. */
  readonly cpuSeconds?: number;
}

export function figuresFrom({ count, startedMs, arrivals, used, settled, cpuSeconds }: RoundFacts): RoundFigures {
  const seconds = (arrivals.lastMs - startedMs) / 1_000;
  return {
    deliveries: arrivals.distinct,
    seconds,
    deliveriesPerSecond: arrivals.distinct / seconds,
    deliveriesPerCpuSecond: arrivals.distinct / (cpuSeconds ?? systemCpuSeconds(used)),
    arrivalMs: null,
    used,
    lost: count - arrivals.distinct,
    // What is numbered for a round before has come a second time, and late.
    duplicates: arrivals.duplicates + (arrivals.unexpected ?? 0),
    settled,
    lagMax: null,
    transactions: null,
    walBytes: null,
    requests: null,
  };
}
