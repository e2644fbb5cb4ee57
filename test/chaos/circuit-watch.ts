import { systemClock } from '#domain/clock';
import type { DataSource } from '#postgres/data-source';
import type { OpenCircuit } from './run-logs.js';

const lookMs = 250;

/** Looks at the circuits again and again, and keeps each time one was open. What is open for less than a look is missed. */
export class CircuitWatch {
  private readonly seen = new Map<string, OpenCircuit>();
  private readonly stopping = new AbortController();
  private readonly ended: Promise<void>;

  constructor(private readonly store: DataSource) {
    this.ended = this.run();
  }

  get circuits(): readonly OpenCircuit[] {
    return [...this.seen.values()];
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.ended;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    for (; !signal.aborted; await systemClock.wait(lookMs, signal)) {
      const open = await this.look().catch(() => []); // while Postgres is away nothing is known
      for (const one of open) this.seen.set(`${one.endpointId} ${one.openedMs}`, one);
    }
  }

  private look(): Promise<readonly OpenCircuit[]> {
    return this.store.query(
      `SELECT endpoint_id AS "endpointId", (extract(epoch FROM opened_at) * 1000)::float8 AS "openedMs",
              (extract(epoch FROM probe_at) * 1000)::float8 AS "probeMs"
         FROM v1_endpoint_circuits WHERE state = 'open' AND opened_at IS NOT NULL AND probe_at IS NOT NULL`,
    );
  }
}
