import { systemClock } from '#domain/clock';
import type { AdminClient } from '../support/admin-client.js';
import { chaosTenant } from './chaos-settings.js';
import type { AskedResend, SeenRequest } from './run-logs.js';
import { between } from './seeded-chance.js';

type Entry = { -readonly [K in keyof AskedResend]: AskedResend[K] };

const everyMs = 2_000;
/** A wish that is neither taken nor refused this long after the last one counts as unknown. */
const answerMsMax = 20_000;

/** An operator who now and then wants something sent once more, whatever its state. */
export class OperatorWishes {
  private readonly entries: Entry[] = [];
  private readonly underWay: Promise<void>[] = [];
  private readonly stopping = new AbortController();
  private readonly ended: Promise<void>;

  constructor(
    private readonly admin: AdminClient,
    private readonly requests: readonly SeenRequest[],
    private readonly chance: () => number,
  ) {
    this.ended = this.run();
  }

  get resends(): readonly AskedResend[] {
    return this.entries;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.ended;
    await Promise.race([Promise.all(this.underWay), systemClock.wait(answerMsMax)]);
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    for (await systemClock.wait(everyMs, signal); !signal.aborted; await systemClock.wait(everyMs, signal)) {
      const request = this.requests[between(this.chance, [0, this.requests.length - 1])];
      if (request !== undefined) this.underWay.push(this.ask(request.webhookId));
    }
  }

  private async ask(notificationId: string): Promise<void> {
    const requestId = `wish-${this.entries.length}`;
    const entry: Entry = { requestId, notificationId, atMs: systemClock.nowMs(), ack: 'unknown' };
    this.entries.push(entry);
    const name = `tenants/${chaosTenant}/notifications/${notificationId}`;
    try {
      await this.admin.call(this.admin.notifications, 'resendNotification', { name, requestId, reason: 'chaos' });
      entry.ack = 'ok';
    } catch {
      // The admin is away, or Postgres is: whether the wish is stored cannot be known.
    }
  }
}
