import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeLostLeases } from '#audit/overdue';
import { AuditWorld, aClaimRequest, accepted, exhausted, failedOnce } from '../support/audit-world.js';

describe('claims', () => {
  let world: AuditWorld;

  beforeAll(async () => {
    world = await AuditWorld.open();
  });

  afterAll(async () => {
    await world?.close();
  });

  it('lets one of two records through, in one batch and in two batches at once', async () => {
    const ids = await Promise.all(Array.from({ length: 50 }, () => world.insert()));
    const answers = await Promise.all(
      ids.map((id) =>
        Promise.all([
          world.claims.open(aClaimRequest(id)),
          world.claims.open(aClaimRequest(id)),
          world.otherClaims.open(aClaimRequest(id)),
        ]),
      ),
    );
    for (const three of answers) expect(three.map(({ kind }) => kind).sort()).toEqual(['claimed', 'gone', 'gone']);
    const claims = await world.database.query('SELECT FROM claims WHERE notification_id = ANY($1::uuid[])', [ids]);
    expect(claims).toHaveLength(ids.length);
  });

  it('are given for the next number only, never for one that was made', async () => {
    const id = await world.insert();
    expect(await world.claims.open(aClaimRequest(id, { number: 2 }))).toEqual({ kind: 'gone' });
    await world.finish(await world.claim(id), failedOnce);
    await world.makeDue(id);
    expect(await world.claims.open(aClaimRequest(id, { number: 1 }))).toEqual({ kind: 'gone' });
    expect(await world.claim(id, 2)).toMatchObject({ number: 2, step: 1, trigger: 'auto' });
  });

  it('are not given early, and say how long to wait on the clock of Postgres', async () => {
    const id = await world.insert();
    await world.finish(await world.claim(id), failedOnce);
    const answer = await world.claims.open(aClaimRequest(id, { number: 2 }));
    expect(answer.kind).toBe('not-due');
    const { waitMs, dueMs } = answer as Extract<typeof answer, { kind: 'not-due' }>;
    expect(waitMs).toBeGreaterThan(3_500_000);
    expect(waitMs).toBeLessThanOrEqual(3_600_000);
    expect(dueMs).toBeGreaterThanOrEqual(Number((await world.course(id)).next_attempt_at));
    expect(await world.database.query('SELECT FROM claims WHERE notification_id = $1', [id])).toHaveLength(0);
  });

  it('are not given for what is sent, failed or cancelled', async () => {
    const ids = await Promise.all([world.insert(), world.insert(), world.insert()]);
    await world.finish(await world.claim(ids[0]), accepted);
    expect(await world.refuse(ids[1], 'ENDPOINT_DISABLED', 'off')).toBe(true);
    await cancel(ids[2]);
    for (const [i, number] of [2, 1, 1].entries())
      expect(await world.claims.open(aClaimRequest(ids[i] ?? ids[0], { number }))).toEqual({ kind: 'gone' });
  });

  it('once gone, take no late finish: nothing changes, and the attempt stays unknown', async () => {
    const id = await world.insert();
    const claim = await world.claim(id);
    await world.runOut(id);
    const lost = await closeLostLeases(world.dataSource, 100);
    expect(lost).toMatchObject([
      { notificationId: id, number: 1, delivery: { ask: { kind: 'attempt', number: 2 }, askedBy: 'sweep' } },
    ]);
    const before = await world.course(id);
    expect(await world.finish(claim, accepted)).toMatchObject({ recorded: false, retryDueMs: null });
    expect(await world.course(id)).toEqual(before);
    expect(before).toMatchObject({ state: 'pending', next_number: 2, attempt_count: 1, step: 0, unknown_in_row: 1 });
    expect(await world.history(id)).toEqual([[1, 'unknown']]);
  });

  it('take a late finish and the finish of the next attempt in one batch: only the second counts', async () => {
    const id = await world.insert();
    const late = await world.claim(id);
    await world.runOut(id);
    await closeLostLeases(world.dataSource, 100);
    const current = await world.claim(id, 2);
    const answers = await Promise.all([world.finish(late, exhausted), world.finish(current, accepted)]);
    expect(answers.map(({ recorded }) => recorded)).toEqual([false, true]);
    expect(await world.history(id)).toEqual([
      [1, 'unknown'],
      [2, 'accepted'],
    ]);
    expect(await world.course(id)).toMatchObject({ state: 'sent', attempt_count: 2, failure_reason: null });
  });

  it('finish once, whoever comes first: the finish or the sweep', async () => {
    const ids = await Promise.all(Array.from({ length: 30 }, () => world.insert()));
    const claims = await Promise.all(ids.map((id) => world.claim(id)));
    await Promise.all(ids.map((id) => world.runOut(id)));
    await Promise.all([
      ...claims.map((claim) => world.finish(claim, accepted)),
      closeLostLeases(world.dataSource, 100),
    ]);
    for (const id of ids) {
      const [[number, outcome] = [0, '']] = await world.history(id);
      expect([number, outcome]).toEqual([1, (await world.course(id)).state === 'sent' ? 'accepted' : 'unknown']);
      expect(await world.course(id)).toMatchObject({ attempt_count: 1, next_number: 2 });
    }
  });

  it('whose lease runs out three times in a row fail the notification LEASE_LOST; one finish in between starts anew', async () => {
    const id = await world.insert();
    const loseLease = async (number: number) => {
      await world.claim(id, number);
      await world.runOut(id);
      return closeLostLeases(world.dataSource, 100);
    };
    await loseLease(1);
    await loseLease(2);
    await world.finish(await world.claim(id, 3), failedOnce);
    await world.makeDue(id);
    await loseLease(4);
    await loseLease(5);
    expect(await world.course(id)).toMatchObject({ state: 'pending', step: 1, unknown_in_row: 2 });
    expect(await loseLease(6)).toMatchObject([{ number: 6, delivery: null }]);
    expect(await world.course(id)).toMatchObject({
      ...{ state: 'failed', failure_reason: 'LEASE_LOST', attempt_count: 6, step: 1 },
      ...{ waiting_reason: null, next_attempt_at: null },
    });
    expect((await world.course(id)).finished_at).toBeInstanceOf(Date);
  });

  it('in time are not touched by the sweep', async () => {
    const id = await world.insert();
    await world.claim(id);
    expect(await closeLostLeases(world.dataSource, 100)).toEqual([]);
    expect(await world.history(id)).toEqual([]);
  });

  it('keep a hold away, and a hold wins once', async () => {
    const [held, claimed] = await Promise.all([world.insert(), world.insert()]);
    const hold = (id: typeof held, number = 1) =>
      world.holds.hold({ notificationId: id, number, reason: 'ENDPOINT_FULL', delayMs: 60_000 });
    await world.claim(claimed);
    expect(await hold(claimed)).toBeNull();
    expect(await hold(held, 2)).toBeNull();
    const won = (await Promise.all([hold(held), hold(held), hold(held)])).filter((dueMs) => dueMs !== null);
    expect(won).toHaveLength(1);
    expect(await world.course(held)).toMatchObject({
      ...{ state: 'pending', waiting_reason: 'ENDPOINT_FULL', next_number: 1, step: 0, attempt_count: 0 },
    });
    expect((await world.claims.open(aClaimRequest(held))).kind).toBe('not-due');
  });

  it('of a cancelled notification: accepted makes it sent, any other end leaves it cancelled', async () => {
    const [seen, refused] = await Promise.all([world.insert(), world.insert()]);
    const [first, second] = await Promise.all([world.claim(seen), world.claim(refused)]);
    await cancel(seen);
    await cancel(refused);
    expect(await world.finish(first, accepted)).toMatchObject({ recorded: true, retryDueMs: null });
    expect(await world.finish(second, failedOnce)).toMatchObject({ recorded: true, retryDueMs: null });
    expect(await world.course(seen)).toMatchObject({ state: 'sent', attempt_count: 1 });
    expect(await world.course(refused)).toMatchObject({ state: 'cancelled', attempt_count: 1, next_attempt_at: null });
  });

  /** As design.md 7 has it: lock the row, then update where pending. */
  async function cancel(id: Awaited<ReturnType<AuditWorld['insert']>>): Promise<void> {
    await world.database.query(
      `UPDATE notifications SET state = 'cancelled', waiting_reason = NULL, next_attempt_at = NULL, finished_at = now()
        WHERE id = $1 AND state = 'pending'`,
      [id],
    );
  }
});
