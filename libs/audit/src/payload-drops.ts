/**
 * When payloads went: until events that came first before that cannot come again, their notifications stay. Such an event
 * has a receipt, so it keeps the time it was first seen with; without the row of its notification a second one would be made.
 */
import { leastIdOf, type TimeRange } from '#domain/table-partition';
import { type Queryable, rowsOf, type Transaction } from '#postgres/transaction';

/** A renderer may still take a time whose payloads went so long ago, milliseconds: it looks for the oldest once a minute. */
const lateMsMax = 300_000;

/** Writes down that payloads go in this transaction. Throws a Failure. */
export async function notePayloadsGone(tx: Transaction, { fromMs, toMs }: TimeRange): Promise<void> {
  await rowsOf(
    tx,
    `INSERT INTO payload_drops (from_ms, to_ms, dropped_at) VALUES ($1, $2, clock_timestamp())
     ON CONFLICT (from_ms) DO UPDATE SET to_ms = excluded.to_ms, dropped_at = excluded.dropped_at`,
    [fromMs, toMs],
  );
}

/**
 * Whether an event whose payload lay in this range may still come again: its payloads went less than `repeatMs` ago, or the
 * consumers have not read so far. A partition that has never told how far it is does not count. Throws a Failure.
 */
export async function mayBeRepeated(tx: Transaction, range: TimeRange, repeatMs: number): Promise<boolean> {
  if (repeatMs === 0) return false;
  const rows = await rowsOf(
    tx,
    `SELECT FROM payload_drops WHERE from_ms < $2::bigint AND to_ms > $1::bigint
        AND dropped_at + $3::float8 * interval '1 millisecond'
            > least(now(), (SELECT min(read_to) FROM consumer_progress)) LIMIT 1`,
    [range.fromMs, range.toMs, repeatMs + lateMsMax],
  );
  return rows.length > 0;
}

/** The ranges whose payloads went while their notifications are kept: one that is there again holds what came late. Throws a Failure. */
export async function droppedPayloads(on: Queryable): Promise<readonly TimeRange[]> {
  const rows = await rowsOf<{ from_ms: string; to_ms: string }>(on, 'SELECT from_ms, to_ms FROM payload_drops', []);
  return rows.map((row) => ({ fromMs: Number(row.from_ms), toMs: Number(row.to_ms) }));
}

/** Forgets the drops of a range whose notifications go in this transaction. Throws a Failure. */
export async function forgetPayloadsGone(tx: Transaction, { fromMs, toMs }: TimeRange): Promise<void> {
  await rowsOf(tx, 'DELETE FROM payload_drops WHERE from_ms >= $1 AND to_ms <= $2', [fromMs, toMs]);
}

/** The ids of a range: from the first, and below the second. */
export function idsOf({ fromMs, toMs }: TimeRange): readonly [string, string] {
  return [leastIdOf(fromMs), leastIdOf(toMs)];
}
