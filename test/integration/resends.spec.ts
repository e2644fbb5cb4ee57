import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeLostLeases, findRequestedItems, markAsked } from '#audit/overdue';
import { refuseResendItem, requestResend } from '#audit/resend-items';
import type { NotificationId, ResendItemId, TenantId } from '#domain/ids';
import { AuditWorld, aClaimRequest, accepted, aResendClaim, exhausted, failedOnce } from '../support/audit-world.js';

describe('re-sends', () => {
  let world: AuditWorld;

  beforeAll(async () => {
    world = await AuditWorld.open();
  });

  afterAll(async () => {
    await world?.close();
  });

  async function resend(notificationId: NotificationId, requestId: string = randomUUID()) {
    const who = { tenantId: 'acme' as TenantId, principal: 'ann', reason: 'asked by the client' };
    return requestResend(world.dataSource, { notificationId, requestId, ...who });
  }

  async function claimManual(id: NotificationId, item: ResendItemId) {
    const answer = await world.claims.open(aResendClaim(id, item));
    if (answer.kind !== 'claimed') throw new Error(`the manual claim was not given: ${JSON.stringify(answer)}`);
    return answer.claim;
  }

  async function itemState(item: ResendItemId): Promise<string | undefined> {
    const [row] = await world.database.query<{ state: string }>('SELECT state FROM resend_job_items WHERE id = $1', [
      item,
    ]);
    return row?.state;
  }

  it('with one request id are one item and one line of the operator log, however often they are asked', async () => {
    const id = await world.insert();
    const first = await resend(id, 'r-1');
    const again = await resend(id, 'r-1');
    expect(first.isNew).toBe(true);
    expect(again).toEqual({ ...first, isNew: false });
    const log = await world.database.query(
      `SELECT tenant_id, principal, action, target, reason FROM operator_log WHERE request_id = 'r-1'`,
    );
    expect(log).toEqual([
      {
        tenant_id: 'acme',
        principal: 'ann',
        action: 'notifications.resend',
        target: `tenants/acme/notifications/${id}`,
        reason: 'asked by the client',
      },
    ]);
  });

  it.each(['failed', 'cancelled', 'sent'] as const)('accepted makes a %s notification sent', async (state) => {
    const id = await world.insert();
    if (state === 'sent') await world.finish(await world.claim(id), accepted);
    if (state === 'failed') await world.refuse(id, 'ENDPOINT_DISABLED', 'switched off');
    if (state === 'cancelled')
      await world.database.query(
        `UPDATE notifications SET state = 'cancelled', next_attempt_at = NULL, waiting_reason = NULL WHERE id = $1`,
        [id],
      );
    const { id: item } = await resend(id);
    const claim = await claimManual(id, item);
    expect(claim).toMatchObject({ trigger: 'manual', number: state === 'sent' ? 2 : 1 });
    await world.finish(claim, accepted);
    expect(await world.course(id)).toMatchObject({ state: 'sent', failure_reason: null, next_attempt_at: null });
    expect(await itemState(item)).toBe('done');
    const [attempt] = await world.database.query(
      'SELECT trigger, asked_by, requested_by FROM v1_attempts WHERE notification_id = $1 AND number = $2',
      [id, claim.number],
    );
    expect(attempt).toEqual({ trigger: 'manual', asked_by: 'admin', requested_by: 'ann' });
  });

  it('that fail leave a failed notification as it was, with its reason, and count', async () => {
    const id = await world.insert();
    await world.finish(await world.claim(id), exhausted);
    const before = await world.course(id);
    const { id: item } = await resend(id);
    const answer = await world.finish(await claimManual(id, item), failedOnce);
    expect(answer).toMatchObject({ recorded: true, retryDueMs: null });
    const { next_number, attempt_count, ...rest } = await world.course(id);
    expect({ next_number, attempt_count }).toEqual({ next_number: 3, attempt_count: 2 });
    expect(before).toMatchObject(rest);
    expect(await itemState(item)).toBe('done');
  });

  it('that fail leave a sent notification sent, and count', async () => {
    const id = await world.insert();
    await world.finish(await world.claim(id), accepted);
    const before = await world.course(id);
    const { id: item } = await resend(id);
    const answer = await world.finish(await claimManual(id, item), exhausted);
    expect(answer).toMatchObject({ recorded: true, retryDueMs: null });
    expect(await world.course(id)).toEqual({ ...before, next_number: 3, attempt_count: 2 });
    expect(await world.history(id)).toEqual([
      [1, 'accepted'],
      [2, 'failed'],
    ]);
    expect(await itemState(item)).toBe('done');
  });

  it('of a pending notification take no step and leave its time, and the series goes on with the new number', async () => {
    const id = await world.insert();
    await world.finish(await world.claim(id), failedOnce);
    const before = await world.course(id);
    const { id: item } = await resend(id);
    const answer = await world.finish(await claimManual(id, item), {
      ...failedOnce,
      next: { kind: 'retry', delayMs: 1, step: 9 },
    });
    const after = await world.course(id);
    expect(after).toMatchObject({ state: 'pending', step: 1, next_number: 3, waiting_reason: 'RETRY_SCHEDULED' });
    expect(after.next_attempt_at).toEqual(before.next_attempt_at);
    expect(answer.nextNumber).toBe(3);
    expect(answer.retryDueMs).toBeGreaterThanOrEqual(Number(before.next_attempt_at));
    await world.makeDue(id);
    expect(await world.claims.open(aClaimRequest(id, { number: 2 }))).toEqual({ kind: 'gone' });
    expect(await world.claim(id, 3)).toMatchObject({ number: 3, step: 1, trigger: 'auto' });
  });

  it('that fail leave what is held as a row alone: no record of it is written', async () => {
    const id = await world.insert();
    await world.holds.hold({ notificationId: id, number: 1, reason: 'CIRCUIT_OPEN', delayMs: 86_400_000 });
    const before = await world.course(id);
    const { id: item } = await resend(id);
    const answer = await world.finish(await claimManual(id, item), failedOnce);
    expect(answer).toMatchObject({ recorded: true, retryDueMs: null, nextNumber: 2 });
    expect(await world.course(id)).toEqual({ ...before, next_number: 2, attempt_count: 1 });
  });

  it('stay requested while another claim is open, and are asked again', async () => {
    const id = await world.insert();
    const claim = await world.claim(id);
    const { id: item } = await resend(id);
    expect(await world.claims.open(aResendClaim(id, item))).toEqual({ kind: 'gone' });
    expect(await itemState(item)).toBe('requested');
    const asked = async (graceMs: number) =>
      (await findRequestedItems(world.dataSource, { graceMs, rowsMax: 100, after: null })).deliveries;
    const found = await asked(0);
    const delivery = found.map((one) => one.delivery).find(({ notificationId }) => notificationId === id);
    expect(delivery).toMatchObject({ ask: { kind: 'resend', item }, askedBy: 'admin', content: null });
    if (delivery !== undefined) await markAsked(world.dataSource, [delivery]);
    expect((await asked(60_000)).map((one) => one.delivery.notificationId)).not.toContain(id);
    await world.finish(claim, accepted);
    expect(await claimManual(id, item)).toMatchObject({ number: 2 });
  });

  it('of one item are claimed once, in one batch and in two at once', async () => {
    const id = await world.insert();
    await world.finish(await world.claim(id), exhausted);
    const { id: item } = await resend(id);
    const answers = await Promise.all([
      world.claims.open(aResendClaim(id, item)),
      world.claims.open(aResendClaim(id, item)),
      world.otherClaims.open(aResendClaim(id, item)),
    ]);
    expect(answers.map(({ kind }) => kind).sort()).toEqual(['claimed', 'gone', 'gone']);
    expect(await itemState(item)).toBe('claimed');
  });

  it('of two items of one notification are claimed one after the other', async () => {
    const id = await world.insert();
    await world.finish(await world.claim(id), exhausted);
    const items = [await resend(id), await resend(id)];
    const answers = await Promise.all(items.map((item) => world.claims.open(aResendClaim(id, item.id))));
    const won = answers.findIndex(({ kind }) => kind === 'claimed');
    expect(answers.map(({ kind }) => kind).sort()).toEqual(['claimed', 'gone']);
    const answer = answers[won];
    if (answer?.kind === 'claimed') await world.finish(answer.claim, failedOnce);
    const other = items[1 - won];
    if (other !== undefined) expect(await claimManual(id, other.id)).toMatchObject({ number: 3 });
  });

  it('whose lease ran out are requested again, and a pending series keeps its time, its step and what it waits for', async () => {
    const id = await world.insert();
    await world.finish(await world.claim(id), failedOnce);
    const before = await world.course(id);
    const { id: item } = await resend(id);
    await claimManual(id, item);
    await world.runOut(id);
    await closeLostLeases(world.dataSource, 100);
    expect(await itemState(item)).toBe('requested');
    expect(await world.course(id)).toMatchObject({
      ...{ state: 'pending', step: 1, next_number: 3, waiting_reason: 'RETRY_SCHEDULED' },
      next_attempt_at: before.next_attempt_at,
    });
  });

  it('of a notification without payload are not taken, and not claimed', async () => {
    const none = await world.insert({ content: null, failureReason: 'TEMPLATE_ERROR', failureDetail: 'x' });
    await expect(resend(none)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    const id = await world.insert();
    const { id: item } = await resend(id);
    await world.database.query('UPDATE notifications SET payload_sha256 = NULL WHERE id = $1', [id]);
    expect(await world.claims.open(aResendClaim(id, item))).toEqual({ kind: 'gone' });
  });

  it('that are refused end cancelled, once', async () => {
    const id = await world.insert();
    const { id: item } = await resend(id);
    await refuseResendItem(world.dataSource, item);
    await refuseResendItem(world.dataSource, item);
    expect(await itemState(item)).toBe('cancelled');
    expect(await world.claims.open(aResendClaim(id, item))).toEqual({ kind: 'gone' });
  });
});
