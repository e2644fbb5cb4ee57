import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  forgetFailing,
  forgetUnsent,
  hasAcceptedSince,
  loadFailing,
  noteWarnings,
  storeFailures,
} from '#audit/failing-endpoints';
import { systemClock } from '#domain/clock';
import type { EndpointId, EndpointKey, NotificationId } from '#domain/ids';
import { disableFailingEndpoint } from '#registry/disable-endpoint';
import { disableFailing } from '../../apps/retry-scheduler/src/disable-failing.js';
import { AuditWorld } from '../support/audit-world.js';
import { keptLog } from '../support/old-days.js';

describe('endpoints that only fail, in the store', () => {
  let world: AuditWorld;
  let key: EndpointKey;
  let endpointId: EndpointId;

  beforeAll(async () => {
    world = await AuditWorld.open();
  });

  beforeEach(async () => {
    ({ key, endpointId } = await world.addEndpoint());
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

  /** One round of the duty; answers what operators were told of this endpoint. */
  async function round(): Promise<readonly string[]> {
    const told: string[] = [];
    const store = world.dataSource;
    await disableFailing({
      policy: { afterMs: 3_600_000, attemptsMin: 2, notificationsMin: 1, spreadMsMin: 1_000 },
      forgetUnsent: () => forgetUnsent(store),
      loadFailing: () => loadFailing(store),
      noteWarnings: (of, warnings) => noteWarnings(store, of, warnings),
      hasAcceptedSince: (of, sinceMs) => hasAcceptedSince(store, of, sinceMs),
      disable: (of) => disableFailingEndpoint(store, of),
      forgetFailing: (of) => forgetFailing(store, of),
      tell: async (kind, failing) => void (failing.key === key && told.push(kind)),
      clock: systemClock,
      log: keptLog().log,
    });
    return told;
  }

  /** What the statement that finishes attempts has counted. */
  async function countAccepted(atMs: number): Promise<void> {
    await world.database.query(
      `INSERT INTO endpoint_minutes (tenant_id, endpoint_id, minute, slot, accepted)
       VALUES ('acme', $1, date_trunc('minute', to_timestamp($2::float8 / 1000)), 0, 1)`,
      [endpointId, atMs],
    );
  }

  it('are neither warned of nor switched off where an answer was accepted since, which a killed dispatcher did not tell', async () => {
    const nowMs = Date.now();
    const sinceMs = nowMs - 2 * 3_600_000;
    await countAccepted(nowMs - 3_600_000);
    await fail(5, [sinceMs, nowMs]);
    expect(await round()).toEqual([]);
    expect(await stored()).toBeUndefined();
    expect(await disableFailingEndpoint(world.dataSource, key)).toBe(true); // it was on
  });

  it('are switched off where the last accepted answer was before, also in the same minute', async () => {
    const nowMs = Date.now();
    const sinceMs = Math.floor((nowMs - 2 * 3_600_000) / 60_000) * 60_000 + 30_000;
    await countAccepted(sinceMs - 10_000);
    await fail(5, [sinceMs, nowMs]);
    expect(await round()).toEqual(['failing']);
    expect(await round()).toEqual(['disabled']);
    expect(await disableFailingEndpoint(world.dataSource, key)).toBe(false);
  });
});
