/**
 * Pending notifications of endpoints that were deleted, disabled or switched off with their tenant -> failed with that
 * reason, also those whose retry is due tomorrow: they are in the history at once, and can be re-sent.
 *
 * All pending rows are looked through when the registry has changed, and once more when every attempt that was under way by
 * then has ended and could have scheduled a retry. Killed anywhere, or run by several schedulers: a page is a transaction,
 * and what has failed is not found again; a scheduler that starts looks through all of them.
 */
import type { OverdueCursor } from '#audit/overdue';
import type { RefusedPage } from '#audit/refused';
import type { Clock } from '#domain/clock';
import { count } from '#telemetry/instruments';
import type { Log } from '#telemetry/log';

export interface FailRefusedDeps {
  /** Differs after every change of tenants and endpoints. */
  readonly registryVersion: () => Promise<string>;
  readonly failPage: (after: OverdueCursor | null) => Promise<RefusedPage>;
  /** After so long whatever was claimed before a change has ended, milliseconds. */
  readonly settleMs: number;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly log: Log;
}

/** Remembers for which change of the registry everything was looked through. */
export class FailRefused {
  private version: string | null = null;
  /** The change was seen then, monotonic milliseconds. */
  private changedMs = 0;
  /** Looks that its change still needs: at once, and once it has settled. */
  private looksLeft = 0;

  constructor(private readonly deps: FailRefusedDeps) {}

  /** Idle, it costs one small question. Throws a Failure while Postgres is away. */
  async isNeeded(): Promise<boolean> {
    const version = await this.deps.registryVersion();
    const changedMs = this.deps.clock.monotonicMs();
    if (version !== this.version) Object.assign(this, { version, changedMs, looksLeft: 2 });
    return this.looksLeft === 2 || (this.looksLeft === 1 && this.hasSettled());
  }

  /** One look through all of them. Throws a Failure while Postgres is away; the next round looks again. */
  async run(): Promise<void> {
    const hasSettled = this.hasSettled();
    const failed = await this.look();
    this.looksLeft = hasSettled ? 0 : 1;
    count('hookline_refused_failed_total', {}, failed);
    if (failed > 0) this.deps.log.info('refused.failed', { notifications: failed });
  }

  private hasSettled(): boolean {
    return this.deps.clock.monotonicMs() >= this.changedMs + this.deps.settleMs;
  }

  private async look(): Promise<number> {
    let sum = 0;
    let after: OverdueCursor | null = null;
    do {
      const page: RefusedPage = await this.deps.failPage(after);
      sum += page.failed;
      after = page.next;
    } while (after !== null);
    return sum;
  }
}
