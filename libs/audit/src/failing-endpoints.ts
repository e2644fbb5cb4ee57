/** Endpoints that have only failed since their last success. */
import type { DataSource } from 'typeorm';
import { type FailingEndpoint, failingNotificationsMax } from '#domain/failing-endpoint';
import {
  type EndpointId,
  type EndpointKey,
  endpointKey,
  idsOfKey,
  type NotificationId,
  type TenantId,
} from '#domain/ids';
import { inTransaction, rowsOf, type Transaction } from '#postgres/transaction';

/** What one process has seen of an endpoint since it told last. Times: milliseconds since the epoch. */
export interface EndpointFailureCount {
  readonly key: EndpointKey;
  /** A success came before these failures: what was stored is over. */
  readonly isAnew: boolean;
  /** 0: it is well. */
  readonly attempts: number;
  readonly firstFailedMs: number;
  readonly lastFailedMs: number;
  /** Of those that failed, different ones, `failingNotificationsMax` at most. */
  readonly notificationIds: readonly NotificationId[];
}

/** An endpoint that only fails, as it is stored. */
export interface StoredFailing extends FailingEndpoint {
  readonly key: EndpointKey;
}

/** Adds failures to what is stored of endpoints that exist; a success ends it: all of it or nothing. Answers what ended. Throws a Failure. */
export function storeFailures(
  dataSource: DataSource,
  counts: readonly EndpointFailureCount[],
): Promise<readonly StoredFailing[]> {
  const sorted = counts.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const over = sorted.filter(({ isAnew }) => isAnew).map(({ key }) => idsOfKey(key));
  const failed = sorted.filter(({ attempts }) => attempts > 0);
  return inTransaction(dataSource, async (tx) => {
    const ended = over.length === 0 ? [] : await endFailing(tx, over);
    if (failed.length > 0) await addFailures(tx, failed);
    return ended;
  });
}

async function endFailing(
  tx: Transaction,
  ids: readonly ReturnType<typeof idsOfKey>[],
): Promise<readonly StoredFailing[]> {
  const rows = await rowsOf<FailingRow>(
    tx,
    `DELETE FROM failing_endpoints f WHERE (tenant_id, endpoint_id) IN (SELECT * FROM unnest($1::text[], $2::text[]))
     RETURNING ${columns}`,
    [ids.map(({ tenantId }) => tenantId), ids.map(({ endpointId }) => endpointId)],
  );
  return rows.map(storedOf);
}

async function addFailures(tx: Transaction, failed: readonly EndpointFailureCount[]): Promise<void> {
  const ids = failed.map(({ key }) => idsOfKey(key));
  await rowsOf(tx, addStatement, [
    ids.map(({ tenantId }) => tenantId),
    ids.map(({ endpointId }) => endpointId),
    failed.map(({ firstFailedMs }) => firstFailedMs),
    failed.map(({ lastFailedMs }) => lastFailedMs),
    failed.map(({ attempts }) => attempts),
    failed.map(({ notificationIds }) => notificationIds.join(',')),
    failingNotificationsMax,
  ]);
}

const addStatement = `
  INSERT INTO failing_endpoints AS f
    (tenant_id, endpoint_id, since, last_failed_at, attempts, notification_ids)
  SELECT n.tenant_id, n.endpoint_id, to_timestamp(n.first_ms / 1000), to_timestamp(n.last_ms / 1000), n.attempts,
         string_to_array(n.notification_ids, ',')::uuid[]
    FROM unnest($1::text[], $2::text[], $3::float8[], $4::float8[], $5::int[], $6::text[])
           AS n(tenant_id, endpoint_id, first_ms, last_ms, attempts, notification_ids)
    JOIN endpoints e ON e.tenant_id = n.tenant_id AND e.id = n.endpoint_id AND e.deleted_at IS NULL
  ON CONFLICT (tenant_id, endpoint_id) DO UPDATE
    SET since = least(f.since, excluded.since), last_failed_at = greatest(f.last_failed_at, excluded.last_failed_at),
        attempts = f.attempts + excluded.attempts,
        notification_ids = ARRAY(SELECT DISTINCT id FROM unnest(f.notification_ids || excluded.notification_ids) AS id LIMIT $7)`;

interface FailingRow {
  readonly tenant_id: string;
  readonly endpoint_id: string;
  readonly since_ms: string;
  readonly last_ms: string;
  readonly attempts: number;
  readonly notifications: number;
  readonly warnings: number;
}

const columns = `f.tenant_id, f.endpoint_id, f.attempts, f.warnings, cardinality(f.notification_ids) AS notifications,
  extract(epoch FROM f.since) * 1000 AS since_ms, extract(epoch FROM f.last_failed_at) * 1000 AS last_ms`;

/** All that fail, with the warnings given so far. Throws a Failure. */
export async function loadFailing(dataSource: DataSource): Promise<readonly StoredFailing[]> {
  return (await rowsOf<FailingRow>(dataSource, `SELECT ${columns} FROM failing_endpoints f`, [])).map(storedOf);
}

function storedOf(row: FailingRow): StoredFailing {
  return {
    key: endpointKey(row.tenant_id as TenantId, row.endpoint_id as EndpointId),
    ...{ sinceMs: Number(row.since_ms), lastFailedMs: Number(row.last_ms) },
    ...{ attempts: row.attempts, notifications: row.notifications, warnings: row.warnings },
  };
}

/**
 * Whether an answer of the endpoint was accepted since, by the counters that are written with the attempts themselves: a
 * dispatcher that is killed takes the news of a success with it. The minute of `sinceMs` does not count, as the success may
 * have come before. Throws a Failure.
 */
export async function hasAcceptedSince(dataSource: DataSource, key: EndpointKey, sinceMs: number): Promise<boolean> {
  const { tenantId, endpointId } = idsOfKey(key);
  const rows = await rowsOf(
    dataSource,
    `SELECT FROM endpoint_minutes WHERE tenant_id = $1 AND endpoint_id = $2 AND accepted > 0
        AND minute > to_timestamp($3::float8 / 1000) LIMIT 1`,
    [tenantId, endpointId, sinceMs],
  );
  return rows.length > 0;
}

/** Remembers how many warnings were given. Throws a Failure. */
export async function noteWarnings(dataSource: DataSource, key: EndpointKey, warnings: number): Promise<void> {
  const { tenantId, endpointId } = idsOfKey(key);
  await rowsOf(dataSource, 'UPDATE failing_endpoints SET warnings = $3 WHERE tenant_id = $1 AND endpoint_id = $2', [
    tenantId,
    endpointId,
    warnings,
  ]);
}

/** Forgets endpoints that nothing is sent to: once something is, they begin anew. Throws a Failure. */
export async function forgetUnsent(dataSource: DataSource): Promise<void> {
  await rowsOf(
    dataSource,
    `DELETE FROM failing_endpoints f USING endpoints e JOIN tenants t ON t.id = e.tenant_id
      WHERE e.tenant_id = f.tenant_id AND e.id = f.endpoint_id
        AND (NOT e.enabled OR e.deleted_at IS NOT NULL OR e.paused_at IS NOT NULL OR NOT t.webhooks_enabled)`,
    [],
  );
}

/** Begins anew. Throws a Failure. */
export async function forgetFailing(dataSource: DataSource, key: EndpointKey): Promise<void> {
  const { tenantId, endpointId } = idsOfKey(key);
  const statement = 'DELETE FROM failing_endpoints WHERE tenant_id = $1 AND endpoint_id = $2';
  await rowsOf(dataSource, statement, [tenantId, endpointId]);
}
