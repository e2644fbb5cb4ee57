import { createHash, randomUUID } from 'node:crypto';
import { AttemptBatcher } from '#audit/attempt-batcher';
import { AttemptRow, type AttemptStore, type FinishAnswer } from '#audit/attempts';
import { BooksStore } from '#audit/books';
import type { Claim, ClaimRequest, ClaimStore } from '#audit/claims';
import { HoldStore } from '#audit/holds';
import { type NewNotification, NotificationRow, NotificationStore } from '#audit/notifications';
import { ParkedEventRow, ParkedEventStore } from '#audit/parked-events';
import { PayloadRow } from '#audit/payloads';
import { UnmatchedEventRow, UnmatchedEventStore } from '#audit/unmatched-events';
import type { AttemptOutcome, AttemptReport, FailureReason } from '#domain/attempt';
import { systemClock } from '#domain/clock';
import {
  type EndpointId,
  type EndpointKey,
  endpointKey,
  type NotificationId,
  type ResendItemId,
  type TemplateId,
  type TenantId,
} from '#domain/ids';
import { notificationId } from '#domain/notification-id';
import type { NextStep } from '#domain/retry-policy';
import { createDataSource, type DataSource } from '#postgres/data-source';
import { createLog } from '#telemetry/log';
import { createTestDatabase, type TestDatabase } from './test-database.js';

/** What a row of `notifications` says of its course. */
export interface Course {
  readonly state: 'pending' | 'sent' | 'failed' | 'cancelled';
  readonly next_number: number;
  readonly attempt_count: number;
  readonly step: number;
  readonly unknown_in_row: number;
  readonly waiting_reason: string | null;
  readonly failure_reason: string | null;
  readonly next_attempt_at: Date | null;
  readonly finished_at: Date | null;
  readonly asked_at: Date | null;
  readonly ask_count: number;
}

/** How an attempt ends in a test. */
export interface Ending {
  readonly outcome: AttemptOutcome;
  readonly next: NextStep;
}

/** 2xx. */
export const accepted: Ending = { outcome: { kind: 'accepted' }, next: { kind: 'sent' } };
/** 500, the first delay of the schedule (an hour). */
export const failedOnce: Ending = {
  outcome: { kind: 'failed', reason: 'HTTP_STATUS' },
  next: { kind: 'retry', delayMs: 3_600_000, step: 1 },
};
/** 500, and the schedule is used up. */
export const exhausted: Ending = {
  outcome: { kind: 'failed', reason: 'HTTP_STATUS' },
  next: { kind: 'failed', reason: 'EXHAUSTED' },
};

/** The stores of the audit library over a database of their own. */
export class AuditWorld {
  readonly notifications: NotificationStore;
  readonly claims: ClaimStore;
  /** Another process' claims: its batches are not the first one's. */
  readonly otherClaims: ClaimStore;
  readonly attempts: AttemptStore;
  readonly holds: HoldStore;
  readonly books: BooksStore;
  readonly parkedEvents: ParkedEventStore;
  readonly unmatchedEvents: UnmatchedEventStore;
  private endpointsMade = 0;

  private constructor(
    readonly database: TestDatabase,
    readonly dataSource: DataSource,
    private readonly closing: AbortController,
    private readonly isOwner: boolean,
  ) {
    const log = createLog({ app: 'test', level: 'error' });
    const deps = { clock: systemClock, log, signal: closing.signal };
    this.notifications = new NotificationStore(dataSource, deps);
    this.attempts = this.claims = new AttemptBatcher(dataSource, deps);
    this.otherClaims = new AttemptBatcher(dataSource, deps);
    this.holds = new HoldStore(dataSource, deps);
    this.books = new BooksStore(dataSource, deps);
    this.parkedEvents = new ParkedEventStore(dataSource, deps);
    this.unmatchedEvents = new UnmatchedEventStore(dataSource, deps);
  }

  /** Over a database of its own, or over a stack's, beside the apps. */
  static async open(stackDatabase?: TestDatabase): Promise<AuditWorld> {
    const database = stackDatabase ?? (await createTestDatabase());
    const entities = [NotificationRow, PayloadRow, AttemptRow, ParkedEventRow, UnmatchedEventRow];
    const pool = {
      url: database.url,
      poolMax: 8,
      applicationName: 'hookline.test',
      pinnedPlans: true,
      hashedJoins: true,
    };
    const dataSource = createDataSource({ ...pool, entities });
    await dataSource.initialize();
    return new AuditWorld(database, dataSource, new AbortController(), stackDatabase === undefined);
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.dataSource.destroy();
    if (this.isOwner) await this.database.drop();
  }

  /** An endpoint of its own in the tenant acme. */
  async addEndpoint(concurrency = 10): Promise<{ readonly key: EndpointKey; readonly endpointId: EndpointId }> {
    const [tenantId, endpointId] = ['acme' as TenantId, `e${this.endpointsMade++}` as EndpointId];
    const { query } = this.database;
    await query('INSERT INTO tenants (id) VALUES ($1) ON CONFLICT DO NOTHING', [tenantId]);
    await query('INSERT INTO endpoints (tenant_id, id, url, concurrency) VALUES ($1, $2, $3, $4)', [
      ...[tenantId, endpointId, 'https://hooks.example.com/in', concurrency],
    ]);
    return { key: endpointKey(tenantId, endpointId), endpointId };
  }

  /** Stores a pending notification and answers its id. */
  async insert(fields: Partial<NewNotification> = {}): Promise<NotificationId> {
    const notification = aNotification(fields);
    await this.notifications.insert(notification);
    return notification.id;
  }

  /** Opens the claim of an attempt. Throws when it is not given. */
  async claim(id: NotificationId, number = 1): Promise<Claim> {
    const answer = await this.claims.open(aClaimRequest(id, { number }));
    if (answer.kind !== 'claimed') throw new Error(`the claim was not given: ${JSON.stringify(answer)}`);
    return answer.claim;
  }

  finish(claim: Claim, { outcome, next }: Ending, more: Partial<AttemptReport> = {}): Promise<FinishAnswer> {
    const report = { outcome, durationMs: 5, responseBody: Buffer.from('ok'), responseBytes: 2, ...more };
    return this.attempts.finish({ claim, report, next });
  }

  async course(id: NotificationId): Promise<Course> {
    const [row] = await this.database.query<Course>('SELECT * FROM notifications WHERE id = $1', [id]);
    if (row === undefined) throw new Error(`there is no notification ${id}`);
    return row;
  }

  /** Fails a pending notification without an attempt. */
  refuse(notificationId: NotificationId | undefined, reason: FailureReason, detail: string): Promise<boolean> {
    if (notificationId === undefined) throw new Error('there is no notification to refuse');
    return this.holds.refuse({ notificationId, reason, detail });
  }

  /** Number and outcome of the finished attempts. */
  async history(id: NotificationId): Promise<readonly (readonly [number, string])[]> {
    const rows = await this.database.query<{ number: number; outcome: string }>(
      'SELECT number, outcome FROM attempts WHERE notification_id = $1 ORDER BY number',
      [id],
    );
    return rows.map(({ number, outcome }) => [number, outcome]);
  }

  /** Makes the lease of an open claim lie in the past, as a killed dispatcher leaves it. */
  async runOut(id: NotificationId): Promise<void> {
    await this.database.query(
      `UPDATE claims SET lease_until = now() - interval '1 second' WHERE notification_id = $1`,
      [id],
    );
  }

  /** Lets the retry's delay pass. */
  async makeDue(id: NotificationId): Promise<void> {
    await this.database.query(
      `UPDATE notifications SET next_attempt_at = now() - interval '1 second' WHERE id = $1 AND state = 'pending'`,
      [id],
    );
  }
}

/** A notification of its own event, rendered, of now. */
export function aNotification(fields: Partial<NewNotification> = {}): NewNotification {
  const body = Buffer.from('{"a":1}');
  const eventId = randomUUID();
  const [tenantId, templateId, eventSource] = ['acme' as TenantId, 'created' as TemplateId, '/lending/test'];
  return {
    id: notificationId({ tenantId, eventSource, eventId, templateId, timeMs: Date.now() }),
    ...{ tenantId, eventSource, eventId, eventType: 'loan.created', eventTime: null, subject: 'clients/1' },
    ...{ templateId, templateVersion: 1, endpointId: 'orders' as EndpointId },
    ...{ failureReason: null, failureDetail: null, eventBytes: null },
    ...{ sourceTopic: 'events', sourcePartition: 0, sourceOffset: '0', traceParent: null },
    content: {
      method: 'POST',
      contentType: 'application/json',
      body,
      sha256: createHash('sha256').update(body).digest(),
    },
    ...fields,
  };
}

/** Asks for attempt 1 unless it says else. */
export function aClaimRequest(notificationId: NotificationId, fields: Partial<ClaimRequest> = {}): ClaimRequest {
  const where = { url: 'https://hooks.example.com/in', urlVersion: 1, leaseMs: 30_000 };
  return { notificationId, number: 1, resendItem: null, askedBy: 'renderer', ...where, ...fields };
}

/** Asks for one more attempt for an operator. */
export function aResendClaim(notificationId: NotificationId, resendItem: ResendItemId): ClaimRequest {
  return aClaimRequest(notificationId, { number: null, resendItem, askedBy: 'admin' });
}
