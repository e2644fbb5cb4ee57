import { type DataSource, type EntityManager, In } from 'typeorm';
import type { TenantId } from '#domain/ids';
import { rowsOf, stored, type Transaction } from '#postgres/transaction';
import { TenantRow } from './registry-rows.js';

/** A tenant as it is to be. */
export interface TenantFields {
  readonly id: TenantId;
  /** False: nothing of this tenant is sent. Undefined: as it is stored, for a new tenant true. */
  readonly webhooksEnabled: boolean | undefined;
}

/** What a change of a tenant comes to. */
export interface TenantPlan {
  readonly kind: 'created' | 'updated' | 'unchanged';
  /** Fields that change, by their name in the API. */
  readonly fields: readonly string[];
  readonly tenant: TenantFields;
}

/** What has to change so that the tenant is as described. */
export function planTenant(given: TenantFields, current: TenantRow | undefined): TenantPlan {
  // A description that does not speak of it must not switch on what an operator has switched off.
  const tenant = { ...given, webhooksEnabled: given.webhooksEnabled ?? current?.webhooksEnabled ?? true };
  if (current === undefined) return { kind: 'created', fields: ['webhooksEnabled'], tenant };
  if (current.webhooksEnabled === tenant.webhooksEnabled) return { kind: 'unchanged', fields: [], tenant };
  return { kind: 'updated', fields: ['webhooksEnabled'], tenant };
}

/** The tenants of these ids that there are. Throws a Failure. */
export async function findTenants(
  on: DataSource | EntityManager,
  ids: readonly TenantId[],
): Promise<ReadonlyMap<TenantId, TenantRow>> {
  if (ids.length === 0) return new Map();
  const rows = await stored(() => on.getRepository(TenantRow).findBy({ id: In([...new Set(ids)]) }));
  return new Map(rows.map((row) => [row.id, row]));
}

/** Writes what plans change; without a change no statement runs. Throws a Failure. */
export async function writeTenants(tx: Transaction, plans: readonly TenantPlan[]): Promise<void> {
  const changed = plans.filter(({ kind }) => kind !== 'unchanged');
  if (changed.length === 0) return;
  await rowsOf(
    tx,
    `INSERT INTO tenants AS t (id, webhooks_enabled)
     SELECT id, "webhooksEnabled" FROM jsonb_to_recordset($1::jsonb) AS x(id text, "webhooksEnabled" boolean)
     ON CONFLICT (id) DO UPDATE SET webhooks_enabled = excluded.webhooks_enabled, etag = t.etag + 1, updated_at = now()`,
    [JSON.stringify(changed.map(({ tenant }) => tenant))],
  );
}
