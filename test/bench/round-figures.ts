import type { Usage } from './components.js';
import type { Percentiles } from './percentiles.js';

/** What one round gave. */
export interface RoundFigures {
  readonly deliveries: number;
  readonly seconds: number;
  readonly deliveriesPerSecond: number;
  /** Of the system: apps, Kafka and Postgres; of a bare round its own process, Kafka and Postgres. */
  readonly deliveriesPerCpuSecond: number;
  /** Arrival minus the intended time, milliseconds; null for a backlog. */
  readonly arrivalMs: Percentiles | null;
  readonly used: Usage;
  readonly lost: number;
  readonly duplicates: number;
  /** Commits of Postgres and bytes of its log; null where they were not looked at. */
  readonly transactions: number | null;
  readonly walBytes: number | null;
  readonly isComplete: boolean;
}
