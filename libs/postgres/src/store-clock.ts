import type { DataSource } from 'typeorm';
import type { Clock } from '#domain/clock';
import { Failure } from '#domain/failure';
import { gauge } from '#telemetry/instruments';
import type { Log } from '#telemetry/log';
import { storeFailure } from './store-failure.js';
import { rowsOf } from './transaction.js';

/** A measurement whose question took longer says too little. Milliseconds. */
const roundTripMsMax = 1_000;
/** A larger drift is a fault of the machine's clock that somebody should look at. Milliseconds. */
const driftMsSuspicious = 500;
const againMs = 500;

/**
 * Postgres' clock, as far as this process knows it: due times, leases and what is compared with them are on it. It is not
 * known before the first measurement.
 */
export class StoreClock implements Clock {
  /** Null before the first measurement. */
  private offsetMs: number | null = null;

  constructor(
    private readonly machine: Clock,
    private readonly log: Log,
  ) {
    gauge('hookline_clock_drift_seconds', () => (this.offsetMs === null ? [] : [{ value: this.offsetMs / 1_000 }]));
  }

  /** Throws STORE_UNAVAILABLE before the first measurement: a drifting machine would wait for the wrong instant. */
  nowMs(): number {
    if (this.offsetMs === null)
      throw new Failure('STORE_UNAVAILABLE', "Postgres' clock is not known yet", { retryable: true });
    return this.machine.nowMs() + this.offsetMs;
  }

  monotonicMs(): number {
    return this.machine.monotonicMs();
  }

  chance(): number {
    return this.machine.chance();
  }

  wait(ms: number, signal?: AbortSignal): Promise<void> {
    return this.machine.wait(ms, signal);
  }

  /** Resolves once the clock is known, or when the signal is aborted. Never rejects. */
  async know(dataSource: DataSource, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const failure = await this.measure(dataSource).catch((error: unknown) => storeFailure(error));
      if (this.offsetMs !== null) return;
      if (failure !== undefined) this.log.warn('store.waiting', { cause: failure.message, waitMs: againMs });
      await this.machine.wait(againMs, signal);
    }
  }

  /** Measures the drift: the answer was given about halfway between question and return. Throws a Failure. */
  async measure(dataSource: DataSource): Promise<void> {
    const askedMs = this.machine.nowMs();
    const startMs = this.machine.monotonicMs();
    const [row] = await rowsOf<{ now_ms: string }>(
      dataSource,
      'SELECT extract(epoch FROM clock_timestamp()) * 1000 AS now_ms',
      [],
    );
    const tookMs = this.machine.monotonicMs() - startMs;
    if (row === undefined || tookMs > roundTripMsMax) return;
    this.offsetMs = Math.round(Number(row.now_ms) - (askedMs + tookMs / 2));
    if (Math.abs(this.offsetMs) > driftMsSuspicious) this.log.warn('clock.drifted', { driftMs: this.offsetMs });
  }
}
