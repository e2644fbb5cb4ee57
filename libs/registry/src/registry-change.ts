import type { DataSource } from 'typeorm';
import { Failure } from '#domain/failure';
import { sqlState } from '#postgres/store-failure';
import { inTransaction, rowsOf, type Transaction } from '#postgres/transaction';
import { ResourceFault } from './resource-fault.js';

/** Held by whoever changes what is configured (any constant will do). */
const changeLock = 4_672_410;

/** Postgres ended the statement because it ran longer than the pool allows (PostgreSQL, appendix A). */
const statementTimeout = '57014';

/**
 * One change of the registry. Changes run one after another, so none loses another's, and an endpoint cannot be deleted
 * while a template is being led to it. Workers switch endpoints off beside it (`disable-endpoint.ts`): they take the
 * endpoint's row and then `registry_version`, so a change locks every endpoint it touches before it writes anything.
 * Throws ResourceFault busy when it waited longer for another than a statement may take, what `work` throws, or a Failure.
 */
export function changeRegistry<T>(dataSource: DataSource, work: (tx: Transaction) => Promise<T>): Promise<T> {
  return orBusy(() =>
    inTransaction(dataSource, async (tx) => {
      await rowsOf(tx, 'SELECT pg_advisory_xact_lock($1)', [changeLock]);
      return work(tx);
    }),
  );
}

/** A change that ran out of time: its statements go by key, so it stood behind another. Throws ResourceFault busy then. */
export async function orBusy<T>(change: () => Promise<T>): Promise<T> {
  try {
    return await change();
  } catch (error) {
    if (!(error instanceof Failure) || sqlState(error.options.cause) !== statementTimeout) throw error;
    throw new ResourceFault('busy', 'another change is under way; try again');
  }
}
