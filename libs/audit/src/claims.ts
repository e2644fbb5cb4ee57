import type { AskedBy } from '#contracts/delivery-record';
import type { NotificationId, ResendItemId } from '#domain/ids';

/** Asks for the right to make one attempt. */
export interface ClaimRequest {
  readonly notificationId: NotificationId;
  /** The attempt's number; null for a re-send item, whose number is the notification's next. */
  readonly number: number | null;
  readonly resendItem: ResendItemId | null;
  readonly askedBy: AskedBy;
  /** Where it will be sent, as it is kept in the history. */
  readonly url: string;
  readonly urlVersion: number;
  /** How long the right is held, in milliseconds: the attempt's total deadline and a margin. */
  readonly leaseMs: number;
}

/** The right to make one attempt, held until the lease ends. */
export interface Claim {
  readonly notificationId: NotificationId;
  /** From 1, without gaps. */
  readonly number: number;
  readonly trigger: 'auto' | 'manual';
  /** Entries of the retry schedule used up. */
  readonly step: number;
  /** Milliseconds since the notification was created, on Postgres' clock. */
  readonly ageMs: number;
  /** Null for a notification that never had a payload. */
  readonly payloadSha256: Buffer | null;
  /** Where its event stands in Kafka. */
  readonly sourceTopic: string;
  /** The lease's end on this process' monotonic clock, counted from before it was asked: never later than Postgres' own. */
  readonly leaseEndsMonotonicMs: number;
}

/** What became of a request: ours, another's or done long ago, or too early. */
export type ClaimAnswer =
  | { readonly kind: 'claimed'; readonly claim: Claim }
  | { readonly kind: 'gone' }
  /** `isHeld`: a hold made it wait, and another record or the row alone brings it back. */
  | { readonly kind: 'not-due'; readonly waitMs: number; readonly dueMs: number; readonly isHeld: boolean };

/** Opens claims; a repeated request (two records for one attempt) is let through once. */
export interface ClaimStore {
  /** Waits while Postgres is away; an answer is then as true as when it was given. */
  open(request: ClaimRequest): Promise<ClaimAnswer>;
}

/** What the function that opens claims answers; without a number the claim was not given. */
export interface ClaimRow {
  readonly kind: 'auto' | 'manual';
  readonly number: number | null;
  readonly step: number;
  readonly age_ms: number;
  readonly sha256: Buffer | null;
  readonly due_in_ms: number | null;
  readonly due_ms: number | null;
  readonly is_held: boolean;
  readonly source_topic: string;
}

/** The parameters of requests, in the order of the function that opens claims. */
export function claimColumns(requests: readonly ClaimRequest[]): readonly unknown[][] {
  return [
    requests.map(({ notificationId }) => notificationId),
    requests.map(({ number }) => number),
    requests.map(({ resendItem }) => resendItem),
    requests.map(({ askedBy }) => askedBy),
    requests.map(({ url }) => url),
    requests.map(({ urlVersion }) => urlVersion),
    requests.map(({ leaseMs }) => leaseMs),
  ];
}

/** What became of a request; without a row it is gone. `askedMonotonicMs`: before it was asked, on this process' clock. */
export function claimAnswer(request: ClaimRequest, row: ClaimRow | undefined, askedMonotonicMs: number): ClaimAnswer {
  if (row === undefined) return { kind: 'gone' };
  if (row.number === null) {
    const waitMs = row.due_in_ms ?? 0;
    if (waitMs <= 0) return { kind: 'gone' };
    return { kind: 'not-due', waitMs, dueMs: row.due_ms ?? 0, isHeld: row.is_held };
  }
  return {
    kind: 'claimed',
    claim: {
      notificationId: request.notificationId,
      number: row.number,
      trigger: row.kind,
      step: row.step,
      ageMs: row.age_ms,
      payloadSha256: row.sha256,
      sourceTopic: row.source_topic,
      leaseEndsMonotonicMs: askedMonotonicMs + request.leaseMs,
    },
  };
}
