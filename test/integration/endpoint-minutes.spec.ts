import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AttemptBatcher } from '#audit/attempt-batcher';
import type { Claim } from '#audit/claims';
import { durationBoundsMs, readEndpointMinutes } from '#audit/endpoint-minutes';
import { closeLostLeases } from '#audit/overdue';
import { requestResend } from '#audit/resend-items';
import type { AttemptOutcome, AttemptReport } from '#domain/attempt';
import { systemClock } from '#domain/clock';
import type { EndpointId, NotificationId, TenantId } from '#domain/ids';
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

const tenantId = 'acme' as TenantId;
const minuteMs = 60_000;
const gone: Ending = { outcome: { kind: 'gone' }, next: { kind: 'failed', reason: 'GONE' } };
const counts = ['accepted', 'gone', 'failed', 'unknown', 'first', 'retry', 'manual'] as const;

describe('the minutes of endpoints', () => {
  let world: AuditWorld;
  let made = 0;

  beforeAll(async () => {
    world = await AuditWorld.open();
  });

  afterAll(async () => {
    await world?.close();
  });

  const anEndpoint = () => `endpoint-${made++}` as EndpointId;

  function countedOf() {
    return world.database.query(
      `SELECT tenant_id, endpoint_id, minute, ${counts.map((name) => `${name}::int`).join(', ')}, duration_ms::int,
              durations::int[] FROM v1_endpoint_minutes ORDER BY tenant_id, endpoint_id, minute`,
    );
  }

  /** The same, made of every attempt there is. */
  function historyOf() {
    const those = (where: string) => `(count(*) FILTER (WHERE ${where}))::int`;
    const answered = `(a.http_status IS NOT NULL OR a.failure_reason = 'TIMEOUT')`;
    const bounds = [0, ...durationBoundsMs, 2 ** 31 - 1];
    const buckets = bounds
      .slice(1)
      .map((bound, i) => those(`${answered} AND a.duration_ms >= ${bounds[i]} AND a.duration_ms < ${bound}`));
    return world.database.query(
      `SELECT n.tenant_id, n.endpoint_id, date_trunc('minute', a.finished_at) AS minute,
              ${['accepted', 'gone', 'failed', 'unknown'].map((one) => `${those(`a.outcome = '${one}'`)} AS ${one}`).join(', ')},
              ${those(`a.trigger = 'auto' AND a.number = 1`)} AS first,
              ${those(`a.trigger = 'auto' AND a.number > 1`)} AS retry, ${those(`a.trigger = 'manual'`)} AS manual,
              coalesce(sum(a.duration_ms) FILTER (WHERE ${answered}), 0)::int AS duration_ms,
              ARRAY[${buckets.join(', ')}] AS durations
         FROM attempts a JOIN notifications n ON n.id = a.notification_id
        GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
    );
  }

  /** What is counted of an endpoint, over all of its minutes. */
  async function totalOf(endpointId: EndpointId) {
    const [row] = await world.database.query<Record<(typeof counts)[number], number>>(
      `SELECT ${counts.map((name) => `sum(${name})::int AS ${name}`).join(', ')}
         FROM v1_endpoint_minutes WHERE endpoint_id = $1 HAVING count(*) > 0`,
      [endpointId],
    );
    return row ?? null;
  }

  const none = { accepted: 0, gone: 0, failed: 0, unknown: 0, first: 0, retry: 0, manual: 0 };

  it('count what ended by its outcome, and who asked for it', async () => {
    const endpointId = anEndpoint();
    const [sent, retried, over, goneFor] = await Promise.all([
      world.insert({ endpointId }),
      world.insert({ endpointId }),
      world.insert({ endpointId }),
      world.insert({ endpointId }),
    ]);
    await world.finish(await world.claim(sent), accepted);
    await world.finish(await world.claim(retried), failedOnce);
    await world.makeDue(retried);
    await world.finish(await world.claim(retried, 2), accepted);
    await world.finish(await world.claim(over), exhausted);
    await world.finish(await world.claim(goneFor), gone);
    const who = { tenantId, principal: 'ann', reason: 'asked' };
    const { id: item } = await requestResend(world.dataSource, { notificationId: over, requestId: 'r-1', ...who });
    const manual = await world.claims.open(aResendClaim(over, item));
    if (manual.kind !== 'claimed') throw new Error('the manual claim was not given');
    await world.finish(manual.claim, accepted);
    expect(await totalOf(endpointId)).toEqual({
      ...none,
      ...{ accepted: 3, failed: 2, gone: 1, first: 4, retry: 1, manual: 1 },
    });
  });

  it('count an attempt once, however often its finish is repeated', async () => {
    const endpointId = anEndpoint();
    const claim = await world.claim(await world.insert({ endpointId }));
    const [first, ...others] = [await world.finish(claim, accepted), await world.finish(claim, accepted)];
    expect(first?.recorded).toBe(true);
    expect(others[0]?.recorded).toBe(false);
    expect(await totalOf(endpointId)).toEqual({ ...none, accepted: 1, first: 1 });
  });

  it('count nothing of a batch that is rolled back, and all of it once when it is repeated', async () => {
    const endpointId = anEndpoint();
    const claims = await claimMany(endpointId, 3);
    await world.database.query(`ALTER TABLE endpoint_minutes ADD CONSTRAINT away CHECK (accepted < 0) NOT VALID`);
    const finishes = claims.map((claim) => world.finish(claim, accepted).catch((error: unknown) => error));
    for (const failure of await Promise.all(finishes)) expect(failure).toMatchObject({ code: 'STORE_REFUSED' });
    expect(await totalOf(endpointId)).toBeNull();
    await world.database.query('ALTER TABLE endpoint_minutes DROP CONSTRAINT away');
    await Promise.all(claims.map((claim) => world.finish(claim, accepted)));
    expect(await totalOf(endpointId)).toEqual({ ...none, accepted: 3, first: 3 });
  });

  it('count a lost lease as unknown when it is found, and nothing more of its late end', async () => {
    const endpointId = anEndpoint();
    const id = await world.insert({ endpointId });
    const claim = await world.claim(id);
    await world.runOut(id);
    await closeLostLeases(world.dataSource, 100);
    await closeLostLeases(world.dataSource, 100);
    expect(await world.finish(claim, accepted)).toMatchObject({ recorded: false });
    expect(await totalOf(endpointId)).toEqual({ ...none, unknown: 1, first: 1 });
  });

  it('count nothing of what fails without an attempt', async () => {
    const endpointId = anEndpoint();
    await world.refuse(await world.insert({ endpointId }), 'ENDPOINT_DISABLED', 'switched off');
    expect(await totalOf(endpointId)).toBeNull();
  });

  it('tell how long those took that were answered or timed out: each bound begins the next of them', async () => {
    const endpointId = anEndpoint();
    const edges = [0, ...durationBoundsMs.flatMap((bound) => [bound - 1, bound]), 3_600_000];
    const claims = await claimMany(endpointId, edges.length + 3);
    const timedOut: AttemptOutcome = { kind: 'failed', reason: 'TIMEOUT' };
    const refused: AttemptOutcome = { kind: 'failed', reason: 'CONNECT' };
    const ends: Pick<AttemptReport, 'outcome' | 'httpStatus' | 'durationMs'>[] = [
      ...edges.map((durationMs) => ({ outcome: { kind: 'accepted' } as const, httpStatus: 200, durationMs })),
      { outcome: timedOut, durationMs: 15_000 },
      { outcome: refused, durationMs: 1 },
      { outcome: { kind: 'failed', reason: 'PAYLOAD_ERASED' }, durationMs: 0 },
    ];
    await Promise.all(claims.map((claim, i) => finishAs(claim, ends[i])));
    const [row] = await readEndpointMinutes(world.dataSource, aboutNow(endpointId));
    // 0 and 4 ms in the first, two of each other, and 30 s with an hour in the last; the time-out is in that from 15 s on.
    expect(row?.durations).toEqual([2, ...durationBoundsMs.slice(1).map((bound) => (bound === 30_000 ? 3 : 2)), 2]);
    expect(row).toMatchObject({ accepted: edges.length, failed: 3 });
    expect(row?.durationMs).toBe(edges.reduce((sum, ms) => sum + ms, 15_000));
  });

  it('are right when dispatchers finish for the same endpoints at once, in whatever order', async () => {
    const endpoints = Array.from({ length: 7 }, anEndpoint);
    const log = createLog({ app: 'test', level: 'error' });
    const deps = { clock: systemClock, log, signal: new AbortController().signal };
    const dispatchers = Array.from({ length: 3 }, () => new AttemptBatcher(world.dataSource, deps));
    const finishAll = async (dispatcher: AttemptBatcher, order: readonly EndpointId[]) => {
      for (let round = 0; round < 10; round++)
        await Promise.all(
          order.map(async (endpointId) => {
            const id = await world.insert({ endpointId });
            const answer = await dispatcher.open(aClaimRequest(id));
            if (answer.kind !== 'claimed') throw new Error('the claim was not given');
            const report = {
              outcome: accepted.outcome,
              durationMs: 5,
              responseBody: Buffer.alloc(0),
              responseBytes: 0,
            };
            await dispatcher.finish({ claim: answer.claim, report, next: accepted.next });
          }),
        );
    };
    await Promise.all(dispatchers.map((one, i) => finishAll(one, i === 1 ? endpoints.toReversed() : endpoints)));
    for (const endpointId of endpoints) expect(await totalOf(endpointId)).toEqual({ ...none, accepted: 30, first: 30 });
  });

  it('stay small however often a row changes: its versions are updated on their page', async () => {
    const endpointId = anEndpoint();
    const sizeOf = async () => {
      const [row] = await world.database.query<{ bytes: number }>(
        `SELECT pg_relation_size('endpoint_minutes')::int AS bytes`,
      );
      return row?.bytes ?? 0;
    };
    const before = await sizeOf();
    for (let n = 0; n < 200; n++) await world.finish(await world.claim(await world.insert({ endpointId })), accepted);
    expect(await totalOf(endpointId)).toEqual({ ...none, accepted: 200, first: 200 });
    expect((await sizeOf()) - before).toBeLessThanOrEqual(2 * 8_192);
  });

  it('are read by endpoint and by steps of minutes, and no others', async () => {
    const [one, two] = [anEndpoint(), anEndpoint()];
    const fromMs = Math.floor(Date.now() / minuteMs) * minuteMs - 3_600_000;
    const insert = (endpointId: EndpointId, minute: number, slot: number, count: number) =>
      world.database.query(
        `INSERT INTO endpoint_minutes (tenant_id, endpoint_id, minute, slot, accepted, first, d0, duration_ms)
         VALUES ($1, $2, to_timestamp($3::float8 / 1000), $4, $5::int, $5, $5, $5)`,
        ['other', endpointId, fromMs + minute * minuteMs, slot, count],
      );
    for (const [minute, slot, count] of [
      [-1, 0, 100],
      [0, 0, 1],
      [0, 1, 2],
      [4, 0, 3],
      [5, 0, 4],
      [10, 0, 50],
    ] as const)
      await insert(one, minute, slot, count);
    await insert(two, 9, 0, 7);
    const query = { tenantId: 'other' as TenantId, endpointId: null, fromMs, toMs: fromMs + 10 * minuteMs };
    const read = async (of: { endpointId: EndpointId | null; rowsMax: number }) =>
      (await readEndpointMinutes(world.dataSource, { ...query, stepMinutes: 5, ...of })).map((row) => [
        ...[row.endpointId, (row.fromMs - fromMs) / minuteMs, row.accepted, row.durations[0]],
      ]);
    expect(await read({ endpointId: null, rowsMax: 10 })).toEqual([
      [one, 0, 6, 6],
      [one, 5, 4, 4],
      [two, 5, 7, 7],
    ]);
    expect(await read({ endpointId: two, rowsMax: 10 })).toEqual([[two, 5, 7, 7]]);
    expect(await read({ endpointId: null, rowsMax: 1 })).toHaveLength(1);
    await world.database.query(`DELETE FROM endpoint_minutes WHERE tenant_id = 'other'`);
  });

  it('say what the history says, whatever was done before', async () => {
    const counted = await countedOf();
    expect(counted.length).toBeGreaterThan(10);
    expect(counted).toEqual(await historyOf());
  });

  function aboutNow(endpointId: EndpointId) {
    const nowMs = Date.now();
    return { tenantId, endpointId, fromMs: nowMs - 3_600_000, toMs: nowMs + 3_600_000, stepMinutes: 120, rowsMax: 10 };
  }

  async function claimMany(endpointId: EndpointId, count: number): Promise<readonly Claim[]> {
    const ids: readonly NotificationId[] = await Promise.all(
      Array.from({ length: count }, () => world.insert({ endpointId })),
    );
    return Promise.all(ids.map((id) => world.claim(id)));
  }

  function finishAs(claim: Claim, end: Pick<AttemptReport, 'outcome' | 'httpStatus' | 'durationMs'> | undefined) {
    if (end === undefined) throw new Error('there is no end for it');
    const report = { ...end, responseBody: Buffer.alloc(0), responseBytes: 0 };
    return world.attempts.finish({ claim, report, next: { kind: 'failed', reason: 'EXHAUSTED' } });
  }
});
