import { readFileSync } from 'node:fs';
import type { EndpointId, TenantId } from '#domain/ids';
import { newSigningSecret } from '#egress/request-signature';
import type { DataSource } from '#postgres/data-source';
import { SecretBox } from '#registry/secret-box';
import { benchTenant, eventType, templateBody } from './bench-events.js';

/** Endpoints of one tenant, each with the one template that leads to it. */
export interface Resources {
  readonly endpoints: number;
  /** Requests under way to one endpoint. */
  readonly concurrency: number;
  /** `http://127.0.0.1:port`, as many as endpoints; the k-th is at `/e<k>` of the k-th. */
  readonly receivers: readonly string[];
}

/** Writes them into the registry's tables, as `hookline apply` would. */
export async function writeResources(store: DataSource, kekFile: string, resources: Resources): Promise<void> {
  const { endpoints, concurrency, receivers } = resources;
  const box = SecretBox.fromKeyFile(readFileSync(kekFile, 'utf8'));
  await store.query('INSERT INTO tenants (id) VALUES ($1)', [benchTenant]);
  for (let k = 0; k < endpoints; k++) {
    const id = `e${k}`;
    const owner = {
      tenantId: benchTenant as TenantId,
      ownerId: id as EndpointId,
      purpose: 'signing',
      version: 1,
    } as const;
    const { kekId, wrappedKey, iv, ciphertext } = box.seal(newSigningSecret(), owner);
    await store.query('INSERT INTO endpoints (tenant_id, id, url, concurrency) VALUES ($1, $2, $3, $4)', [
      ...[benchTenant, id, `${receivers[k]}/${id}`, concurrency],
    ]);
    await store.query(
      `INSERT INTO endpoint_secrets (tenant_id, endpoint_id, purpose, version, kek_id, wrapped_key, iv, ciphertext)
       VALUES ($1, $2, 'signing', 1, $3, $4, $5, $6)`,
      [benchTenant, id, kekId, wrappedKey, iv, ciphertext],
    );
    await store.query('INSERT INTO webhook_templates (tenant_id, id, active_version) VALUES ($1, $2, 1)', [
      ...[benchTenant, `to-${id}`],
    ]);
    await store.query(
      `INSERT INTO webhook_template_versions (tenant_id, template_id, version, endpoint_id, event_types, method, content_type, body)
       VALUES ($1, $2, 1, $3, $4, 'POST', 'application/json', $5)`,
      [benchTenant, `to-${id}`, id, [eventType(k)], templateBody],
    );
  }
}
