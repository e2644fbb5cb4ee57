import { systemClock } from '#domain/clock';
import type { AdminClient } from '../support/admin-client.js';
import type { ChaosReceiver } from './chaos-receiver.js';
import { chaosTenant } from './chaos-settings.js';
import type { AskedResend, SeenRequest } from './run-logs.js';

type Entry = { -readonly [K in keyof AskedResend]: AskedResend[K] };

const everyMs = 2_000;
/** A wish that is neither taken nor refused this long after the last one counts as unknown. */
const answerMsMax = 20_000;

/** An operator who now and then wants something sent once more, whatever its state. */
export class OperatorWishes {
  private readonly entries: Entry[] = [];
  private readonly underWay = new Set<Promise<void>>();
  private readonly stopping = new AbortController();
  private readonly ended: Promise<void>;

  constructor(
    private readonly admin: AdminClient,
    private readonly receiver: Pick<ChaosReceiver, 'someOf'>,
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
      const request = this.receiver.someOf(this.chance());
      if (request !== undefined) this.follow(this.ask(request));
    }
  }

  private follow(asked: Promise<void>): void {
    this.underWay.add(asked);
    void asked.then(() => this.underWay.delete(asked));
  }

  private async ask({ webhookId: notificationId, eventId }: SeenRequest): Promise<void> {
    const requestId = `wish-${this.entries.length}`;
    const entry: Entry = { requestId, notificationId, eventId, atMs: systemClock.nowMs(), ack: 'unknown' };
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
