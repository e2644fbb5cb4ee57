import type { DataSource } from 'typeorm';
import type { EndpointId, TenantId } from '#domain/ids';
import { rowsOf } from '#postgres/transaction';

/**
 * Upper bounds of how long attempts took, milliseconds, not included; the last counter is for what took longer. Those of
 * the histogram `hookline_attempt_duration_seconds`. They stand in the table's columns: another list is another table.
 */
export const durationBoundsMs: readonly number[] = [
  5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 15_000, 30_000,
];

/** What ended of an endpoint's attempts within some minutes. */
export interface EndpointMinutes {
  readonly endpointId: EndpointId;
  /** Where they begin, milliseconds since the epoch. */
  readonly fromMs: number;
  readonly accepted: number;
  readonly gone: number;
  readonly failed: number;
  /** Their lease ran out; the minute is the one in which that was found. */
  readonly unknown: number;
  /** Number 1 by schedule, later numbers by schedule, and re-sends: together as many as the four outcomes. */
  readonly first: number;
  readonly retry: number;
  readonly manual: number;
  /** Attempts that were answered or timed out, by `durationBoundsMs`: one more than those. */
  readonly durations: readonly number[];
  /** The sum of their durations. */
  readonly durationMs: number;
}

/** Which minutes are asked for. */
export interface EndpointMinutesQuery {
  readonly tenantId: TenantId;
  /** Null: every endpoint of the tenant. */
  readonly endpointId: EndpointId | null;
  /** Milliseconds since the epoch; the minutes from this one until before that one. */
  readonly fromMs: number;
  readonly toMs: number;
  /** So many minutes are one answer, counted from `fromMs`; at least 1. */
  readonly stepMinutes: number;
  readonly rowsMax: number;
}

interface Row {
  readonly endpoint_id: EndpointId;
  readonly from_ms: string;
  readonly durations: readonly string[];
  readonly duration_ms: string;
  readonly accepted: string;
  readonly gone: string;
  readonly failed: string;
  readonly unknown: string;
  readonly first: string;
  readonly retry: string;
  readonly manual: string;
}

const counts = ['accepted', 'gone', 'failed', 'unknown', 'first', 'retry', 'manual'] as const;
const durations = Array.from({ length: durationBoundsMs.length + 1 }, (_, i) => `sum(d${i})::bigint`);

/** By endpoint and time; minutes in which nothing ended are left out. Costs as much as there are rows, never attempts. Throws a Failure. */
export async function readEndpointMinutes(
  dataSource: DataSource,
  { tenantId, endpointId, fromMs, toMs, stepMinutes, rowsMax }: EndpointMinutesQuery,
): Promise<readonly EndpointMinutes[]> {
  const rows = await rowsOf<Row>(
    dataSource,
    `SELECT endpoint_id, extract(epoch FROM step) * 1000 AS from_ms, ARRAY[${durations.join(', ')}] AS durations,
            sum(duration_ms) AS duration_ms, ${counts.map((name) => `sum(${name}) AS ${name}`).join(', ')}
       FROM endpoint_minutes,
            date_bin($5::int * interval '1 minute', minute, to_timestamp($3::float8 / 1000)) AS step
      WHERE tenant_id = $1 AND ($2::text IS NULL OR endpoint_id = $2)
        AND minute >= to_timestamp($3::float8 / 1000) AND minute < to_timestamp($4::float8 / 1000)
      GROUP BY endpoint_id, step ORDER BY endpoint_id, step LIMIT $6`,
    [tenantId, endpointId, fromMs, toMs, stepMinutes, rowsMax],
  );
  return rows.map(minutesOf);
}

function minutesOf(row: Row): EndpointMinutes {
  return {
    endpointId: row.endpoint_id,
    fromMs: Number(row.from_ms),
    ...{ accepted: Number(row.accepted), gone: Number(row.gone), failed: Number(row.failed) },
    ...{ unknown: Number(row.unknown), first: Number(row.first), retry: Number(row.retry), manual: Number(row.manual) },
    durations: row.durations.map(Number),
    durationMs: Number(row.duration_ms),
  };
}

/** The sweep's own rows: it never waits for a dispatcher's. */
const sweepSlot = -1;

/**
 * Counts the attempts of `from(tenant_id, endpoint_id, lost_number, trigger)` as `unknown`, in the statement that closes
 * them. How long they took nobody knows.
 */
export function countUnknown(from: string): string {
  const names = ['unknown', 'first', 'retry', 'manual'];
  return `INSERT INTO endpoint_minutes AS m (tenant_id, endpoint_id, minute, slot, ${names.join(', ')})
      SELECT tenant_id, endpoint_id, date_trunc('minute', now()), ${sweepSlot}, count(*),
             count(*) FILTER (WHERE trigger = 'auto' AND lost_number = 1),
             count(*) FILTER (WHERE trigger = 'auto' AND lost_number > 1), count(*) FILTER (WHERE trigger = 'manual')
        FROM ${from} GROUP BY tenant_id, endpoint_id ORDER BY tenant_id, endpoint_id
      ON CONFLICT (tenant_id, endpoint_id, minute, slot) DO UPDATE SET
        ${names.map((name) => `${name} = m.${name} + excluded.${name}`).join(', ')}`;
}
