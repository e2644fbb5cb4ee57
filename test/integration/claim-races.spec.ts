import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClaimAnswer } from '#audit/claims';
import { failHeld } from '#audit/held';
import { closeLostLeases } from '#audit/overdue';
import { requestResend } from '#audit/resend-items';
import { type EndpointId, endpointKey, type NotificationId, type TenantId } from '#domain/ids';
import { inTransaction } from '#postgres/transaction';
import { AuditWorld, aClaimRequest, accepted, aResendClaim, type Ending, failedOnce } from '../support/audit-world.js';

/** Of each race, so that either side comes first in some of them. */
const races = 30;
const tenantId = 'acme' as TenantId;
const gone: ClaimAnswer = { kind: 'gone' };

describe('a claim in the same instant as', () => {
  let world: AuditWorld;

  beforeAll(async () => {
    world = await AuditWorld.open();
  });

  afterAll(async () => {
    await world?.close();
  });

  const insertAll = (endpointId = 'orders' as EndpointId) =>
    Promise.all(Array.from({ length: races }, () => world.insert({ endpointId })));

  async function finishIfClaimed(answer: ClaimAnswer, ending: Ending): Promise<number> {
    if (answer.kind !== 'claimed') return 0;
    expect((await world.finish(answer.claim, ending)).recorded).toBe(true);
    return 1;
  }

  const numbersOf = async (id: NotificationId) => (await world.history(id)).map(([number]) => number);

  it('a manual one: one is given, the other one follows it, and the numbers have no gap', async () => {
    const ids = await insertAll();
    const asked = { tenantId, principal: 'ann', reason: null };
    for (const id of ids) {
      const { id: item } = await requestResend(world.dataSource, {
        ...asked,
        notificationId: id,
        requestId: randomUUID(),
      });
      const [auto, manual] = await Promise.all([
        world.claims.open(aClaimRequest(id)),
        world.otherClaims.open(aResendClaim(id, item)),
      ]);
      expect([auto.kind, manual.kind].toSorted()).toEqual(['claimed', 'gone']);
      await finishIfClaimed(auto, failedOnce);
      await finishIfClaimed(manual, failedOnce);
      await world.makeDue(id);
      const second = await world.claims.open(
        manual.kind === 'claimed' ? aClaimRequest(id, { number: 2 }) : aResendClaim(id, item),
      );
      expect(await finishIfClaimed(second, accepted), 'the other one is given').toBe(1);
      expect(await numbersOf(id)).toEqual([1, 2]);
      expect(await world.course(id)).toMatchObject({ state: 'sent', attempt_count: 2, next_number: 3 });
    }
  });

  it('a cancel: an attempt that went out is kept, makes it sent when accepted, else it stays cancelled', async () => {
    const ids = await insertAll();
    const answers = await Promise.all(
      ids.map(async (id) => (await Promise.all([world.claims.open(aClaimRequest(id)), cancel(id)]))[0]),
    );
    for (const [i, id] of ids.entries()) {
      const answer = answers[i] ?? gone;
      const ending = i % 2 === 0 ? accepted : failedOnce;
      const attempts = await finishIfClaimed(answer, ending);
      const state = attempts === 1 && ending === accepted ? 'sent' : 'cancelled';
      expect(await world.course(id)).toMatchObject({ state, attempt_count: attempts, next_attempt_at: null });
      expect(await world.claims.open(aClaimRequest(id, { number: attempts + 1 }))).toEqual({ kind: 'gone' });
    }
  });

  it('the refusal of a disabled endpoint: the attempt is made, or the notification fails without one', async () => {
    const ids = await insertAll();
    const both = await Promise.all(
      ids.map((id) =>
        Promise.all([
          world.claims.open(aClaimRequest(id)),
          world.holds.refuse({ notificationId: id, reason: 'ENDPOINT_DISABLED', detail: 'switched off' }),
        ]),
      ),
    );
    for (const [i, id] of ids.entries()) {
      const [answer, isRefused] = both[i] ?? [gone, false];
      expect(answer.kind).toBe(isRefused ? 'gone' : 'claimed');
      await finishIfClaimed(answer, failedOnce);
      const state = isRefused ? 'failed' : 'pending';
      expect(await world.course(id)).toMatchObject({ state, attempt_count: isRefused ? 0 : 1 });
    }
  });

  it('the failing of what was held for a disabled endpoint: either, and never both', async () => {
    const endpointId = 'disabled' as EndpointId;
    const ids = await insertAll(endpointId);
    const held = { number: 1, reason: 'CIRCUIT_OPEN', delayMs: 60_000 } as const;
    await Promise.all(ids.map((notificationId) => world.holds.hold({ notificationId, ...held })));
    await Promise.all(ids.map((id) => world.makeDue(id)));
    const page = { key: endpointKey(tenantId, endpointId), ageMs: 0, rowsMax: 5 };
    const fail = () =>
      failHeld(world.dataSource, { ...page, reason: 'ENDPOINT_DISABLED', detail: 'it was switched off' });
    const [answers, ...failed] = await Promise.all([
      Promise.all(ids.map((id) => world.claims.open(aClaimRequest(id)))),
      ...Array.from({ length: races / page.rowsMax }, fail),
    ]);
    const claimed = answers.filter(({ kind }) => kind === 'claimed').length;
    expect(failed.reduce((sum, rows) => sum + rows, 0)).toBe(races - claimed - (await leftPending(ids, answers)));
    for (const [i, id] of ids.entries()) {
      const answer = answers[i] ?? gone;
      const { state } = await world.course(id);
      if (answer.kind === 'claimed') expect(state).toBe('pending');
      await finishIfClaimed(answer, accepted);
    }
  });

  it('two holds: it is claimed, or held by one of them', async () => {
    const ids = await insertAll();
    const hold = (notificationId: NotificationId) =>
      world.holds.hold({ notificationId, number: 1, reason: 'ENDPOINT_FULL', delayMs: 60_000 });
    for (const id of ids) {
      const [answer, ...holds] = await Promise.all([world.claims.open(aClaimRequest(id)), hold(id), hold(id)]);
      const won = holds.filter((dueMs) => dueMs !== null).length;
      expect(won).toBe(answer.kind === 'claimed' ? 0 : 1);
      expect(await world.course(id)).toMatchObject({ state: 'pending', next_number: 1, step: 0 });
    }
  });

  it('nothing, long after its lease: a finish that finds the next attempt done changes nothing', async () => {
    for (const ending of [accepted, failedOnce]) {
      const id = await world.insert();
      const late = await world.claim(id);
      await world.runOut(id);
      await closeLostLeases(world.dataSource, 100);
      await world.finish(await world.claim(id, 2), ending);
      const before = await world.course(id);
      expect(await world.finish(late, ending === accepted ? failedOnce : accepted)).toMatchObject({ recorded: false });
      expect(await world.course(id)).toEqual(before);
      expect(await world.history(id)).toEqual([
        [1, 'unknown'],
        [2, ending.outcome.kind],
      ]);
    }
  });

  /** As design.md 7 has it: lock the row, then update where pending. */
  async function cancel(id: NotificationId): Promise<void> {
    await inTransaction(world.dataSource, async (tx) => {
      await tx.query('SELECT FROM notifications WHERE id = $1 FOR NO KEY UPDATE', [id]);
      await tx.query(
        `UPDATE notifications SET state = 'cancelled', waiting_reason = NULL, next_attempt_at = NULL, finished_at = now()
          WHERE id = $1 AND state = 'pending'`,
        [id],
      );
    });
  }

  /** Rows that nobody took: a page passes over what is locked, and a claim does not come twice. */
  async function leftPending(ids: readonly NotificationId[], answers: readonly ClaimAnswer[]): Promise<number> {
    const courses = await Promise.all(ids.map((id) => world.course(id)));
    return courses.filter(({ state }, i) => state === 'pending' && answers[i]?.kind !== 'claimed').length;
  }
});
