import type { DataSource, EntityManager } from 'typeorm';
import { storeFailure } from './store-failure.js';

/** A transaction under way; apps pass it on without importing TypeORM. */
export type Transaction = EntityManager;

/** Whatever runs a statement: a pool, or a transaction under way. */
export type Queryable = Pick<EntityManager, 'query'>;

/**
 * Runs `work` in one transaction: all of it or nothing. What `work` throws is thrown on as it is, so a refusal of ours
 * stays one; what Postgres says of BEGIN or COMMIT is thrown as a Failure.
 */
export async function inTransaction<T>(dataSource: DataSource, work: (tx: Transaction) => Promise<T>): Promise<T> {
  const session = await stored(async () => dataSource.createQueryRunner());
  try {
    await stored(() => session.startTransaction());
    const result = await work(session.manager);
    await stored(() => session.commitTransaction());
    return result;
  } catch (error) {
    // What failed first is what is said; a rollback that fails ends with its connection.
    if (session.isTransactionActive) await session.rollbackTransaction().catch(() => undefined);
    throw error;
  } finally {
    await session.release();
  }
}

/** The rows of one statement, also of an UPDATE or DELETE. Throws a Failure. */
export async function rowsOf<T>(
  on: Queryable,
  statement: string,
  parameters: readonly unknown[],
): Promise<readonly T[]> {
  const answer: unknown = await stored(() => on.query(statement, [...parameters]));
  const rows = Array.isArray(answer) && answer.length === 2 && Array.isArray(answer[0]) ? answer[0] : answer;
  return rows as readonly T[];
}

/** What a question to the store answers; what it throws, also before the store was opened, becomes a Failure. */
export async function stored<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw storeFailure(error);
  }
}
