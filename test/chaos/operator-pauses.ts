import { systemClock } from '#domain/clock';
import type { AdminClient } from '../support/admin-client.js';
import { chaosEndpoints, chaosTenant } from './chaos-settings.js';
import type { AskedPause } from './run-logs.js';

const betweenMs = 9_000;
const pausedMs = 7_000;
const drainPerSecond = 25;
const againMs = 500;
/** The last pause must end, whatever the admin has just been through. */
const endMsMax = 60_000;

/** An operator who pauses an endpoint again and again and resumes it at a pace; it is never left paused. */
export class OperatorPauses {
  private readonly entries: AskedPause[] = [];
  private readonly stopping = new AbortController();
  private readonly ended: Promise<void>;
  /** Whether it may be paused: an answer that was lost says nothing. */
  private isPaused = false;

  constructor(private readonly admin: AdminClient) {
    const endpoint = chaosEndpoints.find(({ isPaused }) => isPaused);
    this.ended = endpoint === undefined ? Promise.resolve() : this.run(endpoint.id);
  }

  get pauses(): readonly AskedPause[] {
    return this.entries;
  }

  /** Rejects in words when the endpoint could not be resumed. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.ended;
  }

  private async run(endpointId: string): Promise<void> {
    const { signal } = this.stopping;
    const name = `tenants/${chaosTenant}/endpoints/${endpointId}`;
    for (await systemClock.wait(betweenMs, signal); !signal.aborted; await systemClock.wait(betweenMs, signal)) {
      this.isPaused = true;
      const fromMs = await this.ask('pauseEndpoint', name, {});
      if (fromMs === null) continue; // nobody answered: whether it is paused cannot be known
      await systemClock.wait(pausedMs, signal);
      this.entries.push({ endpointId, fromMs, untilMs: systemClock.nowMs() });
      await this.resume(name);
    }
    await this.resume(name);
  }

  private async resume(name: string): Promise<void> {
    const endMs = systemClock.monotonicMs() + endMsMax;
    while (this.isPaused) {
      const atMs = await this.ask('resumeEndpoint', name, { drainPerSecond });
      if (atMs !== null) this.isPaused = false;
      else if (systemClock.monotonicMs() > endMs) throw new Error(`${name} could not be resumed`);
      else await systemClock.wait(againMs);
    }
  }

  /** When it was answered; null when it was not. */
  private async ask(method: 'pauseEndpoint' | 'resumeEndpoint', name: string, more: object): Promise<number | null> {
    try {
      await this.admin.call(this.admin.endpoints, method, { name, reason: 'chaos', ...more });
      return systemClock.nowMs();
    } catch {
      return null; // the admin is away, or Postgres is
    }
  }
}
