import { createDataSource, type DataSource, migrate } from '#postgres/data-source';
import type { Teardown } from '../../deploy/local/demo/teardown.js';

/** A migrated database of its own and one connection to look into it. */
export interface BenchDatabase {
  readonly url: string;
  readonly store: DataSource;
}

/** Everything that grows with events. */
const grown = `notifications, notification_payloads, attempts, claims, event_receipts_a, event_receipts_b, books,
  parked_events, unmatched_events, resend_job_items, resend_jobs, book_ledgers, book_differences, notification_ledgers,
  book_passes, book_pass_pages`;

export async function createBenchDatabase(serverUrl: string, name: string, teardown: Teardown): Promise<BenchDatabase> {
  const server = createDataSource({ url: serverUrl, poolMax: 1, applicationName: 'bench', statementTimeoutMs: 0 });
  await server.initialize();
  await server.query(`CREATE DATABASE ${name}`);
  await server.destroy();
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  await migrate(url.toString());
  const look = { url: url.toString(), poolMax: 1, applicationName: 'bench', statementTimeoutMs: 0 };
  const store = createDataSource(look);
  await store.initialize();
  teardown.add(`the connection to ${name}`, () => store.destroy());
  return { url: url.toString(), store };
}

/**
 * Every round begins with empty tables and with nothing left to be written for those before. The apps' duties take locks
 * of several tables in orders of their own: where Postgres ends this statement for it, it is repeated.
 */
export async function emptyDatabase({ store }: BenchDatabase): Promise<void> {
  for (let triesLeft = 5; ; triesLeft--) {
    try {
      await store.query(`TRUNCATE ${grown}`);
      break;
    } catch (error) {
      if (triesLeft === 1 || !String(error).includes('deadlock detected')) throw error;
    }
  }
  await store.query('CHECKPOINT');
}

/** Whether nothing is pending and no attempt is open; two looks at an index and a small table. */
export async function isSettled({ store }: BenchDatabase): Promise<boolean> {
  const [row] = await store.query<readonly { readonly open: boolean }[]>(
    `SELECT EXISTS (SELECT FROM notifications WHERE next_attempt_at IS NOT NULL)
         OR EXISTS (SELECT FROM claims) AS open`,
  );
  return row?.open === false;
}

/** Rows of everything a delivery leaves behind. */
export interface KeptRows {
  readonly sent: number;
  readonly attempts: number;
  readonly claims: number;
}

/** Counted after a round, not within it: a loop that stores less than it says would be fast. */
export async function keptRows({ store }: BenchDatabase): Promise<KeptRows> {
  const [row] = await store.query<readonly Readonly<Record<keyof KeptRows, string>>[]>(
    `SELECT (SELECT count(*) FROM notifications WHERE state = 'sent' AND next_attempt_at IS NULL) AS sent,
            (SELECT count(*) FROM attempts WHERE outcome = 'accepted') AS attempts,
            (SELECT count(*) FROM claims) AS claims`,
  );
  return { sent: Number(row?.sent), attempts: Number(row?.attempts), claims: Number(row?.claims) };
}

/** What the server has done so far. */
export interface StoreWork {
  readonly transactions: number;
  readonly walBytes: number;
}

export async function storeWork({ store }: BenchDatabase): Promise<StoreWork> {
  const [row] = await store.query<readonly { readonly transactions: string; readonly wal: string }[]>(
    `SELECT xact_commit AS transactions, pg_current_wal_lsn() - '0/0'::pg_lsn AS wal
       FROM pg_stat_database WHERE datname = current_database()`,
  );
  return { transactions: Number(row?.transactions ?? 0), walBytes: Number(row?.wal ?? 0) };
}
