import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EndpointId, endpointKey } from '#domain/ids';
import { RegistryWorld, tenantId } from '../support/registry-world.js';

const keyOf = (id: string) => endpointKey(tenantId, id as EndpointId);

describe('the registry snapshot', () => {
  let world: RegistryWorld;

  beforeAll(async () => {
    world = await RegistryWorld.open();
    await world.writeEndpoint({ id: 'orders', secretVersions: [1, 2] });
    await world.writeEndpoint({ id: 'rotated', secretVersions: [1, 2] });
    await world.writeTemplate({ id: 'created', endpointId: 'orders', version: 3 });
    await world.snapshot.refreshed();
  });

  afterAll(async () => {
    await world?.close();
  });

  it('holds the active version of each template that is not deleted', async () => {
    await world.database.query(`UPDATE webhook_templates SET active_version = 2 WHERE id = 'created'`);
    await world.writeTemplate({ id: 'deleted', endpointId: 'orders' });
    await world.database.query(`UPDATE webhook_templates SET deleted_at = now() WHERE id = 'deleted'`);
    await world.snapshot.refreshed();
    const held = world.snapshot.current.templates(tenantId);
    expect(held.map(({ id, version }) => [id, version])).toEqual([['created', 2]]);
  });

  it('has no secret for an endpoint of which one cannot be opened, and is loaded for all others', async () => {
    expect(world.snapshot.current.signingSecrets(keyOf('rotated'))).toHaveLength(2);
    await world.database.query(
      `UPDATE endpoint_secrets SET kek_id = 'lost' WHERE endpoint_id = 'rotated' AND version = 1`,
    );
    await world.writeEndpoint({ id: 'late' });
    await world.snapshot.refreshed();

    const { current } = world.snapshot;
    expect(current.endpoint(keyOf('late'))).toBeDefined();
    expect(['orders', 'late', 'rotated'].map((id) => current.signingSecrets(keyOf(id)).length)).toEqual([2, 1, 0]);
    expect(world.snapshot.whatIsWrong()).toBeNull();
    const said = world.lines.filter((line) => line.includes('registry.secretUnreadable'));
    expect(said.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ level: 'error', tenantId, endpointId: 'rotated', kekId: 'lost' }),
    ]);
  });

  it('shows what was committed before it was asked to look, however many ask at once', async () => {
    for (let round = 0; round < 20; round++) {
      const early = Array.from({ length: 50 }, () => world.snapshot.refreshed());
      await world.database.query(`UPDATE endpoints SET concurrency = $1 WHERE id = 'orders'`, [round]);
      await world.snapshot.refreshed();
      expect(world.snapshot.current.endpoint(keyOf('orders'))?.concurrency).toBe(round);
      await Promise.all(early);
    }
  });

  it('never mixes two states of the tables', async () => {
    const change = async (n: number) =>
      world.database.query(
        `WITH endpoint AS (UPDATE endpoints SET url_version = ${n} WHERE id = 'orders')
         UPDATE webhook_templates SET active_version = ${n} WHERE id = 'created'`,
      );
    const versions = async () => {
      await world.snapshot.refreshed();
      const { current } = world.snapshot;
      const [template] = current.templates(tenantId);
      return [current.endpoint(keyOf('orders'))?.urlVersion, template?.version];
    };
    await world.database.query(
      `INSERT INTO webhook_template_versions (tenant_id, template_id, version, endpoint_id, event_types, method, content_type)
       SELECT tenant_id, template_id, n, endpoint_id, event_types, method, content_type
         FROM webhook_template_versions, generate_series(4, 300) AS n WHERE template_id = 'created' AND version = 1`,
    );
    await change(1);
    let changing = true;
    const seen: (readonly unknown[])[] = [];
    const looking = (async () => {
      while (changing) seen.push(await versions());
    })();
    for (let n = 2; n <= 300; n++) await change(n);
    changing = false;
    await looking;
    expect(seen.filter(([urlVersion, version]) => urlVersion !== version)).toEqual([]);
    expect(new Set(seen.map(([urlVersion]) => urlVersion)).size).toBeGreaterThan(10);
  });
});
