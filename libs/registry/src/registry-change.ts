import type { DataSource } from 'typeorm';
import { inTransaction, rowsOf, type Transaction } from '#postgres/transaction';

/** Held by whoever changes what is configured (any constant will do). */
const changeLock = 4_672_410;

/**
 * One change of the registry. Changes run one after another, so none loses another's, and an endpoint cannot be deleted
 * while a template is being led to it. Workers switch endpoints off beside it (`disable-endpoint.ts`): they take the
 * endpoint's row and then `registry_version`, so a change locks every endpoint it touches before it writes anything.
 */
export function changeRegistry<T>(dataSource: DataSource, work: (tx: Transaction) => Promise<T>): Promise<T> {
  return inTransaction(dataSource, async (tx) => {
    await rowsOf(tx, 'SELECT pg_advisory_xact_lock($1)', [changeLock]);
    return work(tx);
  });
}
