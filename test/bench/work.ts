import { type StoreWork, storeWork } from './bench-database.js';
import type { BenchStage } from './bench-stage.js';
import type { Arrivals } from './programs/receiver.js';
import { kafkaRequestsOf, type Requests, requestsBetween } from './requests.js';
import type { RoundFigures } from './round-figures.js';

/** What was asked of Postgres and Kafka so far. */
export interface Work {
  readonly store: StoreWork;
  readonly kafka: Requests;
}

export async function workOf({ database, apps }: BenchStage): Promise<Work> {
  return { kafka: await kafkaRequestsOf(apps), store: await storeWork(database) };
}

/** What a round asked for: of the receiver what arrived. */
export function workBetween(
  before: Work,
  after: Work,
  { distinct, duplicates }: Pick<Arrivals, 'distinct' | 'duplicates'>,
): Pick<RoundFigures, 'transactions' | 'walBytes' | 'requests'> {
  const transactions = after.store.transactions - before.store.transactions;
  return {
    transactions,
    walBytes: after.store.walBytes - before.store.walBytes,
    requests: { http: distinct + duplicates, sql: transactions, ...requestsBetween(before.kafka, after.kafka) },
  };
}
