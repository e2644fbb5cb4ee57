import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { forgetUnsent, loadFailing, storeFailures } from '#audit/failing-endpoints';
import { type EndpointId, type EndpointKey, endpointKey, type NotificationId, type TenantId } from '#domain/ids';
import { disableFailingEndpoint } from '#registry/disable-endpoint';
import { AuditWorld } from '../support/audit-world.js';

describe('endpoints that only fail, in the store', () => {
  let world: AuditWorld;
  let key: EndpointKey;
  let endpointId: EndpointId;
  let made = 0;

  beforeAll(async () => {
    world = await AuditWorld.open();
    await world.database.query(`INSERT INTO tenants (id) VALUES ('acme')`);
  });

  beforeEach(async () => {
    endpointId = `e${made++}` as EndpointId;
    key = endpointKey('acme' as TenantId, endpointId);
    await world.database.query(
      `INSERT INTO endpoints (tenant_id, id, url) VALUES ('acme', $1, 'https://hooks.example.com/in')`,
      [endpointId],
    );
  });

  afterAll(async () => {
    await world?.close();
  });

  const anId = () => randomUUID() as NotificationId;

  function fail(
    attempts: number,
    [firstFailedMs, lastFailedMs]: readonly [number, number],
    ids = [anId()],
    isAnew = false,
  ) {
    const count = { key, isAnew, attempts, firstFailedMs, lastFailedMs, notificationIds: ids };
    return storeFailures(world.dataSource, [count]);
  }

  async function stored() {
    return (await loadFailing(world.dataSource)).find((one) => one.key === key);
  }

  it('add up over processes, and tell ten notifications apart', async () => {
    const [id] = [anId()];
    await fail(3, [1_000, 5_000], [id]);
    await fail(2, [500, 4_000], [id]);
    expect(await stored()).toEqual({
      key,
      sinceMs: 500,
      lastFailedMs: 5_000,
      attempts: 5,
      notifications: 1,
      warnings: 0,
    });
    for (let n = 0; n < 12; n++) await fail(1, [6_000, 6_000]);
    expect(await stored()).toMatchObject({ attempts: 17, notifications: 10 });
  });

  it('begin anew with a success, and end with one', async () => {
    await fail(3, [1_000, 5_000]);
    await fail(1, [9_000, 9_000], [anId()], true);
    expect(await stored()).toMatchObject({ sinceMs: 9_000, attempts: 1 });
    await storeFailures(world.dataSource, [
      { key, isAnew: true, attempts: 0, firstFailedMs: 0, lastFailedMs: 0, notificationIds: [] },
    ]);
    expect(await stored()).toBeUndefined();
  });

  it('are forgotten while nothing is sent to them, and never kept of one that is deleted', async () => {
    for (const assignment of ['paused_at = now()', 'enabled = false', 'deleted_at = now()']) {
      await fail(1, [1_000, 1_000]);
      await world.database.query(`UPDATE endpoints SET ${assignment} WHERE id = $1`, [endpointId]);
      await forgetUnsent(world.dataSource);
      expect(await stored(), assignment).toBeUndefined();
    }
    await fail(1, [1_000, 1_000]);
    expect(await stored()).toBeUndefined();
  });

  it('are switched off once', async () => {
    expect(await disableFailingEndpoint(world.dataSource, key)).toBe(true);
    expect(await disableFailingEndpoint(world.dataSource, key)).toBe(false);
  });
});
