import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AttemptBatcher } from '#audit/attempt-batcher';
import type { AttemptStore } from '#audit/attempts';
import type { Claim, ClaimAnswer } from '#audit/claims';
import { requestResend } from '#audit/resend-items';
import { systemClock } from '#domain/clock';
import type { NotificationId, TenantId } from '#domain/ids';
import { createDataSource } from '#postgres/data-source';
import { createLog } from '#telemetry/log';
import {
  AuditWorld,
  aClaimRequest,
  accepted,
  aResendClaim,
  type Ending,
  exhausted,
  failedOnce,
} from '../support/audit-world.js';
import { createTestDatabase } from '../support/test-database.js';

/** More than an `integer` of Postgres takes. */
const tooLarge = 3_000_000_000;

describe('claims and finishes of one batch', () => {
  let world: AuditWorld;

  beforeAll(async () => {
    world = await AuditWorld.open();
  });

  afterAll(async () => {
    await world?.close();
  });

  it('are finished first: the next attempt is claimed in the batch that ends the one before, the same one is not', async () => {
    const id = await world.insert();
    const claim = await world.claim(id);
    const [next, same, finished] = await Promise.all([
      world.claims.open(aClaimRequest(id, { number: 2 })),
      world.claims.open(aClaimRequest(id, { number: 1 })),
      world.finish(claim, dueAgain),
    ]);
    expect([next.kind, same.kind]).toEqual(['claimed', 'gone']);
    expect(finished).toMatchObject({ recorded: true, nextNumber: 2 });
    expect(await world.history(id)).toEqual([[1, 'failed']]);
  });

  it('give a re-send item its claim once the attempt before has ended', async () => {
    const id = await world.insert();
    const claim = await world.claim(id);
    const who = { tenantId: 'acme' as TenantId, principal: 'ann', reason: null, requestId: 'once' };
    const { id: item } = await requestResend(world.dataSource, { ...who, notificationId: id });
    expect((await world.claims.open(aResendClaim(id, item))).kind).toBe('gone');
    const [, manual, twice] = await Promise.all([
      world.finish(claim, exhausted),
      world.claims.open(aResendClaim(id, item)),
      world.claims.open(aResendClaim(id, item)),
    ]);
    expect(manual).toMatchObject({ kind: 'claimed', claim: { number: 2, trigger: 'manual' } });
    expect(twice.kind).toBe('gone');
    const state = () => world.database.query('SELECT state, number FROM resend_job_items WHERE id = $1', [item]);
    expect(await state()).toEqual([{ state: 'claimed', number: 2 }]);
    if (manual.kind === 'claimed') await world.finish(manual.claim, accepted);
    expect(await state()).toEqual([{ state: 'done', number: 2 }]);
  });

  it('do not suffer for one that Postgres refuses, be it a finish or a claim', async () => {
    const ids = await Promise.all(Array.from({ length: 40 }, () => world.insert()));
    const claims = await Promise.all(ids.slice(0, 20).map((id) => world.claim(id)));
    const outcomes = await Promise.allSettled([
      ...claims.map((claim, i) => finish(world.attempts, claim, accepted, i === 7 ? tooLarge : 200)),
      ...ids.slice(20).map((id, i) => world.claims.open(aClaimRequest(id, i === 13 ? { urlVersion: tooLarge } : {}))),
    ]);
    expect(outcomes.flatMap(({ status }, i) => (status === 'rejected' ? [i] : []))).toEqual([7, 33]);
    for (const [i, outcome] of outcomes.entries())
      if (outcome.status === 'fulfilled')
        expect(outcome.value).toMatchObject(i < 20 ? { recorded: true } : { kind: 'claimed' });
    expect(await world.course(ids[7] as NotificationId)).toMatchObject({ state: 'pending', attempt_count: 0 });
  });

  it('read the rows they are about and no others, although planned while the tables were empty', async () => {
    const database = await createTestDatabase();
    const pool = { url: database.url, poolMax: 1, applicationName: 'hookline.test', pinnedPlans: true };
    const session = createDataSource(pool);
    await session.initialize();
    const deps = {
      clock: systemClock,
      log: createLog({ app: 'test', level: 'error' }),
      signal: new AbortController().signal,
    };
    const own = new AttemptBatcher(session, deps);
    const rowsRead = async () => {
      await session.query('SELECT pg_stat_force_next_flush()');
      const [row] = await session.query(
        'SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) AS rows FROM pg_stat_user_tables',
      );
      return Number(row.rows);
    };
    const [known] = await Promise.all([world.insert()]);
    const absent = await world.claim(known);
    expect(await Promise.all([finish(own, absent), own.open(aClaimRequest(known))])).toMatchObject([
      { recorded: false },
      { kind: 'gone' },
    ]);
    const ids = await session.query(manyNotifications);
    await session.query(manyClaims);
    const before = await rowsRead();
    const answers = await Promise.all(
      ids.slice(0, 50).map(({ id }: { id: NotificationId }) => own.open(aClaimRequest(id))),
    );
    for (const { claim } of answers) expect((await finish(own, claim)).recorded).toBe(true);
    expect((await rowsRead()) - before).toBeLessThan(50 * 20);
    await session.destroy();
    await database.drop();
  });

  it('of two dispatchers, each about what the other finishes, never wait for each other', async () => {
    const ids = await Promise.all(Array.from({ length: 200 }, () => world.insert()));
    const lines: string[] = [];
    const log = createLog({ app: 'test', level: 'warn', sink: { write: (line) => lines.push(line) } });
    const deps = { clock: systemClock, log, signal: new AbortController().signal };
    const dispatchers = [
      new AttemptBatcher(world.dataSource, deps),
      new AttemptBatcher(world.dataSource, deps),
    ] as const;
    let number = 0;
    const claimAll = (of: AttemptBatcher, asked: readonly NotificationId[]) =>
      Promise.all(asked.map((id) => of.open(aClaimRequest(id, { number }))));
    const owners = fc.array(fc.boolean(), { minLength: ids.length, maxLength: ids.length });
    const holds = fc.asyncProperty(owners, async (isFirsts) => {
      number++;
      const own = dispatchers.map((of, d) => ({ of, ids: ids.filter((_, i) => isFirsts[i] === (d === 0)) }));
      const given = await Promise.all(own.map(({ of, ids: asked }) => claimAll(of, asked)));
      const finished = own.map(({ of }, d) => given[d]?.map((answer) => finish(of, claimOf(answer), dueAgain)) ?? []);
      const others = await Promise.all(
        own.toReversed().map(({ ids: asked }, d) => claimAll(dispatchers[d as 0 | 1], asked)),
      );
      expect(others.flat().every(({ kind }) => kind === 'gone')).toBe(true);
      for (const { recorded } of await Promise.all(finished.flat())) expect(recorded).toBe(true);
    });
    await fc.assert(holds, { numRuns: 30, endOnFailure: true });
    expect(lines).toEqual([]);
  });
});

function claimOf(answer: ClaimAnswer): Claim {
  if (answer.kind !== 'claimed') throw new Error(`the claim was not given: ${JSON.stringify(answer)}`);
  return answer.claim;
}

/** 500, and due again at once. */
const dueAgain: Ending = { outcome: failedOnce.outcome, next: { kind: 'retry', delayMs: 0, step: 1 } };

function finish(attempts: AttemptStore, claim: Claim, { outcome, next } = accepted, httpStatus = 200) {
  const report = { outcome, httpStatus, durationMs: 5, responseBody: Buffer.alloc(0), responseBytes: 0 };
  return attempts.finish({ claim, report, next });
}

const manyNotifications = `
  INSERT INTO notifications (id, tenant_id, event_source, event_id, event_type, template_id, template_version, endpoint_id,
    state, waiting_reason, next_attempt_at, source_topic, source_partition, source_offset)
  SELECT (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint), 12, '0') || '7' || substr(md5(i::text), 1, 3) || '8'
          || substr(md5(i::text), 4, 15))::uuid,
         'acme', '/s', i::text, 't', 'a', 1, 'b', 'pending', 'READY', now(), 'events', 0, i
    FROM generate_series(1, 5000) i RETURNING id`;
/** Of every notification but the first hundred. */
const manyClaims = `
  INSERT INTO claims (notification_id, number, trigger, asked_by, url, endpoint_version, lease_until)
  SELECT id, 1, 'auto', 'renderer', 'https://x.example.com', 1, now() + interval '1 hour'
    FROM notifications WHERE source_offset > 100`;
