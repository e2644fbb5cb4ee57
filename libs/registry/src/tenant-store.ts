import { type DataSource, type EntityManager, In } from 'typeorm';
import type { TenantId } from '#domain/ids';
import { rowsOf, stored, type Transaction } from '#postgres/transaction';
import { TenantRow } from './registry-rows.js';
import type { TenantFields } from './resource-fields.js';

/** What a change of a tenant comes to. */
export interface TenantPlan {
  readonly kind: 'created' | 'updated' | 'unchanged';
  /** Fields that change, by their name in the API. */
  readonly fields: readonly string[];
  readonly tenant: Pick<TenantRow, 'id' | 'webhooksEnabled' | 'retryScheduleMs'>;
}

/** What has to change so that the tenant is as described. */
export function planTenant(given: TenantFields, current: TenantRow | undefined): TenantPlan {
  const retryScheduleMs = given.retrySchedule?.map(String) ?? null;
  // A description that does not speak of it must not switch on what an operator has switched off.
  const webhooksEnabled = given.webhooksEnabled ?? current?.webhooksEnabled ?? true;
  const changes: Readonly<Record<string, boolean>> = {
    webhooksEnabled: current?.webhooksEnabled !== webhooksEnabled,
    retrySchedule: String(current?.retryScheduleMs ?? null) !== String(retryScheduleMs),
  };
  const fields = Object.keys(changes).filter((field) => changes[field]);
  const kind = current === undefined ? 'created' : fields.length > 0 ? 'updated' : 'unchanged';
  return { kind, fields, tenant: { id: given.id as TenantId, webhooksEnabled, retryScheduleMs } };
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
    `INSERT INTO tenants AS t (id, webhooks_enabled, retry_schedule_ms)
     SELECT id, "webhooksEnabled", "retryScheduleMs"
       FROM jsonb_to_recordset($1::jsonb) AS x(id text, "webhooksEnabled" boolean, "retryScheduleMs" bigint[])
     ON CONFLICT (id) DO UPDATE SET webhooks_enabled = excluded.webhooks_enabled,
       retry_schedule_ms = excluded.retry_schedule_ms, etag = t.etag + 1, updated_at = now()`,
    [JSON.stringify(changed.map(({ tenant }) => tenant))],
  );
}
