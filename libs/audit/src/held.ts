/** What is held, a row alone: let go on, failed, and what is remembered of circuits nothing waits for any more. */
import type { DataSource } from 'typeorm';
import type { Delivery } from '#contracts/delivery-record';
import type { FailureReason } from '#domain/attempt';
import { type EndpointKey, idsOfKey } from '#domain/ids';
import { inTransaction, rowsOf, type Transaction } from '#postgres/transaction';
import { type CircuitRow, circuitColumns, type StoredCircuit, storedOf } from './circuits.js';
import type { HoldRequest } from './holds.js';
import { deliveryOf, type OverdueRow, shardsColumn } from './overdue.js';

/** An endpoint, or a shard of one, for which notifications may be held, each a row alone. */
export interface HeldBehind extends StoredCircuit {
  /** Why nothing will be sent to it at all; null: no such reason. */
  readonly refused: Extract<FailureReason, 'ENDPOINT_DELETED' | 'WEBHOOKS_DISABLED' | 'ENDPOINT_DISABLED'> | null;
  readonly isPaused: boolean;
  /** It was paused, and what was held then may not have gone on yet. */
  readonly isDraining: boolean;
  /** How many of those go on in a second; null: as fast as it goes, in a ramp. */
  readonly drainPerSecond: number | null;
}

interface HeldRow extends Omit<CircuitRow, 'state' | 'version'> {
  readonly state: CircuitRow['state'] | null;
  readonly version: string | null;
  readonly refused: HeldBehind['refused'];
  readonly is_paused: boolean;
  readonly is_draining: boolean;
  readonly drain_per_second: number | null;
}

/**
 * Every endpoint with a circuit that is known, and every one that is or was paused: each of its shards, also those of
 * before a change, for what was held under another number of shards belongs to another shard now. Throws a Failure.
 */
export async function loadHeldBehind(dataSource: DataSource): Promise<readonly HeldBehind[]> {
  const rows = await rowsOf<HeldRow>(
    dataSource,
    `SELECT e.tenant_id, e.id AS endpoint_id, one.shard, ${circuitColumns}, e.drain_per_second / e.shards AS drain_per_second,
            e.paused_at IS NOT NULL AS is_paused, e.held_since IS NOT NULL AS is_draining,
            CASE WHEN e.deleted_at IS NOT NULL THEN 'ENDPOINT_DELETED'
                 WHEN NOT t.webhooks_enabled THEN 'WEBHOOKS_DISABLED'
                 WHEN NOT e.enabled THEN 'ENDPOINT_DISABLED' END AS refused
       FROM (SELECT tenant_id, id, max(shard) AS shard_max
               FROM (SELECT tenant_id, endpoint_id AS id, shard FROM endpoint_circuits
                     UNION ALL SELECT tenant_id, id, 0 FROM endpoints WHERE held_since IS NOT NULL) known
              GROUP BY tenant_id, id) behind
       JOIN endpoints e USING (tenant_id, id) JOIN tenants t ON t.id = e.tenant_id
      CROSS JOIN LATERAL generate_series(0, greatest(shard_max, e.shards - 1)) AS one(shard)
       LEFT JOIN endpoint_circuits c ON c.tenant_id = e.tenant_id AND c.endpoint_id = e.id AND c.shard = one.shard`,
    [],
  );
  return rows.map((row) => ({ ...storedOfHeld(row), refused: row.refused, ...pauseOf(row) }));
}

function storedOfHeld({ state, version, ...row }: HeldRow): StoredCircuit {
  return storedOf({ ...row, state: state ?? 'closed', version: version ?? '0' });
}

function pauseOf({ is_paused: isPaused, is_draining: isDraining, drain_per_second: drainPerSecond }: HeldRow) {
  return { isPaused, isDraining, drainPerSecond };
}

/** How many held notifications of one endpoint, or of a shard of one, may go on. */
export interface HeldShare {
  readonly key: EndpointKey;
  readonly rowsMax: number;
}

/** Which held notifications may go on; durations in milliseconds. */
export interface HeldQuery {
  readonly reasons: readonly HoldRequest['reason'][];
  /** One that was let go so lately is still on its way. */
  readonly graceMs: number;
  /** Only those that should have gone on by themselves this long ago; null: also those that are not due yet. */
  readonly overdueMs: number | null;
}

/**
 * Makes the oldest held notifications of endpoints due now and answers their deliveries, which must be produced: what is
 * lost between here and there is taken again after the grace. Throws a Failure.
 */
export function takeHeld(
  dataSource: DataSource,
  shares: readonly HeldShare[],
  { reasons, graceMs, overdueMs }: HeldQuery,
): Promise<readonly Delivery[]> {
  const ids = shares.map(({ key }) => idsOfKey(key));
  return inTransaction(dataSource, async (tx) => {
    const held = await rowsOf<{ id: string }>(tx, lockStatement, [
      ids.map(({ tenantId }) => tenantId),
      ids.map(({ endpointId }) => endpointId),
      shares.map(({ rowsMax }) => rowsMax),
      reasons,
      graceMs,
      overdueMs,
      ids.map(({ shard }) => shard),
    ]);
    const rows = await changeRows<OverdueRow>(tx, held, {
      assignments: 'asked_at = now(), next_attempt_at = least(n.next_attempt_at, now())',
      returning: `n.id, n.tenant_id, n.endpoint_id, n.template_id, n.trace_parent, n.next_number AS number, ${shardsColumn}`,
    });
    return rows.map((row) => deliveryOf(row, { kind: 'attempt', number: row.number }, 'release'));
  });
}

const lockStatement = `
  SELECT h.id FROM unnest($1::text[], $2::text[], $3::int[], $7::int[]) AS share(tenant_id, endpoint_id, rows_max, shard)
   JOIN endpoints e ON e.tenant_id = share.tenant_id AND e.id = share.endpoint_id
   CROSS JOIN LATERAL (
     SELECT n.id FROM notifications n
      WHERE n.tenant_id = share.tenant_id AND n.endpoint_id = share.endpoint_id
        AND n.waiting_reason = ANY ($4::text[]) AND n.state = 'pending'
        AND (n.asked_at IS NULL OR n.asked_at < now() - $5::float8 * interval '1 millisecond')
        AND ('x' || right(n.id::text, 8))::bit(32)::bigint % e.shards = share.shard
        AND ($6::float8 IS NULL OR n.next_attempt_at < now() - $6::float8 * interval '1 millisecond')
      ORDER BY n.next_attempt_at, n.id LIMIT share.rows_max FOR NO KEY UPDATE SKIP LOCKED) h`;

interface RowsChange {
  readonly assignments: string;
  /** What else must hold, beginning with AND. */
  readonly only?: string;
  readonly returning: string;
  /** From $4 on. */
  readonly parameters?: readonly unknown[];
}

/** Changes rows that are locked, by their keys: the bounds spare looking into table partitions that hold none of them. */
async function changeRows<T>(
  tx: Transaction,
  rows: readonly { readonly id: string }[],
  { assignments, only = '', returning, parameters = [] }: RowsChange,
): Promise<readonly T[]> {
  const ids = rows.map(({ id }) => id).toSorted();
  if (ids.length === 0) return [];
  return rowsOf<T>(
    tx,
    `UPDATE notifications n SET ${assignments}
      WHERE n.id = ANY ($1::uuid[]) AND n.id BETWEEN $2::uuid AND $3::uuid ${only} RETURNING ${returning}`,
    [ids, ids[0], ids.at(-1), ...parameters],
  );
}

/** Which held notifications fail without an attempt. */
export interface HeldFailure {
  /** Only those of this endpoint; null: of all. */
  readonly key: EndpointKey | null;
  /** Only those older than this, milliseconds since their creation. */
  readonly ageMs: number;
  readonly reason: FailureReason;
  readonly detail: string;
  readonly rowsMax: number;
}

/**
 * Fails a page of held notifications; answers how many. One that was claimed in the same instant is left to its attempt: the
 * rows are locked first and judged by a statement that begins after it. Throws a Failure.
 */
export function failHeld(dataSource: DataSource, failure: HeldFailure): Promise<number> {
  const { key, ageMs, reason, detail, rowsMax } = failure;
  const { tenantId, endpointId } = key === null ? { tenantId: null, endpointId: null } : idsOfKey(key);
  return inTransaction(dataSource, async (tx) => {
    const held = await rowsOf<{ id: string }>(
      tx,
      `SELECT n.id FROM notifications n
        WHERE n.waiting_reason IN ('CIRCUIT_OPEN', 'ENDPOINT_PAUSED', 'RATE_LIMITED', 'ENDPOINT_FULL')
          AND n.state = 'pending' AND n.created_at < now() - $3::float8 * interval '1 millisecond'
          AND ($1::text IS NULL OR (n.tenant_id = $1 AND n.endpoint_id = $2))
        LIMIT $4 FOR NO KEY UPDATE SKIP LOCKED`,
      [tenantId, endpointId, ageMs, rowsMax],
    );
    const failed = await changeRows(tx, held, {
      assignments: `state = 'failed', failure_reason = $4, failure_detail = $5, waiting_reason = NULL,
        next_attempt_at = NULL, finished_at = now()`,
      only: 'AND NOT EXISTS (SELECT FROM claims c WHERE c.notification_id = n.id)',
      returning: 'n.id',
      parameters: [reason, detail],
    });
    return failed.length;
  });
}

/** Nothing of these is held any more. */
const noneHeld = `NOT EXISTS (SELECT FROM notifications n WHERE n.tenant_id = $1 AND n.endpoint_id = $2
  AND n.waiting_reason IN ('CIRCUIT_OPEN', 'ENDPOINT_PAUSED'))`;

/**
 * Forgets a circuit of which nothing is held any more, unless it has changed meanwhile: a closed one, one of an endpoint
 * nothing is sent to, and one that nobody has probed for `unusedMs`. Throws a Failure.
 */
export async function forgetCircuit(
  dataSource: DataSource,
  { key, version, refused }: Pick<HeldBehind, 'key' | 'version' | 'refused'>,
  unusedMs: number,
): Promise<void> {
  const { tenantId, endpointId, shard } = idsOfKey(key);
  await rowsOf(
    dataSource,
    `DELETE FROM endpoint_circuits c
      WHERE tenant_id = $1 AND endpoint_id = $2 AND shard = $3 AND version = $4
        AND (state = 'closed' OR $5
          OR shard >= (SELECT e.shards FROM endpoints e WHERE e.tenant_id = $1 AND e.id = $2) OR greatest(opened_at, probe_at) < now() - $6::float8 * interval '1 millisecond')
        AND ${noneHeld}`,
    [tenantId, endpointId, shard, version, refused !== null, unusedMs],
  );
}

/**
 * Ends the drain of an endpoint that is not paused any more and of which nothing is held; what a dispatcher that had not
 * seen the change holds meanwhile is found by `freeUnknown`. Throws a Failure.
 */
export async function endDrain(dataSource: DataSource, key: EndpointKey): Promise<void> {
  const { tenantId, endpointId } = idsOfKey(key);
  const isOver = `tenant_id = $1 AND id = $2 AND held_since IS NOT NULL AND (paused_at IS NULL OR deleted_at IS NOT NULL)
    AND ${noneHeld}`;
  // Asked first: an UPDATE makes every app load the registry anew, also one that changes no row.
  const over = await rowsOf(dataSource, `SELECT FROM endpoints WHERE ${isOver}`, [tenantId, endpointId]);
  if (over.length === 0) return;
  await rowsOf(dataSource, `UPDATE endpoints SET held_since = NULL, drain_per_second = NULL WHERE ${isOver}`, [
    tenantId,
    endpointId,
  ]);
}

/**
 * Makes held rows due that nobody would let go on: their circuit is not known (the dispatcher was killed before it stored
 * it), their endpoint is not paused. The sweep asks for them. Answers how many. Throws a Failure.
 */
export function freeUnknown(dataSource: DataSource, rowsMax: number): Promise<number> {
  return inTransaction(dataSource, async (tx) => {
    const unknown = await rowsOf<{ id: string }>(
      tx,
      `SELECT n.id FROM notifications n
        WHERE n.waiting_reason IN ('CIRCUIT_OPEN', 'ENDPOINT_PAUSED') AND n.state = 'pending' AND n.next_attempt_at > now()
          AND NOT EXISTS (SELECT FROM endpoint_circuits c WHERE c.tenant_id = n.tenant_id AND c.endpoint_id = n.endpoint_id)
          AND NOT EXISTS (SELECT FROM endpoints e
                           WHERE e.tenant_id = n.tenant_id AND e.id = n.endpoint_id AND e.held_since IS NOT NULL)
        LIMIT $1 FOR NO KEY UPDATE OF n SKIP LOCKED`,
      [rowsMax],
    );
    const freed = await changeRows(tx, unknown, { assignments: 'next_attempt_at = now()', returning: 'n.id' });
    return freed.length;
  });
}
