import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { moveFromDefault } from '#audit/default-rows';
import { attachedTables, ensurePartitions, oldestPartitionMs, type TablePartition } from '#audit/partitions';
import { type ResendRequest, requestResend } from '#audit/resend-items';
import { dropPartition, judgePartitions } from '#audit/retention';
import type { NotificationId, TenantId } from '#domain/ids';
import { notificationId } from '#domain/notification-id';
import { leastIdOf, partitionName, type Retention, widestRangeOf } from '#domain/table-partition';
import { createDataSource, type DataSource } from '#postgres/data-source';
import { dutyLocks, withDutyLock } from '#postgres/locks';
import { inTransaction } from '#postgres/transaction';
import { dropPartitions } from '../../apps/retry-scheduler/src/drop-partitions.js';
import { AuditWorld, accepted, aNotification, aResendClaim, exhausted } from '../support/audit-world.js';
import { daysAgo, insertOn, keptLog, type Line, linesOf, makeDay, placeOf } from '../support/old-days.js';
import { until } from '../support/until.js';

const dayMs = 86_400_000;
const retention = { payloadMs: 30 * dayMs, notificationMs: 400 * dayMs, repeatMs: 0 };
const parents = ['notifications', 'notification_payloads', 'attempts'] as const;

describe('retention', () => {
  let world: AuditWorld;
  /** The admin's connections, beside those of the duty. */
  let otherStore: DataSource;
  let nextDay = 500;

  beforeAll(async () => {
    world = await AuditWorld.open();
    otherStore = createDataSource({ url: world.database.url, poolMax: 2, applicationName: 'hookline.test' });
    await otherStore.initialize();
  });

  afterAll(async () => {
    await otherStore?.destroy();
    await world?.close();
  });

  /** A day in a week of its own, longer ago than everything is kept, with one pending notification. */
  async function anOldDay(): Promise<{ readonly firstMs: number; readonly id: NotificationId }> {
    const firstMs = daysAgo(nextDay);
    nextDay += 7;
    await makeDay(world, firstMs);
    return { firstMs, id: await insertOn(world, firstMs) };
  }

  async function attached(): Promise<readonly string[]> {
    const rows = await world.database.query<{ name: string }>(
      `SELECT relname AS name FROM pg_inherits JOIN pg_class ON oid = inhrelid WHERE inhparent::regclass::text = ANY($1)`,
      [parents],
    );
    return rows.map(({ name }) => name);
  }

  const wishOf = (of: NotificationId): ResendRequest => ({
    ...{ tenantId: 'acme' as TenantId, notificationId: of, requestId: randomUUID(), principal: 'ann', reason: null },
  });

  /** The only partition of a table that is to be dropped. */
  async function dueOf(table: (typeof parents)[number]): Promise<TablePartition> {
    const judged = await judgePartitions(world.dataSource, retention);
    const found = judged.find(({ partition, judgement }) => judgement.kind === 'over' && partition.table === table);
    if (found === undefined) throw new Error(`no partition of ${table} is due`);
    return found.partition;
  }

  async function lockRows(where: string, table: string): Promise<number> {
    const statement = `SELECT FROM pg_locks WHERE relation = $1::regclass AND ${where}`;
    return (await world.database.query(statement, [table])).length;
  }

  const isLockedAway = async (table: string) => (await lockRows("granted AND mode = 'AccessExclusiveLock'", table)) > 0;
  const isWaiting = async (table: string) => (await lockRows('NOT granted', table)) > 0;

  const namesOf = (firstMs: number) => parents.map((parent) => placeOf(parent, firstMs));

  async function round(
    mode: 'on' | 'dry-run' = 'on',
    store: DataSource = world.dataSource,
    kept: Retention = retention,
  ): Promise<readonly Line[]> {
    const { log, lines } = keptLog();
    await dropPartitions({
      mode,
      judge: () => judgePartitions(store, kept),
      drop: (partition) => dropPartition(store, partition, kept),
      clock: { wait: () => Promise.resolve() },
      signal: new AbortController().signal,
      log,
    });
    return lines;
  }

  const droppedOf = (lines: readonly Line[]) => linesOf(lines, 'partition.dropped').map(({ partition }) => partition);
  const keptOf = (lines: readonly Line[], firstMs: number) =>
    linesOf(lines, 'partition.kept')
      .filter(({ partition = '' }) => namesOf(firstMs).includes(partition))
      .map(({ partition, cause, inUse }) => ({ partition, cause, ...(inUse === undefined ? {} : { inUse }) }));

  it('drops payloads sooner than notifications and attempts, and nothing that is younger', async () => {
    const [young, forty] = [daysAgo(8), daysAgo(40)];
    await makeDay(world, forty);
    const [ofYoung, ofForty] = [await insertOn(world, young), await insertOn(world, forty)];
    const { firstMs, id } = await anOldDay();
    for (const one of [ofYoung, ofForty, id]) await world.finish(await world.claim(one), accepted);
    const lines = await round();
    const payloads = (ms: number) => partitionName('notification_payloads', ms);
    const ofOld = [placeOf('notifications', firstMs), placeOf('attempts', firstMs)];
    expect(linesOf(lines, 'retention.planned')).toMatchObject([
      { mode: 'on', due: 4, partitions: [payloads(firstMs), payloads(forty), ...ofOld] },
    ]);
    expect(droppedOf(lines)).toEqual([payloads(firstMs), payloads(forty), ...ofOld]);
    expect(linesOf(lines, 'retention.finished')).toMatchObject([{ dropped: 4, left: 0 }]);
    expect(linesOf(lines, 'partition.dropped').every(({ bytes }) => Number(bytes) > 8_192)).toBe(true);
    const names = await attached();
    const daily = parents.map((parent) => partitionName(parent, young)); // as the first migration made them
    expect(names).toEqual(expect.arrayContaining([...daily, placeOf('notifications', forty)]));
    expect(names.filter((name) => [...namesOf(firstMs), payloads(forty)].includes(name))).toEqual([]);
    expect(await world.history(ofForty)).toEqual([[1, 'accepted']]);
    expect(await world.database.query('SELECT FROM attempts WHERE notification_id = $1', [id])).toHaveLength(0);
    expect(await round()).toEqual([]);
  });

  it('keeps a day with a pending notification, and says so, until it is finished', async () => {
    const { firstMs, id } = await anOldDay();
    const kept = await round();
    const inUse = { pending: 1, resendItems: 0, claims: 0 };
    expect(keptOf(kept, firstMs)).toEqual(
      ['notification_payloads', 'notifications', 'attempts'].map((table) => ({
        ...{ partition: placeOf(table as 'attempts', firstMs), cause: 'IN_USE', inUse },
      })),
    );
    expect(linesOf(kept, 'retention.finished')).toMatchObject([{ dropped: 0, left: 3 }]);
    expect(await attached()).toEqual(expect.arrayContaining(namesOf(firstMs)));
    await world.finish(await world.claim(id), accepted);
    expect(droppedOf(await round())).toHaveLength(3);
  });

  it('keeps a week for one pending notification, drops the payloads of its other days, and the rest once it is sent', async () => {
    const monday = widestRangeOf('attempts', daysAgo(6_000)).fromMs;
    const [tuesday, thursday] = [monday + dayMs, monday + 3 * dayMs];
    await makeDay(world, tuesday);
    await makeDay(world, thursday);
    const [sent, pending] = [await insertOn(world, tuesday), await insertOn(world, thursday)];
    await world.finish(await world.claim(sent), accepted);
    const lines = await round();
    const payloads = (ms: number) => placeOf('notification_payloads', ms);
    expect(droppedOf(lines)).toEqual([payloads(tuesday)]);
    expect(keptOf(lines, thursday)).toMatchObject([
      { partition: payloads(thursday), cause: 'IN_USE', inUse: { pending: 1 } },
      { partition: placeOf('notifications', monday), cause: 'IN_USE', inUse: { pending: 1 } },
      { partition: placeOf('attempts', monday), cause: 'IN_USE', inUse: { pending: 1 } },
    ]);
    expect(await world.history(sent)).toEqual([[1, 'accepted']]);
    await world.finish(await world.claim(pending), accepted);
    expect(droppedOf(await round())).toEqual([
      payloads(thursday),
      ...namesOf(monday).filter((name) => !/payl/.test(name)),
    ]);
  });

  it('keeps a notification until its event cannot come again after its payload went, so that none is sent twice', async () => {
    const { firstMs, id } = await anOldDay();
    await world.finish(await world.claim(id), accepted);
    const base = aNotification();
    const event = { ...base, id: notificationId({ ...base, timeMs: firstMs + 1 }) };
    await world.insert(event);
    await world.finish(await world.claim(event.id), accepted);
    const strict = { ...retention, repeatMs: dayMs };
    const causes = (lines: readonly Line[]) => keptOf(lines, firstMs).map(({ cause }) => cause);
    const first = await round('on', world.dataSource, strict);
    expect(droppedOf(first)).toEqual([placeOf('notification_payloads', firstMs)]);
    expect(causes(first)).toEqual(['MAY_BE_REPEATED', 'NOTIFICATIONS_KEPT']);
    const again = async () => [
      droppedOf(await round('on', world.dataSource, strict)),
      await world.notifications.insert(event),
    ];
    expect(await again()).toMatchObject([[], { isNew: false, state: 'sent' }]);

    const { query } = world.database;
    await query(`UPDATE payload_drops SET dropped_at = dropped_at - interval '24 hours 4 minutes'`);
    expect(await again()).toMatchObject([[], { isNew: false }]); // a renderer may have been a little late
    await query(`UPDATE payload_drops SET dropped_at = dropped_at - interval '2 minutes'`);
    await query(`INSERT INTO consumer_progress VALUES ('events', 0, now() - interval '1 hour', now())`);
    expect(await again()).toMatchObject([[], { isNew: false }]); // it may still lie in the hour that is not read
    await query('UPDATE consumer_progress SET read_to = now()');
    const last = await round('on', world.dataSource, strict);
    expect(droppedOf(last)).toEqual([placeOf('notifications', firstMs), placeOf('attempts', firstMs)]);
    expect(await query('SELECT FROM payload_drops WHERE from_ms = $1', [firstMs])).toEqual([]);
    await query('DELETE FROM consumer_progress');
  });

  it('keeps a day with an open resend item and with an open claim, until both are closed', async () => {
    const { firstMs, id } = await anOldDay();
    await world.finish(await world.claim(id), exhausted);
    const item = await requestResend(world.dataSource, wishOf(id));
    const inUse = { pending: 0, resendItems: 1, claims: 0 };
    expect(keptOf(await round(), firstMs)).toMatchObject([{ inUse }, { inUse }, { inUse }]);
    const answer = await world.claims.open(aResendClaim(id, item.id));
    if (answer.kind !== 'claimed') throw new Error(`the claim was not given: ${JSON.stringify(answer)}`);
    const claimed = { ...inUse, claims: 1 };
    expect(keptOf(await round(), firstMs)).toMatchObject([{ inUse: claimed }, { inUse: claimed }, { inUse: claimed }]);
    await world.finish(answer.claim, exhausted);
    expect(droppedOf(await round())).toHaveLength(3);
  });

  it('takes no wish for a re-send of what it has just dropped, so that none waits for ever', async () => {
    const { id } = await anOldDay();
    await world.finish(await world.claim(id), exhausted);
    expect(droppedOf(await round())).toHaveLength(3);
    const wish = wishOf(id);
    await expect(requestResend(world.dataSource, wish)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await world.database.query('SELECT FROM resend_jobs WHERE request_id = $1', [wish.requestId])).toEqual([]);
  });

  it('takes no wish for a re-send while the payload is being dropped: it waits, and then finds nothing to send', async () => {
    const { firstMs, id } = await anOldDay();
    await world.finish(await world.claim(id), exhausted);
    const payloads = await dueOf('notification_payloads');
    const { query } = world.database;
    // The drop, which has its lock by then, looks at the claims until somebody waits for it.
    await query('ALTER TABLE claims RENAME TO claims_before');
    await query(`CREATE FUNCTION claims_once_waited_for() RETURNS SETOF claims_before LANGUAGE plpgsql AS $$ BEGIN
                   FOR n IN 1..80 LOOP
                     PERFORM pg_stat_clear_snapshot();
                     EXIT WHEN EXISTS (SELECT FROM pg_stat_activity
                                        WHERE datname = current_database() AND wait_event_type = 'Lock');
                     PERFORM pg_sleep(0.01);
                   END LOOP;
                 END $$; CREATE VIEW claims AS SELECT * FROM claims_once_waited_for()`);
    const dropping = dropPartition(world.dataSource, payloads, retention);
    await until(() => isLockedAway('notification_payloads'), { what: 'the drop has its lock' });
    const wish = wishOf(id);
    const resending = requestResend(otherStore, wish).catch((error: unknown) => error);
    const [dropped, answer] = await Promise.all([dropping, resending]);
    await query('DROP VIEW claims; DROP FUNCTION claims_once_waited_for; ALTER TABLE claims_before RENAME TO claims');
    expect(dropped).toMatchObject({ kind: 'dropped' });
    expect(answer).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await query('SELECT FROM resend_jobs WHERE request_id = $1', [wish.requestId])).toEqual([]);
    expect(await query('SELECT FROM operator_log WHERE request_id = $1', [wish.requestId])).toEqual([]);
    expect(await attached()).toContain(placeOf('notifications', firstMs));
    // The payload was there when the admin looked, and is gone when it writes the item down.
    await expect(requestResend(otherStore, wishOf(id))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(droppedOf(await round())).toHaveLength(2);
  });

  it('keeps a payload while a wish for its re-send is being written down, and as long as that is open', async () => {
    const { id } = await anOldDay();
    await world.finish(await world.claim(id), exhausted);
    const payloads = await dueOf('notification_payloads');
    const blocker = world.dataSource.createQueryRunner();
    await blocker.startTransaction();
    await blocker.query('LOCK TABLE operator_log IN EXCLUSIVE MODE');
    const resending = requestResend(otherStore, wishOf(id));
    try {
      await until(() => isWaiting('operator_log'), { what: 'the wish is being written' });
      expect(await dropPartition(world.dataSource, payloads, retention)).toEqual({
        kind: 'kept',
        because: { cause: 'LOCKED', table: 'notification_payloads' },
      });
    } finally {
      await blocker.rollbackTransaction();
      await blocker.release();
    }
    const item = await resending;
    expect(await dropPartition(world.dataSource, payloads, retention)).toMatchObject({
      kind: 'kept',
      because: { cause: 'IN_USE', inUse: { resendItems: 1 } },
    });
    const answer = await world.claims.open(aResendClaim(id, item.id));
    if (answer.kind !== 'claimed') throw new Error(`the claim was not given: ${JSON.stringify(answer)}`);
    await world.finish(answer.claim, exhausted);
    expect(droppedOf(await round())).toHaveLength(3);
  });

  it('judges again under the lock: a row that came after the plan keeps the partition', async () => {
    const { firstMs, id } = await anOldDay();
    await world.finish(await world.claim(id), accepted);
    const judged = await judgePartitions(world.dataSource, retention);
    const due = judged.filter(({ judgement }) => judgement.kind === 'over').map(({ partition }) => partition);
    const late = await insertOn(world, firstMs);
    for (const partition of due)
      expect(await dropPartition(world.dataSource, partition, retention)).toMatchObject({
        kind: 'kept',
        because: { cause: 'IN_USE', inUse: { pending: 1 } },
      });
    await world.finish(await world.claim(late), accepted);
    const attempts = due.find(({ table }) => table === 'attempts');
    if (attempts === undefined) throw new Error('no partition of attempts is due');
    expect(await dropPartition(world.dataSource, attempts, retention)).toEqual({
      kind: 'kept',
      because: { cause: 'NOTIFICATIONS_KEPT' },
    });
    expect(droppedOf(await round())).toHaveLength(3);
  });

  it('leaves alone what it did not make: attached by others, detached, DEFAULT, depended on', async () => {
    const [theirs, named] = [daysAgo(3_000), daysAgo(2_000)];
    const { query } = world.database;
    const attach = (table: string, fromMs: number, days: number) =>
      query(`CREATE TABLE ${table} PARTITION OF notification_payloads
             FOR VALUES FROM ('${leastIdOf(fromMs)}') TO ('${leastIdOf(fromMs + days * dayMs)}')`);
    await attach('their_archive', theirs, 1);
    await attach(partitionName('notification_payloads', named), named, 2);
    const { firstMs, id } = await anOldDay();
    await world.finish(await world.claim(id), accepted);
    const detached = placeOf('attempts', firstMs);
    await query(`ALTER TABLE attempts DETACH PARTITION ${detached}`);
    const viewed = placeOf('notifications', firstMs);
    await query(`CREATE VIEW their_view AS SELECT id FROM ${viewed}`);

    const lines = await round();
    expect(droppedOf(lines)).toEqual([partitionName('notification_payloads', firstMs)]);
    const causes = linesOf(lines, 'partition.kept').map(({ partition, cause }) => [partition, cause]);
    expect(causes).toEqual([
      [partitionName('notification_payloads', named), 'NOT_OURS'],
      ['their_archive', 'NOT_OURS'],
      [viewed, 'DEPENDED_ON'],
    ]);
    expect(await query(`SELECT FROM ${detached}`)).toHaveLength(1);
    for (const parent of parents) expect(await attached()).toContain(`${parent}_default`);
    await query(`DROP VIEW their_view; DROP TABLE their_archive; DROP TABLE ${detached};
                 DROP TABLE ${partitionName('notification_payloads', named)}`);
    expect(droppedOf(await round())).toEqual([viewed]);
  });

  it('gives up while somebody uses a table, says so, and holds nobody up who comes after', async () => {
    const { firstMs, id } = await anOldDay();
    await world.finish(await world.claim(id), accepted);
    const reader = world.dataSource.createQueryRunner();
    await reader.startTransaction();
    try {
      await reader.query('SELECT FROM notification_payloads LIMIT 1');
      // Written while the reader still holds its lock and the duty waits behind it.
      const [lines] = await Promise.all([round(), world.insert(), world.insert()]);
      const payloads = partitionName('notification_payloads', firstMs);
      expect(linesOf(lines, 'partition.kept')).toMatchObject([
        { partition: payloads, cause: 'LOCKED', table: 'notification_payloads' },
        { partition: placeOf('notifications', firstMs), cause: 'PAYLOADS_KEPT' },
        { partition: placeOf('attempts', firstMs), cause: 'NOTIFICATIONS_KEPT' },
      ]);
      expect(droppedOf(lines)).toEqual([]);
    } finally {
      await reader.rollbackTransaction();
      await reader.release();
    }
    expect(droppedOf(await round())).toHaveLength(3);
  });

  it('drops each partition once when three schedulers do it at once, with the lock of the duty and without', async () => {
    const stores = await Promise.all(
      [1, 2, 3].map(async () => {
        const store = createDataSource({ url: world.database.url, poolMax: 4, applicationName: 'hookline.test' });
        return store.initialize();
      }),
    );
    try {
      for (const withLock of [true, false]) {
        const days = [await anOldDay(), await anOldDay()];
        for (const { id } of days) await world.finish(await world.claim(id), accepted);
        const rounds = await Promise.all(
          stores.map((store) =>
            withLock ? withDutyLock(store, dutyLocks.dropPartitions, () => round('on', store)) : round('on', store),
          ),
        );
        const late = await round(); // what a scheduler left because another one had the table
        const dropped = [...rounds, late].flatMap((lines) => droppedOf(lines ?? []));
        expect(dropped.toSorted()).toEqual(days.flatMap(({ firstMs }) => namesOf(firstMs)).toSorted());
      }
    } finally {
      await Promise.all(stores.map((store) => store.destroy()));
    }
  });

  it('drops nothing in a dry run, and says what it would drop', async () => {
    const { firstMs, id } = await anOldDay();
    await world.finish(await world.claim(id), accepted);
    const before = await attached();
    const lines = await round('dry-run');
    expect(linesOf(lines, 'retention.planned')).toMatchObject([{ mode: 'dry-run', due: 3 }]);
    expect(new Set(linesOf(lines, 'retention.planned')[0]?.partitions)).toEqual(new Set(namesOf(firstMs)));
    expect(linesOf(lines, 'retention.finished')).toMatchObject([{ mode: 'dry-run', dropped: 0, left: 3 }]);
    expect((await attached()).toSorted()).toEqual(before.toSorted());
    expect(droppedOf(await round())).toHaveLength(3);
  });

  it('drops a day of payloads again after an event that came for it in the very minute of the first drop', async () => {
    const firstMs = daysAgo(41);
    await makeDay(world, firstMs);
    const payloads = partitionName('notification_payloads', firstMs);
    expect(droppedOf(await round())).toEqual([payloads]);
    const before = await oldestPartitionMs(world.dataSource);
    const late = await insertOn(world, firstMs);
    const moved = await moveFromDefault(world.dataSource, 'notification_payloads');
    expect(moved).toEqual({ kind: 'moved', rows: 1, partitions: [payloads] });
    expect(keptOf(await round(), firstMs)).toMatchObject([{ partition: payloads, cause: 'IN_USE' }]);
    expect(await oldestPartitionMs(world.dataSource)).toBe(before);
    await world.finish(await world.claim(late), accepted);
    expect(droppedOf(await round())).toEqual([payloads]);
  });

  it('does not hold a table for long: a look that takes over a second is given up', async () => {
    const { firstMs, id } = await anOldDay();
    await world.finish(await world.claim(id), accepted);
    const payloads = await dueOf('notification_payloads');
    const { query } = world.database;
    await query('ALTER TABLE claims RENAME TO claims_before');
    await query(`CREATE FUNCTION slow_claims() RETURNS SETOF claims_before LANGUAGE plpgsql
                 AS $$ BEGIN PERFORM pg_sleep(3); END $$; CREATE VIEW claims AS SELECT * FROM slow_claims()`);
    const slow = await dropPartition(world.dataSource, payloads, retention);
    await query('DROP VIEW claims; DROP FUNCTION slow_claims; ALTER TABLE claims_before RENAME TO claims');
    expect(slow).toEqual({ kind: 'kept', because: { cause: 'TOO_SLOW' } });
    expect(droppedOf(await round())).toHaveLength(namesOf(firstMs).length);
  });

  it('holds up no renderer that asks where ids have a place, whatever is locked meanwhile', async () => {
    const before = await oldestPartitionMs(otherStore);
    const blocker = world.dataSource.createQueryRunner();
    await blocker.startTransaction();
    try {
      const tables = (await attached()).join(', ');
      await blocker.query(`LOCK TABLE ${tables} IN ACCESS EXCLUSIVE MODE`);
      const answers = inTransaction(otherStore, async (tx) => {
        await tx.query('SET LOCAL lock_timeout = 1');
        return (await attachedTables(tx)).length;
      });
      expect(await answers).toBe((await attached()).length);
      expect(await oldestPartitionMs(otherStore)).toBe(before);
    } finally {
      await blocker.rollbackTransaction();
      await blocker.release();
    }
  });

  it('is followed by where ids have a place: in every table, from the last gap on', async () => {
    const first = daysAgo(8);
    expect(await oldestPartitionMs(world.dataSource)).toBe(first);
    await makeDay(world, first - dayMs);
    await makeDay(world, first - 3 * dayMs);
    expect(await oldestPartitionMs(world.dataSource)).toBe(first - dayMs);
    await world.database.query(`DROP TABLE ${partitionName('notification_payloads', first)}`);
    expect(await oldestPartitionMs(world.dataSource)).toBe(first + dayMs);
    expect(await ensurePartitions(world.dataSource, 14, 5 * dayMs)).toBe(0);
    expect(await oldestPartitionMs(world.dataSource)).toBe(first + dayMs);
    expect(await ensurePartitions(world.dataSource, 14)).toBe(1);
  });
});
