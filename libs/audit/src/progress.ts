import type { DataSource } from 'typeorm';
import { storeFailure } from '#postgres/store-failure';

/** Up to when a partition has been read and finished, milliseconds since the epoch. */
export interface ConsumerProgress {
  readonly topic: string;
  readonly partition: number;
  readonly readToMs: number;
  /** Up to when all of it has begun at least. */
  readonly begunToMs: number;
}

/** What a reader says of its partition; null: not known yet, and then nothing is reported. */
export type ProgressReport = Omit<ConsumerProgress, 'readToMs' | 'begunToMs'> & {
  readonly readToMs: number | null;
  readonly begunToMs: number | null;
  /** Of the first record that is not begun. */
  readonly nextOffset: bigint;
};

/** Reports progress; the sweep asks only for what its partition has surely read. Throws a Failure. */
export async function reportProgress(dataSource: DataSource, progress: readonly ProgressReport[]): Promise<void> {
  const known = progress.filter(({ readToMs }) => readToMs !== null);
  if (known.length === 0) return;
  const sorted = known.toSorted((a, b) => a.topic.localeCompare(b.topic) || a.partition - b.partition);
  await query(
    dataSource,
    `INSERT INTO consumer_progress AS p (topic, partition, read_to, begun_to, next_offset, reported_at)
     SELECT topic, partition, to_timestamp(read_to_ms / 1000), to_timestamp(begun_to_ms / 1000), next_offset, now()
       FROM unnest($1::text[], $2::int[], $3::float8[], $4::float8[], $5::bigint[])
              AS new(topic, partition, read_to_ms, begun_to_ms, next_offset)
     ON CONFLICT (topic, partition) DO UPDATE
       SET read_to = excluded.read_to, begun_to = excluded.begun_to, next_offset = excluded.next_offset, reported_at = excluded.reported_at`,
    [
      sorted.map(({ topic }) => topic),
      sorted.map(({ partition }) => partition),
      sorted.map(({ readToMs }) => readToMs),
      sorted.map(({ begunToMs }) => begunToMs),
      sorted.map(({ nextOffset }) => String(nextOffset)),
    ],
  );
}

/** What the consumers of these topics reported last. Throws a Failure. */
export async function readProgress(
  dataSource: DataSource,
  topics: readonly string[],
): Promise<readonly ConsumerProgress[]> {
  const rows: readonly { topic: string; partition: number; read_to_ms: string; begun_to_ms: string }[] = await query(
    dataSource,
    `SELECT topic, partition, extract(epoch FROM read_to) * 1000 AS read_to_ms,
            extract(epoch FROM greatest(begun_to, read_to)) * 1000 AS begun_to_ms
       FROM consumer_progress WHERE topic = ANY($1::text[])`,
    [topics],
  );
  return rows.map(({ topic, partition, read_to_ms: readToMs, begun_to_ms: begunToMs }) => {
    return { topic, partition, readToMs: Number(readToMs), begunToMs: Number(begunToMs) };
  });
}

/** The offset of the first record of each partition of a topic that its reader had not begun when it reported last. Throws a Failure. */
export async function readNextOffsets(dataSource: DataSource, topic: string): Promise<ReadonlyMap<number, bigint>> {
  const rows: readonly { partition: number; next_offset: string }[] = await query(
    dataSource,
    'SELECT partition, next_offset FROM consumer_progress WHERE topic = $1 AND next_offset IS NOT NULL',
    [topic],
  );
  return new Map(rows.map((row) => [row.partition, BigInt(row.next_offset)]));
}

async function query(dataSource: DataSource, statement: string, parameters: readonly unknown[]): Promise<never> {
  try {
    return (await dataSource.query(statement, [...parameters])) as never;
  } catch (error) {
    throw storeFailure(error);
  }
}
