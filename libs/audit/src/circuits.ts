import type { DataSource } from 'typeorm';
import { type Circuit, closedCircuit } from '#domain/circuit';
import { type EndpointId, type EndpointKey, endpointKey, idsOfKey, type TenantId } from '#domain/ids';
import { rowsOf } from '#postgres/transaction';

/** A circuit as it stands in the store: of an endpoint, or of one of its shards. */
export interface StoredCircuit {
  readonly key: EndpointKey;
  readonly circuit: Circuit;
  /** Grows with each change of the row. */
  readonly version: number;
}

/** Of a row of `endpoint_circuits`. */
export interface CircuitRow {
  readonly tenant_id: string;
  readonly endpoint_id: string;
  readonly shard: number;
  readonly state: Circuit['kind'];
  readonly opened_ms: string | null;
  readonly probe_ms: string | null;
  readonly open_count: number;
  readonly allowed: number;
  readonly version: string;
}

/** What `storedOf` is made of; the table is `c`. */
export const circuitColumns = `c.state, c.open_count, c.allowed, c.version,
  extract(epoch FROM c.opened_at) * 1000 AS opened_ms, extract(epoch FROM c.probe_at) * 1000 AS probe_ms`;

/** Every circuit that is not closed, and those that are and whose held notifications still drain. Throws a Failure. */
export async function loadCircuits(dataSource: DataSource): Promise<readonly StoredCircuit[]> {
  const statement = `SELECT c.tenant_id, c.endpoint_id, c.shard, ${circuitColumns} FROM endpoint_circuits c`;
  return (await rowsOf<CircuitRow>(dataSource, statement, [])).map(storedOf);
}

/**
 * Stores a circuit if its row still has the version that was read, or none where there was none (0). Answers the row's new
 * version; null when somebody else has changed it. Throws a Failure, also where the endpoint is gone.
 */
export async function saveCircuit(
  dataSource: DataSource,
  { key, circuit, version }: StoredCircuit,
): Promise<number | null> {
  const { tenantId, endpointId, shard } = idsOfKey(key);
  const { openedMs, probeMs } = circuit.kind === 'open' ? circuit : { openedMs: null, probeMs: null };
  const allowed = circuit.kind === 'half-open' ? circuit.allowed : 0;
  const openCount = circuit.kind === 'closed' ? 0 : circuit.openCount;
  const [row] = await rowsOf<{ version: string }>(
    dataSource,
    `INSERT INTO endpoint_circuits AS c
       (tenant_id, endpoint_id, shard, state, opened_at, probe_at, open_count, allowed, version)
     VALUES ($1, $2, $3, $4, to_timestamp($5::float8 / 1000), to_timestamp($6::float8 / 1000), $7, $8, $9::bigint + 1)
     ON CONFLICT (tenant_id, endpoint_id, shard) DO UPDATE
       SET state = excluded.state, opened_at = coalesce(excluded.opened_at, c.opened_at),
           probe_at = excluded.probe_at, open_count = excluded.open_count, allowed = excluded.allowed,
           version = excluded.version
     WHERE c.version = $9
     RETURNING version`,
    [tenantId, endpointId, shard, circuit.kind, openedMs, probeMs, openCount, allowed, version],
  );
  return row === undefined ? null : Number(row.version);
}

/** A row as a circuit. */
export function storedOf(row: CircuitRow): StoredCircuit {
  const key = endpointKey(row.tenant_id as TenantId, row.endpoint_id as EndpointId, row.shard);
  return { key, circuit: circuitOf(row), version: Number(row.version) };
}

function circuitOf({ state, opened_ms, probe_ms, open_count: openCount, allowed }: CircuitRow): Circuit {
  switch (state) {
    case 'closed':
      return closedCircuit;
    case 'open':
      return { kind: 'open', openedMs: Number(opened_ms), probeMs: Number(probe_ms), openCount };
    case 'half-open':
      return { kind: 'half-open', allowed, good: 0, failed: 0, openCount };
  }
}
