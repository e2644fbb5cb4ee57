import { readFileSync } from 'node:fs';
import type { EndpointId, TenantId } from '#domain/ids';
import { newSigningSecret, parseSigningSecret, signingSecretText } from '#egress/request-signature';
import { SecretBox } from '#registry/secret-box';
import type { Stack } from './stack.js';
import type { TestApp } from './start-app.js';
import type { TestDatabase } from './test-database.js';
import { until } from './until.js';

/** An endpoint and the one template that leads to it. */
export interface WiredEndpoint {
  readonly id: string;
  readonly url: string;
  readonly secret: string;
  readonly eventTypes: readonly string[];
  readonly tenant?: string;
  readonly method?: string;
  readonly contentType?: string;
  readonly body?: string;
  readonly concurrency?: number;
  readonly ratePerSecond?: number;
  readonly shards?: number;
}

/** A fresh secret in the form receivers are given. */
export function aSecret(): string {
  return signingSecretText(newSigningSecret());
}

/** Writes endpoints and templates into the registry's tables and waits until every running worker has seen them. */
export async function wire(stack: Stack, endpoints: readonly WiredEndpoint[]): Promise<void> {
  await writeEndpoints(stack, endpoints);
  await allSeen(stack);
}

/** Writes endpoints and templates into the registry's tables. */
export async function writeEndpoints(
  { database, env }: { readonly database: Pick<TestDatabase, 'query'>; readonly env: Stack['env'] },
  endpoints: readonly WiredEndpoint[],
): Promise<void> {
  const box = SecretBox.fromKeyFile(readFileSync(env['KEK_FILE'] ?? '', 'utf8'));
  for (const endpoint of endpoints) {
    const {
      id,
      url,
      eventTypes,
      tenant = 'default',
      method = 'POST',
      concurrency = 10,
      ratePerSecond = null,
      shards = 1,
    } = endpoint;
    const { contentType = 'application/json', body = null } = endpoint;
    const secret = parseSigningSecret(endpoint.secret);
    if (secret === null) throw new Error('the test has no proper secret');
    const owner = { tenantId: tenant as TenantId, ownerId: id as EndpointId, purpose: 'signing', version: 1 } as const;
    const sealed = box.seal(secret, owner);
    await database.query('INSERT INTO tenants (id) VALUES ($1) ON CONFLICT DO NOTHING', [tenant]);
    await database.query(
      'INSERT INTO endpoints (tenant_id, id, url, concurrency, rate_per_second, shards) VALUES ($1, $2, $3, $4, $5, $6)',
      [tenant, id, url, concurrency, ratePerSecond, shards],
    );
    await database.query('INSERT INTO endpoint_secrets VALUES ($1, $2, $3, 1, $4, $5, $6, $7)', [
      ...[tenant, id, 'signing'],
      ...[sealed.kekId, sealed.wrappedKey, sealed.iv, sealed.ciphertext],
    ]);
    await database.query('INSERT INTO webhook_templates (tenant_id, id, active_version) VALUES ($1, $2, 1)', [
      tenant,
      `to-${id}`,
    ]);
    await database.query(
      `INSERT INTO webhook_template_versions (tenant_id, template_id, version, endpoint_id, event_types, method, content_type, body)
       VALUES ($1, $2, 1, $3, $4, $5, $6, $7)`,
      [tenant, `to-${id}`, id, eventTypes, method, contentType, body],
    );
  }
}

/** Waits until every running worker has seen the registry as it is now, and these which the stack did not start. */
export async function allSeen(stack: Stack, others: readonly Pick<TestApp, 'lines'>[] = []): Promise<void> {
  const [row] = await stack.database.query<{ version: string }>('SELECT version FROM registry_version');
  const isSeen = (line: string) => {
    if (!line.includes('"event":"registry.loaded"')) return false;
    const { version }: { readonly version: string } = JSON.parse(line);
    return BigInt(version) >= BigInt(row?.version ?? 0);
  };
  for (const name of ['renderer', 'dispatcher'] as const)
    if (stack.apps.has(name))
      await until(() => stack.app(name).lines.some(isSeen), { what: `${name} sees the change` });
  for (const { lines } of others) await until(() => lines.some(isSeen), { what: 'each of them sees the change' });
}
