/**
 * Since when each endpoint of this process has only failed, kept in Postgres for the duty that warns and switches off.
 * Written behind the deliveries' back, every few seconds, and only for endpoints that fail or failed: a killed process takes
 * the last seconds' count with it, which delays a warning by nothing that matters.
 */
import type { EndpointFailureCount, StoredFailing } from '#audit/failing-endpoints';
import type { AttemptReport } from '#domain/attempt';
import type { Clock } from '#domain/clock';
import { failingNotificationsMax } from '#domain/failing-endpoint';
import type { EndpointKey, NotificationId } from '#domain/ids';

export interface EndpointFailuresDeps {
  /** Adds failures to what is stored, or begins anew after a success; answers what that ended. Throws a Failure. */
  readonly store: (counts: readonly EndpointFailureCount[]) => Promise<readonly StoredFailing[]>;
  /** Of an endpoint that operators were warned of. Must not throw. */
  readonly tellRecovered: (failing: StoredFailing) => void;
  /** Endpoints that have failed so far, and since when. Throws a Failure. */
  readonly load: () => Promise<readonly Pick<StoredFailing, 'key' | 'sinceMs'>[]>;
  readonly clock: Pick<Clock, 'nowMs'>;
}

/** Endpoints with news that are not stored yet; what comes beyond is left out: it fails again. */
const newsMax = 10_000;
/** By then every process has stored what it saw, or cannot; milliseconds. */
const goodKeptMs = 60_000;

export class EndpointFailures {
  private news = new Map<EndpointKey, EndpointFailureCount>();
  /** Known to have failures stored: a success of any other is no news. */
  private failing: ReadonlySet<EndpointKey> = new Set();
  /** When each last accepted something, of late: another process' failures before that may not be stored yet. */
  private readonly goodMs = new Map<EndpointKey, number>();

  constructor(private readonly deps: EndpointFailuresDeps) {}

  note(key: EndpointKey, notificationId: NotificationId, { outcome }: AttemptReport): void {
    if (outcome.kind === 'accepted') this.noteGood(key);
    else if (outcome.kind === 'failed' && countedReasons.has(outcome.reason)) this.noteFailed(key, notificationId);
  }

  /** Stores what is new and looks at what is stored. Throws a Failure; then the next round does the same work. */
  async flush(): Promise<void> {
    await this.storeNews();
    const failing = await this.deps.load();
    for (const { key, sinceMs } of failing) if ((this.goodMs.get(key) ?? 0) > sinceMs) this.beginAnew(key);
    await this.storeNews();
    this.failing = new Set(failing.map(({ key }) => key));
    const forgottenMs = this.deps.clock.nowMs() - goodKeptMs;
    for (const [key, goodMs] of this.goodMs) if (goodMs < forgottenMs) this.goodMs.delete(key);
  }

  private async storeNews(): Promise<void> {
    const { news } = this;
    if (news.size === 0) return;
    this.news = new Map();
    try {
      const ended = await this.deps.store([...news.values()]);
      for (const failing of ended) if (failing.warnings > 0) this.deps.tellRecovered(failing);
    } catch (error) {
      for (const [key, count] of news) this.putBack(key, count);
      throw error;
    }
  }

  /** What is noted and not stored has failed since its last success. */
  private beginAnew(key: EndpointKey): void {
    this.news.set(key, { ...nothing, key, ...this.news.get(key), isAnew: true });
  }

  /** What could not be stored comes before what has happened since. */
  private putBack(key: EndpointKey, before: EndpointFailureCount): void {
    const since = this.news.get(key);
    if (since === undefined && this.news.size < newsMax) this.news.set(key, before);
    if (since === undefined || since.isAnew) return;
    const ids = before.attempts === 0 ? [] : before.notificationIds;
    this.news.set(key, {
      key,
      isAnew: before.isAnew,
      attempts: before.attempts + since.attempts,
      firstFailedMs: before.attempts === 0 ? since.firstFailedMs : before.firstFailedMs,
      lastFailedMs: since.lastFailedMs,
      notificationIds: since.notificationIds.reduce(withOneMore, ids),
    });
  }

  private noteGood(key: EndpointKey): void {
    if (this.goodMs.size < newsMax || this.goodMs.has(key)) this.goodMs.set(key, this.deps.clock.nowMs());
    if (!this.failing.has(key) && !this.news.has(key)) return;
    this.news.set(key, { ...nothing, key, isAnew: true });
  }

  private noteFailed(key: EndpointKey, notificationId: NotificationId): void {
    const nowMs = this.deps.clock.nowMs();
    const known = this.news.get(key);
    if (known === undefined && this.news.size >= newsMax) return;
    const before = known ?? { ...nothing, key, isAnew: false };
    this.news.set(key, {
      ...before,
      attempts: before.attempts + 1,
      firstFailedMs: before.attempts === 0 ? nowMs : before.firstFailedMs,
      lastFailedMs: nowMs,
      notificationIds: withOneMore(before.notificationIds, notificationId),
    });
  }
}

function withOneMore(ids: readonly NotificationId[], id: NotificationId): readonly NotificationId[] {
  return ids.length >= failingNotificationsMax || ids.includes(id) ? ids : [...ids, id];
}

const nothing = { attempts: 0, firstFailedMs: 0, lastFailedMs: 0, notificationIds: [] };
/** The endpoint's own doing: an address of ours that is refused, or bytes we would not send, are not. */
const countedReasons: ReadonlySet<string> = new Set(['HTTP_STATUS', 'TIMEOUT', 'CONNECT', 'TLS', 'DNS', 'RESET']);
