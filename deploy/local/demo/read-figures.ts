import { readNotificationBooks, readPartitionBooks, type Verdict } from '#audit/books';
import { recordsInTopic } from '#kafka/kafkajs/topics-command';
import type { DataSource } from '#postgres/data-source';
import type { Log } from '#telemetry/log';
import type { RunFigures } from './balance.js';
import type { DemoTopics } from './demo-topics.js';
import type { DemoReceiver } from './receiver.js';

/** What Postgres says of the run. */
export type StoredFigures = Pick<RunFigures, 'verdicts' | 'notifications' | 'attempts'>;

/** Reads the books and the attempts of this run. Throws a Failure. */
export async function readStoredFigures(store: DataSource, eventsTopic: string): Promise<StoredFigures> {
  const books = (await readPartitionBooks(store)).filter(({ topic }) => topic === eventsTopic);
  const sum = (verdict: Verdict) => books.reduce((total, partition) => total + partition[verdict], 0);
  const attempts: readonly { readonly count: string }[] = await store.query(
    'SELECT count(*) AS count FROM v1_attempts',
  );
  return {
    verdicts: {
      matched: sum('matched'),
      unmatched: sum('unmatched'),
      duplicate: sum('duplicate'),
      parked: sum('parked'),
    },
    notifications: await readNotificationBooks(store),
    attempts: Number(attempts[0]?.count ?? 0),
  };
}

/** What a run is judged by: the log, the rows and the receiver, each asked by itself. */
export async function readRunFigures(
  run: { readonly store: DataSource; readonly topics: DemoTopics; readonly receiver: DemoReceiver; readonly log: Log },
  produced: number,
): Promise<RunFigures> {
  const { store, topics, receiver, log } = run;
  const sent = new Set<string>();
  const rows: readonly { readonly id: string }[] = await store.query(
    `SELECT id FROM v1_notifications WHERE state = 'sent'`,
  );
  for (const { id } of rows) sent.add(id);
  return {
    ...(await readStoredFigures(store, topics.eventsTopic)),
    produced,
    inTopic: await recordsInTopic(topics.kafka, topics.eventsTopic, log),
    ...receiver.seen,
    sentNotReceived: [...sent].filter((id) => !receiver.accepted.has(id)).length,
    receivedNotSent: [...receiver.accepted].filter((id) => !sent.has(id)).length,
  };
}
