import type { DataSource } from 'typeorm';
import { rowsOf } from '#postgres/transaction';

/** A parked record as operators see it. */
export interface ParkedEventView {
  readonly topic: string;
  readonly partition: number;
  /** Postgres' bigint comes as text. */
  readonly offset: string;
  readonly reason: string;
  readonly detail: string;
  readonly value_bytes: number | null;
  readonly key: Buffer | null;
  /** Null in lists. */
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly record_at: Date;
  readonly parked_at: Date;
  readonly released_at: Date | null;
  /** Microseconds since the epoch as text: with the position it is the place in a list. */
  readonly parked_us: string;
}

/** Where a parked record stands in Kafka. */
export interface ParkedPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
}

/** Where a list goes on: after this record. */
export interface ParkedPlace extends ParkedPosition {
  readonly parkedUs: string;
}

const columns = `topic, partition, "offset", reason, detail, octet_length(value) AS value_bytes, key, headers, record_at,
  parked_at, released_at, (extract(epoch FROM parked_at) * 1000000)::bigint AS parked_us`;

/** One parked record with its bytes; null when there is none at this position. Throws a Failure. */
export async function findParkedEvent(dataSource: DataSource, at: ParkedPosition): Promise<ParkedEventView | null> {
  const statement = `SELECT ${columns}, value FROM parked_events WHERE topic = $1 AND partition = $2 AND "offset" = $3`;
  const [row] = await rowsOf<ParkedEventView>(dataSource, statement, [at.topic, at.partition, at.offset]);
  return row ?? null;
}

/** Parked records without their bytes, newest first. Throws a Failure. */
export function listParkedEvents(
  dataSource: DataSource,
  after: ParkedPlace | null,
  rowsMax: number,
): Promise<readonly ParkedEventView[]> {
  const statement = `SELECT ${columns}, NULL::bytea AS value FROM parked_events
    WHERE $1::text IS NULL OR (parked_at, topic, partition, "offset") <
      (timestamptz 'epoch' + $2::bigint * interval '1 microsecond', $1, $3::int, $4::bigint)
    ORDER BY parked_at DESC, topic DESC, partition DESC, "offset" DESC LIMIT $5`;
  return rowsOf<ParkedEventView>(dataSource, statement, [
    ...[after?.topic, after?.parkedUs, after?.partition, after?.offset],
    rowsMax,
  ]);
}
