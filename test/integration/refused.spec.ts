import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failRefused } from '#audit/refused';
import type { EndpointId, NotificationId, TenantId } from '#domain/ids';
import { AuditWorld, failedOnce } from '../support/audit-world.js';

describe('what waits for endpoints nothing is sent to any more', () => {
  let world: AuditWorld;

  beforeAll(async () => {
    world = await AuditWorld.open();
    await world.database.query(`INSERT INTO tenants (id, webhooks_enabled) VALUES ('acme', true), ('off', false)`);
    await world.database.query(`
      INSERT INTO endpoints (tenant_id, id, url, enabled, deleted_at, paused_at, held_since)
      SELECT tenant, id, 'https://hooks.example.com/in', enabled, deleted, paused, paused
        FROM (VALUES ('acme', 'well', true, NULL::timestamptz, NULL::timestamptz),
                     ('acme', 'paused', true, NULL, now()), ('acme', 'disabled', false, NULL, NULL),
                     ('acme', 'deleted', true, now(), NULL), ('off', 'well', true, NULL, NULL)) AS e(tenant, id, enabled, deleted, paused)`);
  });

  afterAll(async () => {
    await world?.close();
  });

  /** One that failed once and waits an hour for its retry. */
  async function retrying(endpoint: string, tenant = 'acme'): Promise<NotificationId> {
    const id = await world.insert({ endpointId: endpoint as EndpointId, tenantId: tenant as TenantId });
    await world.finish(await world.claim(id), failedOnce);
    return id;
  }

  async function failAll(rowsMax: number): Promise<readonly number[]> {
    const pages: number[] = [];
    let page = await failRefused(world.dataSource, null, rowsMax);
    for (;;) {
      pages.push(page.failed);
      if (page.next === null) return pages;
      page = await failRefused(world.dataSource, page.next, rowsMax);
    }
  }

  it('fails with its reason at once, however late it is due, and nothing else does', async () => {
    const refused = {
      ENDPOINT_DISABLED: await retrying('disabled'),
      ENDPOINT_DELETED: await retrying('deleted'),
      WEBHOOKS_DISABLED: await retrying('well', 'off'),
    };
    const others = [await retrying('well'), await retrying('paused')];
    const claimed = await world.insert({ endpointId: 'disabled' as EndpointId });
    const claim = await world.claim(claimed);

    expect(await failAll(2)).toEqual([2, 1]);
    for (const [reason, id] of Object.entries(refused))
      expect(await world.course(id)).toMatchObject({
        ...{ state: 'failed', failure_reason: reason, next_attempt_at: null, waiting_reason: null },
        ...{ attempt_count: 1, next_number: 2, step: 1 },
      });
    for (const id of others) expect(await world.course(id)).toMatchObject({ state: 'pending' });

    expect(await world.course(claimed)).toMatchObject({ state: 'pending' });
    await world.finish(claim, failedOnce);
    expect(await failAll(2)).toEqual([1]);
    expect(await world.course(claimed)).toMatchObject({ state: 'failed', failure_reason: 'ENDPOINT_DISABLED' });
    expect(await failAll(2)).toEqual([0]);
  });
});
