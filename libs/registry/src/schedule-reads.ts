/** What is stored of retry schedules, beside the resources themselves. */
import type { DataSource, EntityManager } from 'typeorm';
import { type EndpointKey, endpointKey, type TenantId } from '#domain/ids';
import { rowsOf } from '#postgres/transaction';
import type { EndpointName } from './endpoint-store.js';

/** Delays in milliseconds; null: none of its own. */
export interface StoredSchedules {
  readonly endpoint: readonly number[] | null;
  readonly tenant: readonly number[] | null;
}

/** What these endpoints and their tenants say; a deleted endpoint says nothing. Throws a Failure. */
export async function readSchedules(
  on: DataSource | EntityManager,
  names: readonly EndpointName[],
): Promise<ReadonlyMap<EndpointKey, StoredSchedules>> {
  if (names.length === 0) return new Map();
  const rows = await rowsOf<EndpointName & { endpoint: readonly string[] | null; tenant: readonly string[] | null }>(
    on,
    `SELECT n.tenant_id AS "tenantId", n.id, e.retry_schedule_ms AS endpoint, t.retry_schedule_ms AS tenant
       FROM unnest($1::text[], $2::text[]) AS n(tenant_id, id) JOIN tenants t ON t.id = n.tenant_id
       LEFT JOIN endpoints e ON e.tenant_id = n.tenant_id AND e.id = n.id AND e.deleted_at IS NULL`,
    [names.map(({ tenantId }) => tenantId), names.map(({ id }) => id)],
  );
  const inNumbers = (delays: readonly string[] | null) => delays?.map(Number) ?? null;
  return new Map(
    rows.map(({ tenantId, id, endpoint, tenant }) => [
      endpointKey(tenantId, id),
      { endpoint: inNumbers(endpoint), tenant: inNumbers(tenant) },
    ]),
  );
}

/** A resource whose own schedule is longer than asked for. */
export interface LongSchedule {
  readonly kind: 'tenants' | 'endpoints' | 'templates';
  readonly tenantId: TenantId;
  /** Of an endpoint or a template. */
  readonly id: string | null;
  readonly totalMs: number;
}

/** Resources that say a schedule of more than `totalMs` together, by their names, `rowsMax` at most. Throws a Failure. */
export async function longSchedules(
  dataSource: DataSource,
  totalMs: number,
  rowsMax: number,
): Promise<readonly LongSchedule[]> {
  const total = '(SELECT sum(delay) FROM unnest(retry_schedule_ms) AS delay)';
  const own = (kind: string, tenant: string, id: string) =>
    `SELECT '${kind}' AS kind, ${tenant} AS tenant_id, ${id} AS id, ${total} AS total FROM`;
  const rows = await rowsOf<{ kind: LongSchedule['kind']; tenant_id: TenantId; id: string | null; total: string }>(
    dataSource,
    `SELECT * FROM (
       ${own('tenants', 'id', 'NULL')} tenants WHERE retry_schedule_ms IS NOT NULL
       UNION ALL ${own('endpoints', 'tenant_id', 'id')} endpoints WHERE retry_schedule_ms IS NOT NULL AND deleted_at IS NULL
       UNION ALL ${own('templates', 'tenant_id', 'id')} webhook_templates
         WHERE retry_schedule_ms IS NOT NULL AND deleted_at IS NULL) AS own
      WHERE total > $1 ORDER BY tenant_id, kind, id LIMIT $2`,
    [totalMs, rowsMax],
  );
  return rows.map(({ kind, tenant_id: tenantId, id, total: sum }) => ({ kind, tenantId, id, totalMs: Number(sum) }));
}
