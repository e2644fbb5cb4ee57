import type { DataSource } from '#postgres/data-source';
import type { ChaosGenerator } from './chaos-generator.js';
import type { ChaosReceiver } from './chaos-receiver.js';
import type { FaultInjector } from './fault-injector.js';
import { readCounts, type StoreCounts } from './read-views.js';

/** What the progress tells of. */
export interface ProgressParts {
  readonly store: DataSource;
  readonly receiver: ChaosReceiver;
  readonly generator: ChaosGenerator;
  readonly injector: FaultInjector;
  readonly say: (line: string) => void;
}

const everyMs = 5_000;

/** Says every few seconds where a run stands. */
export class Progress {
  private readonly timer: NodeJS.Timeout;
  private isAsking = false;
  private isOn = true;

  constructor(private readonly parts: ProgressParts) {
    this.timer = setInterval(() => void this.tell(), everyMs);
  }

  stop(): void {
    this.isOn = false;
    clearInterval(this.timer);
  }

  /** While Postgres takes longer than a round to answer, what it would say is left out. */
  private async tell(): Promise<void> {
    if (this.isAsking) return this.say(null);
    this.isAsking = true;
    const counts = await readCounts(this.parts.store).catch(() => null);
    this.isAsking = false;
    this.say(counts);
  }

  private say(counts: StoreCounts | null): void {
    if (!this.isOn) return;
    const { receiver, generator, injector, say } = this.parts;
    const ofStore =
      counts === null
        ? 'Postgres does not answer'
        : `sent ${counts.sent}, failed ${counts.failed}, pending ${counts.pending}, open attempts ${counts.started}`;
    const now = injector.now.length === 0 ? '' : `; now ${injector.now.join(', ')}`;
    say(
      `events ${generator.events.length}, ${ofStore}, requests ${receiver.requests.length} (${receiver.open} waiting), ` +
        `faults ${injector.faults.length}${now}`,
    );
  }
}
