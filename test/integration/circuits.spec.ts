import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadCircuits, saveCircuit } from '#audit/circuits';
import { endDrain, failHeld, forgetCircuit, freeUnknown, loadHeldBehind, takeHeld } from '#audit/held';
import { type Circuit, closedCircuit } from '#domain/circuit';
import { shardOf } from '#domain/endpoint-shards';
import {
  type EndpointId,
  type EndpointKey,
  endpointKey,
  idsOfKey,
  type NotificationId,
  type TenantId,
} from '#domain/ids';
import { AuditWorld } from '../support/audit-world.js';

const graceMs = 60_000;
const hourMs = 3_600_000;

describe('circuits in the store', () => {
  let world: AuditWorld;
  let key: EndpointKey;
  let endpointId: EndpointId;

  beforeAll(async () => {
    world = await AuditWorld.open();
  });

  beforeEach(async () => {
    ({ key, endpointId } = await world.addEndpoint(4));
  });

  afterAll(async () => {
    await world?.close();
  });

  function save(circuit: Circuit, version: number): Promise<number | null> {
    return saveCircuit(world.dataSource, { key, circuit, version });
  }

  async function stored() {
    return (await loadCircuits(world.dataSource)).find((one) => one.key === key);
  }

  function take(rowsMax: number, overdueMs: number | null = null) {
    return takeHeld(world.dataSource, [{ key, rowsMax }], { reasons: ['CIRCUIT_OPEN'], graceMs, overdueMs });
  }

  async function behind() {
    return (await loadHeldBehind(world.dataSource)).find((one) => one.key === key);
  }

  /** In the version that was seen. */
  async function forget(version: number, refused: 'ENDPOINT_DISABLED' | null = null): Promise<boolean> {
    await forgetCircuit(world.dataSource, { key, version, refused }, hourMs);
    return (await stored()) === undefined;
  }

  /** So many, held for an hour one after the other. */
  async function held(count: number): Promise<readonly NotificationId[]> {
    const ids: NotificationId[] = [];
    for (let n = 0; n < count; n++) {
      const notificationId = await world.insert({ endpointId });
      await world.holds.hold({ notificationId, number: 1, reason: 'CIRCUIT_OPEN', delayMs: hourMs });
      ids.push(notificationId);
    }
    return ids;
  }

  it('come back as they were stored, on the clock they were stored with', async () => {
    const openedMs = Date.now();
    const open: Circuit = { kind: 'open', openedMs, probeMs: openedMs + 30_000, openCount: 2 };
    expect(await save(open, 0)).toBe(1);
    expect(await stored()).toEqual({ key, circuit: open, version: 1 });
    const halfOpen: Circuit = { kind: 'half-open', allowed: 4, good: 3, failed: 1, openCount: 2 };
    expect(await save(halfOpen, 1)).toBe(2);
    expect(await stored()).toEqual({ key, circuit: { ...halfOpen, good: 0, failed: 0 }, version: 2 });
    const [row] = await world.database.query('SELECT * FROM v1_endpoint_circuits WHERE endpoint_id = $1', [endpointId]);
    expect(row).toMatchObject({ state: 'half-open', opened_at: new Date(openedMs), probe_at: null, open_count: 2 });
  });

  it('are not stored over what somebody else has stored', async () => {
    const open: Circuit = { kind: 'open', openedMs: 1, probeMs: 2, openCount: 1 };
    const answers = await Promise.all([save(open, 0), save(open, 0), save(open, 0)]);
    expect(answers.toSorted()).toEqual([1, null, null]);
    expect(await save(closedCircuit, 7)).toBeNull();
    expect((await stored())?.circuit).toEqual(open);
  });

  it('are forgotten when closed and nothing is held for them, in the version that was seen', async () => {
    await save(closedCircuit, 0);
    const [id] = await held(1);
    expect(await forget(1)).toBe(false);
    await world.refuse(id, 'OTHER', 'gone');
    expect(await forget(2)).toBe(false);
    expect(await forget(1)).toBe(true);
  });

  it('are forgotten as well when nobody has probed them for an hour, or nothing is sent to their endpoint', async () => {
    const nowMs = Date.now();
    await save({ kind: 'open', openedMs: nowMs - hourMs, probeMs: nowMs - hourMs + 60_000, openCount: 1 }, 0);
    expect(await forget(1)).toBe(false);
    await save({ kind: 'open', openedMs: nowMs - 3 * hourMs, probeMs: nowMs - 2 * hourMs, openCount: 1 }, 1);
    expect(await forget(2)).toBe(true);
    await save({ kind: 'open', openedMs: nowMs, probeMs: nowMs + hourMs, openCount: 1 }, 0);
    expect(await forget(1)).toBe(false);
    expect(await forget(1, 'ENDPOINT_DISABLED')).toBe(true);
  });

  it('say when nothing is sent to their endpoint', async () => {
    await save({ kind: 'open', openedMs: 1, probeMs: 2, openCount: 1 }, 0);
    const set = (assignments: string) =>
      world.database.query(`UPDATE endpoints SET ${assignments} WHERE id = $1`, [endpointId]);
    expect((await behind())?.refused).toBeNull();
    await set('enabled = false');
    expect((await behind())?.refused).toBe('ENDPOINT_DISABLED');
    await set('deleted_at = now()');
    expect((await behind())?.refused).toBe('ENDPOINT_DELETED');
    await set('enabled = true, deleted_at = NULL');
    await world.database.query(`UPDATE tenants SET webhooks_enabled = false WHERE id = 'acme'`);
    expect((await behind())?.refused).toBe('WEBHOOKS_DISABLED');
    await world.database.query(`UPDATE tenants SET webhooks_enabled = true WHERE id = 'acme'`);
  });

  it('fail what is held a page at a time, but what is claimed or of another endpoint', async () => {
    const ids = await held(4);
    const [claimed] = ids;
    await world.makeDue(claimed as NotificationId);
    expect(await world.claim(claimed as NotificationId)).toMatchObject({ number: 1 });
    const other = await world.insert({});
    await world.holds.hold({ notificationId: other, number: 1, reason: 'ENDPOINT_FULL', delayMs: hourMs });
    const failure = { key, ageMs: 0, reason: 'ENDPOINT_DISABLED', detail: 'no attempt was made', rowsMax: 3 } as const;
    const failed = [await failHeld(world.dataSource, failure), await failHeld(world.dataSource, failure)];
    expect(failed.reduce((sum, n) => sum + n)).toBe(3);
    const states = await world.database.query<{ id: string; state: string; failure_reason: string | null }>(
      'SELECT id, state, failure_reason FROM notifications WHERE id = ANY ($1)',
      [[...ids, other]],
    );
    for (const { id, state, failure_reason } of states) {
      const isFailed = id !== claimed && id !== other;
      expect([state, failure_reason], id).toEqual(isFailed ? ['failed', 'ENDPOINT_DISABLED'] : ['pending', null]);
    }
    await world.refuse(other, 'OTHER', 'of this test');
  });

  it('fail what is held for longer than its maximum age, whatever it is held for', async () => {
    const [young, old] = await held(2);
    await world.database.query(`UPDATE notifications SET created_at = now() - interval '2 hours' WHERE id = $1`, [old]);
    const failure = { key: null, ageMs: hourMs, reason: 'EXPIRED', detail: 'too old', rowsMax: 1_000 } as const;
    expect(await failHeld(world.dataSource, failure)).toBe(1);
    expect(await failHeld(world.dataSource, failure)).toBe(0);
    expect((await take(10)).map(({ notificationId }) => notificationId)).toEqual([young]);
  });

  it('let only those go on that should have come back by themselves, where that is asked for', async () => {
    const [late] = await held(2);
    const dueAgo = (seconds: number) => `next_attempt_at = now() - interval '${seconds} seconds'`;
    await world.database.query(`UPDATE notifications SET ${dueAgo(10)} WHERE id = $1`, [late]);
    await world.database.query(`UPDATE notifications SET ${dueAgo(1)} WHERE endpoint_id = $1 AND id <> $2`, [
      ...[endpointId, late],
    ]);
    expect((await take(10, 5_000)).map(({ notificationId }) => notificationId)).toEqual([late]);
  });

  it('let the oldest of what is held go on, each once, and again after the grace when it was lost', async () => {
    const ids = await held(5);
    expect((await take(2)).map(({ notificationId }) => notificationId).toSorted()).toEqual(ids.slice(0, 2));
    const rest = await Promise.all([take(2), take(2)]);
    expect(
      rest
        .flat()
        .map(({ notificationId }) => notificationId)
        .toSorted(),
    ).toEqual(ids.slice(2));
    expect(await take(10)).toEqual([]);
    await world.database.query(`UPDATE notifications SET asked_at = now() - interval '61 seconds' WHERE id = $1`, [
      ids[3],
    ]);
    const [again] = await take(10);
    expect(again).toMatchObject({ notificationId: ids[3], ask: { kind: 'attempt', number: 1 }, askedBy: 'release' });
    expect(await world.claim(ids[3] as NotificationId)).toMatchObject({ number: 1, step: 0 });
  });

  it('of the shards of an endpoint let go on what is of each, also after their number has changed', async () => {
    const shardsNow = (shards: number) =>
      world.database.query('UPDATE endpoints SET shards = $2 WHERE id = $1', [endpointId, shards]);
    const all = async () =>
      (await loadHeldBehind(world.dataSource))
        .filter(({ key: of }) => idsOfKey(of).endpointId === endpointId)
        .map(({ key: of, circuit }) => [idsOfKey(of).shard, circuit.kind])
        .toSorted();
    await shardsNow(3);
    const ids = await held(30);
    const last = endpointKey('acme' as TenantId, endpointId, 2);
    const open: Circuit = { kind: 'open', openedMs: 1, probeMs: 2, openCount: 1 };
    expect(await saveCircuit(world.dataSource, { key: last, circuit: open, version: 0 })).toBe(1);
    expect((await loadCircuits(world.dataSource)).find((one) => one.key === last)?.circuit).toEqual(open);
    expect(await all()).toEqual([
      [0, 'closed'],
      [1, 'closed'],
      [2, 'open'],
    ]);

    const query = { reasons: ['CIRCUIT_OPEN'], graceMs, overdueMs: null } as const;
    const takenOf = async (shard: number) => {
      const of = endpointKey('acme' as TenantId, endpointId, shard);
      return takeHeld(world.dataSource, [{ key: of, rowsMax: 100 }], query);
    };
    const ofLast = await takenOf(2);
    expect(ofLast.map(({ shard }) => shard)).toEqual(ofLast.map(() => 2));
    expect(ofLast.map(({ notificationId: id }) => shardOf(id, 3))).toEqual(ofLast.map(() => 2));
    await shardsNow(2);
    expect(await all()).toEqual([
      [0, 'closed'],
      [1, 'closed'],
      [2, 'open'],
    ]);
    await world.database.query('UPDATE notifications SET asked_at = NULL WHERE endpoint_id = $1', [endpointId]);
    const taken = [await takenOf(0), await takenOf(1), await takenOf(2)];
    expect(taken[2]).toEqual([]);
    expect(
      taken
        .flat()
        .map(({ notificationId: id }) => id)
        .toSorted(),
    ).toEqual(ids.toSorted());
    await Promise.all(ids.map((id) => world.refuse(id, 'OTHER', 'gone')));
    await forgetCircuit(world.dataSource, { key: last, version: 1, refused: null }, hourMs);
    expect(await all()).toEqual([]);
  });

  it('free what is held for a circuit that nobody knows, and nothing of one that is known or of a paused endpoint', async () => {
    const [id] = await held(1);
    const isDue = async () => {
      await freeUnknown(world.dataSource, 1_000);
      const { next_attempt_at: due } = await world.course(id as NotificationId);
      return due !== null && due.getTime() <= Date.now();
    };
    await save({ kind: 'open', openedMs: 1, probeMs: 2, openCount: 1 }, 0);
    expect(await isDue()).toBe(false);
    await world.database.query('DELETE FROM endpoint_circuits WHERE endpoint_id = $1', [endpointId]);
    await world.database.query('UPDATE endpoints SET held_since = now() WHERE id = $1', [endpointId]);
    expect(await isDue()).toBe(false);
    await world.database.query('UPDATE endpoints SET held_since = NULL WHERE id = $1', [endpointId]);
    expect(await isDue()).toBe(true);
  });

  it('keep an endpoint among those that drain until nothing of it is held, nor is it paused', async () => {
    const [id] = await held(1);
    const set = (assignments: string) =>
      world.database.query(`UPDATE endpoints SET ${assignments} WHERE id = $1`, [endpointId]);
    await set('paused_at = now(), held_since = now(), drain_per_second = 5');
    expect(await behind()).toMatchObject({
      isPaused: true,
      isDraining: true,
      drainPerSecond: 5,
      circuit: closedCircuit,
      version: 0,
    });
    await world.refuse(id, 'OTHER', 'of this test');
    await endDrain(world.dataSource, key);
    expect(await behind(), 'it is paused').toBeDefined();
    await set('paused_at = NULL');
    const [other] = await held(1);
    await endDrain(world.dataSource, key);
    expect(await behind(), 'something is held').toMatchObject({ isPaused: false, isDraining: true });
    await world.refuse(other, 'OTHER', 'of this test');
    await endDrain(world.dataSource, key);
    expect(await behind()).toBeUndefined();
  });

  it('find what is held by its index, however much there is of other endpoints', async () => {
    await held(1);
    const plan = await world.database.query<{ 'QUERY PLAN': string }>(
      `EXPLAIN SELECT id FROM notifications WHERE tenant_id = 'acme' AND endpoint_id = $1
         AND waiting_reason = 'CIRCUIT_OPEN' AND state = 'pending' ORDER BY next_attempt_at, id LIMIT 10`,
      [endpointId],
    );
    expect(plan.map((line) => line['QUERY PLAN']).join('\n')).toMatch(/next_attempt_at_idx|held/);
  });
});
