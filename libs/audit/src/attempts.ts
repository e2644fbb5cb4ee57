import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { AttemptReport, FailureReason, ResponseCut } from '#domain/attempt';
import type { NotificationId } from '#domain/ids';
import type { NextStep } from '#domain/retry-policy';
import type { Claim } from './claims.js';

/** A finished attempt: inserted once, never changed. */
@Entity('attempts')
export class AttemptRow {
  @PrimaryColumn('uuid', { name: 'notification_id' })
  declare notificationId: NotificationId;
  @PrimaryColumn('integer')
  declare number: number;
  @Column('text')
  declare outcome: 'accepted' | 'gone' | 'failed' | 'unknown';
  @Column('text', { name: 'failure_reason', nullable: true })
  declare failureReason: FailureReason | null;
  @Column('integer', { name: 'http_status', nullable: true })
  declare httpStatus: number | null;
  @Column('integer', { name: 'duration_ms', nullable: true })
  declare durationMs: number | null;
  @Column('bytea', { name: 'response_body', nullable: true })
  declare responseBody: Buffer | null;
  @Column('integer', { name: 'response_bytes', nullable: true })
  declare responseBytes: number | null;
  @Column('jsonb', { name: 'response_headers', nullable: true })
  declare responseHeaders: Readonly<Record<string, string>> | null;
  @Column('text', { name: 'error_detail', nullable: true })
  declare errorDetail: string | null;
  @Column('integer', { name: 'dns_ms', nullable: true })
  declare dnsMs: number | null;
  @Column('integer', { name: 'connect_ms', nullable: true })
  declare connectMs: number | null;
  @Column('integer', { name: 'tls_ms', nullable: true })
  declare tlsMs: number | null;
  @Column('integer', { name: 'first_byte_ms', nullable: true })
  declare firstByteMs: number | null;
  @Column('text', { name: 'peer_address', nullable: true })
  declare peerAddress: string | null;
  @Column('text', { name: 'response_cut', nullable: true })
  declare responseCut: ResponseCut | null;
}

/** How an attempt ended and what follows. */
export interface AttemptFinish {
  readonly claim: Claim;
  readonly report: AttemptReport;
  readonly next: NextStep;
}

/** What the row says after a finish. */
export interface FinishAnswer {
  /** False: the lease had run out and the sweep closed the attempt as `unknown`; nothing was changed. */
  readonly recorded: boolean;
  /**
   * When the next automatic attempt is due, milliseconds since the epoch on Postgres' clock; null: none is, or it is held for
   * a circuit or a pause (a manual attempt leaves it so) and goes on as a row alone.
   */
  readonly retryDueMs: number | null;
  readonly nextNumber: number;
}

/** Finishes attempts, repeated while Postgres is away: what was sent is never unrecorded. */
export interface AttemptStore {
  /** One claim, one finish. Resolves when the attempt is in the history and the notification has moved. */
  finish(finish: AttemptFinish): Promise<FinishAnswer>;
}

/** A finish that was recorded, as the function that records it answers. */
export interface FinishRow {
  readonly kind: 'finish';
  readonly number: number;
  readonly due_ms: number | null;
}

/** What became of a finish; without a row nothing was changed. */
export function finishAnswer({ claim }: AttemptFinish, row: FinishRow | undefined): FinishAnswer {
  if (row === undefined) return { recorded: false, retryDueMs: null, nextNumber: claim.number };
  return { recorded: true, retryDueMs: row.due_ms, nextNumber: row.number };
}

/** The parameters of finishes, in the order of the function that records them. */
export function finishColumns(items: readonly AttemptFinish[]): readonly unknown[][] {
  const outcomes = items.map(({ report }) => report.outcome);
  return [
    items.map(({ claim }) => claim.notificationId),
    items.map(({ claim }) => claim.number),
    outcomes.map(({ kind }) => kind),
    outcomes.map((outcome) => reasonOf(outcome)),
    items.map(({ report }) => report.httpStatus ?? null),
    items.map(({ report }) => Math.round(report.durationMs)),
    items.map(({ report }) => report.responseBody),
    items.map(({ report }) => report.responseBytes),
    items.map(({ report }) => (report.responseHeaders === undefined ? null : headersJson(report.responseHeaders))),
    items.map(({ report }) => (report.errorDetail === undefined ? null : storableText(report.errorDetail))),
    ...phaseColumns(items),
    items.map(({ next }) => next.kind),
    items.map(({ next }) => (next.kind === 'retry' ? next.delayMs : null)),
    items.map(({ next }) => (next.kind === 'retry' ? next.step : null)),
    items.map(({ next }) => (next.kind === 'failed' ? next.reason : null)),
  ];
}

function phaseColumns(items: readonly AttemptFinish[]): readonly unknown[][] {
  const phases = items.map(({ report }) => report.phases);
  return [
    phases.map((of) => wholeMs(of?.dnsMs)),
    phases.map((of) => wholeMs(of?.connectMs)),
    phases.map((of) => wholeMs(of?.tlsMs)),
    phases.map((of) => wholeMs(of?.firstByteMs)),
    phases.map((of) => of?.peerAddress ?? null),
    items.map(({ report }) => report.responseCut ?? null),
  ];
}

function wholeMs(ms: number | null | undefined): number | null {
  return ms === null || ms === undefined ? null : Math.round(ms);
}

function reasonOf(outcome: AttemptReport['outcome']): FailureReason | null {
  if (outcome.kind === 'accepted') return null;
  return outcome.kind === 'gone' ? 'GONE' : outcome.reason;
}

/** Postgres' text and jsonb take neither NUL nor half a surrogate pair; an endpoint may answer with both. */
function storableText(text: string): string {
  return text.replaceAll('\0', '\u2400').toWellFormed();
}

/** As JSON writes a NUL and half a surrogate pair; both are rare, and looking for them in each name and value is not cheap. */
const unstorable = /\\u(?:0000|d[89a-f])/;

function headersJson(headers: Readonly<Record<string, string>>): string {
  const json = JSON.stringify(headers);
  if (!unstorable.test(json)) return json;
  const clean = Object.entries(headers).map(([name, value]) => [storableText(name), storableText(value)]);
  return JSON.stringify(Object.fromEntries(clean));
}
