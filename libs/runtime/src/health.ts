/** Answers null when fine, else the cause in words. */
export type HealthCheck = () => Promise<string | null> | string | null;

/** What a probe is told. */
export interface HealthReport {
  readonly ok: boolean;
  readonly causes: readonly string[];
}

const checkMsMax = 2_000;

/** What an app says of itself: alive (its own loops turn) and ready (its servers answer, its groups are joined). */
export class Health {
  private readonly readinessChecks = new Map<string, HealthCheck>();
  private stopping = false;
  private deathCause: string | null = null;
  private readonly deathListeners: ((cause: string) => void)[] = [];

  addReadiness(name: string, check: HealthCheck): void {
    this.readinessChecks.set(name, check);
  }

  /** From now on the app is alive but not ready. */
  markStopping(): void {
    this.stopping = true;
  }

  /** The app can do nothing more and says why; `runApp` ends the process. */
  markDead(cause: string): void {
    this.deathCause ??= cause;
    for (const tell of this.deathListeners) tell(cause);
  }

  onDead(tell: (cause: string) => void): void {
    this.deathListeners.push(tell);
  }

  /** Runs all checks at once, each at most 2 s. */
  async readiness(): Promise<HealthReport> {
    if (this.stopping) return { ok: false, causes: ['the process is stopping'] };
    const checks = [...this.readinessChecks].map(([name, check]) => causeOf(name, check));
    const causes = (await Promise.all(checks)).filter((cause) => cause !== null);
    return { ok: causes.length === 0, causes };
  }

  /**
   * Alive unless a watchdog has given up. It never asks a broker or a database: their outage must not restart the fleet.
   */
  liveness(): HealthReport {
    return this.deathCause === null ? { ok: true, causes: [] } : { ok: false, causes: [this.deathCause] };
  }
}

async function causeOf(name: string, check: HealthCheck): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${checkMsMax} ms`), checkMsMax);
  });
  try {
    const cause = await Promise.race([Promise.resolve().then(check), late]);
    return cause === null ? null : `${name}: ${cause}`;
  } catch (error) {
    return `${name}: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    clearTimeout(timer);
  }
}
