import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Claim } from '#audit/claims';
import { closeLostLeases } from '#audit/overdue';
import { requestResend } from '#audit/resend-items';
import type { NotificationId, TenantId } from '#domain/ids';
import {
  AuditWorld,
  aClaimRequest,
  accepted,
  aResendClaim,
  type Course,
  type Ending,
  exhausted,
  failedOnce,
} from '../support/audit-world.js';

const gone: Ending = { outcome: { kind: 'gone' }, next: { kind: 'failed', reason: 'GONE' } };
const endings = { accepted, failedOnce, exhausted, gone } as const;
/** Repeated names are likelier: a sequence must not reach its end at once. */
const operations = [
  ...['claim', 'claim', 'claim', 'claim', 'claimTwice', 'claimOld', 'claimAhead'],
  ...['failedOnce', 'failedOnce', 'failedOnce', 'failedOnce', 'exhausted', 'gone', 'accepted', 'lateFinish'],
  ...['loseLease', 'loseLease', 'resend', 'resend', 'hold', 'makeDue', 'makeDue', 'makeDue', 'fail', 'cancel'],
] as const;
type Operation = (typeof operations)[number];

const legalMoves: Readonly<Record<Course['state'], readonly Course['state'][]>> = {
  pending: ['pending', 'sent', 'failed', 'cancelled'],
  sent: ['sent'],
  failed: ['failed', 'sent'],
  cancelled: ['cancelled', 'sent'],
};

/** One notification, and the claims this "process" believes to hold. */
class Subject {
  private current: Claim | null = null;
  private late: Claim | null = null;

  private constructor(
    private readonly world: AuditWorld,
    readonly id: NotificationId,
  ) {}

  static async create(world: AuditWorld): Promise<Subject> {
    return new Subject(world, await world.insert());
  }

  async run(operation: Operation): Promise<void> {
    const { world, id } = this;
    switch (operation) {
      case 'claim':
        return this.open([0]);
      case 'claimTwice':
        return this.open([0, 0]);
      case 'claimOld':
        return this.open([-1]);
      case 'claimAhead':
        return this.open([1]);
      case 'accepted':
      case 'failedOnce':
      case 'exhausted':
      case 'gone':
        return this.finish(endings[operation]);
      case 'lateFinish':
        if (this.late !== null) expect((await world.finish(this.late, accepted)).recorded).toBe(false);
        return;
      case 'loseLease':
        return this.loseLease();
      case 'resend':
        return this.resend();
      case 'hold': {
        const { next_number: number } = await world.course(id);
        await world.holds.hold({ notificationId: id, number, reason: 'ENDPOINT_FULL', delayMs: 1 });
        return;
      }
      case 'makeDue':
        return world.makeDue(id);
      case 'fail':
        await world.refuse(id, 'ENDPOINT_DISABLED', 'switched off');
        return;
      case 'cancel':
        await world.database.query(
          `UPDATE notifications SET state = 'cancelled', waiting_reason = NULL, next_attempt_at = NULL
            WHERE id = $1 AND state = 'pending'`,
          [id],
        );
    }
  }

  private async open(differences: readonly number[]): Promise<void> {
    const { next_number, state, next_attempt_at } = await this.world.course(this.id);
    const requests = differences.map((by) => aClaimRequest(this.id, { number: next_number + by }));
    const answers = await Promise.all(requests.map((request) => this.world.claims.open(request)));
    const claims = answers.flatMap((answer) => (answer.kind === 'claimed' ? [answer.claim] : []));
    const isAskable = state === 'pending' && this.current === null && differences[0] === 0;
    if (!isAskable || Number(next_attempt_at) > Date.now() + 1_000) expect(claims).toHaveLength(0);
    else if (Number(next_attempt_at) < Date.now() - 500) expect(claims).toHaveLength(1);
    this.current = claims[0] ?? this.current;
  }

  private async resend(): Promise<void> {
    const who = { tenantId: 'acme' as TenantId, principal: 'ann', reason: null };
    const { id: item } = await requestResend(this.world.dataSource, {
      ...who,
      notificationId: this.id,
      requestId: randomUUID(),
    });
    const answer = await this.world.claims.open(aResendClaim(this.id, item));
    expect(answer.kind).toBe(this.current === null ? 'claimed' : 'gone');
    if (answer.kind === 'claimed') this.current = answer.claim;
  }

  private async finish(ending: Ending): Promise<void> {
    if (this.current === null) return;
    const before = await this.world.course(this.id);
    expect((await this.world.finish(this.current, ending)).recorded).toBe(true);
    const after = await this.world.course(this.id);
    if (ending === accepted) expect(after.state).toBe('sent');
    else if (this.current.trigger === 'manual')
      expect([after.state, after.step, after.next_attempt_at]).toEqual([
        before.state,
        before.step,
        before.next_attempt_at,
      ]);
    this.current = null;
  }

  private async loseLease(): Promise<void> {
    if (this.current === null) return;
    const before = await this.world.course(this.id);
    await this.world.runOut(this.id);
    await closeLostLeases(this.world.dataSource, 100);
    expect((await this.world.course(this.id)).step).toBe(before.step);
    this.late = this.current;
    this.current = null;
  }
}

describe('the history of a notification', () => {
  let world: AuditWorld;

  beforeAll(async () => {
    world = await AuditWorld.open();
  });

  afterAll(async () => {
    await world?.close();
  });

  it('has no gap, no illegal move and at most one claim after any 200 operations', async () => {
    const sequences = fc.array(fc.constantFrom(...operations), { minLength: 200, maxLength: 200, size: 'max' });
    const holds = fc.asyncProperty(sequences, async (sequence) => {
      // A notification that reached its end is followed by another one, so that all operations meet open ones too.
      let subject = await Subject.create(world);
      let before = await world.course(subject.id);
      for (const [i, operation] of sequence.entries()) {
        await subject.run(operation);
        const after = await world.course(subject.id);
        expect(legalMoves[before.state], `${before.state} by ${operation}`).toContain(after.state);
        await expectSound(subject.id, after);
        before = after;
        if (after.state === 'pending' || i % 10 !== 0) continue;
        subject = await Subject.create(world);
        before = await world.course(subject.id);
      }
    });
    await fc.assert(holds, { numRuns: 6, interruptAfterTimeLimit: 45_000 });
  });

  async function expectSound(id: NotificationId, course: Course): Promise<void> {
    const [row] = await world.database.query<{ finished: number[]; open: number[] }>(
      `SELECT ARRAY(SELECT number FROM attempts WHERE notification_id = $1 ORDER BY number) AS finished,
              ARRAY(SELECT number FROM claims WHERE notification_id = $1) AS open`,
      [id],
    );
    const { finished = [], open = [] } = row ?? {};
    expect(finished).toEqual(Array.from({ length: course.attempt_count }, (_, i) => i + 1));
    expect(course.next_number).toBe(course.attempt_count + 1);
    expect(open.length).toBeLessThanOrEqual(1);
    for (const number of open) expect(number).toBe(course.next_number);
    const isPending = course.state === 'pending';
    expect([course.next_attempt_at !== null, course.waiting_reason !== null]).toEqual([isPending, isPending]);
    expect(course.failure_reason !== null).toBe(course.state === 'failed');
  }
});
