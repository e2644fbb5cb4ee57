import { storeFailure } from '#postgres/store-failure';
import { rowsOf, type Transaction } from '#postgres/transaction';

/** Whoever needs a table waits behind a lock that is waited for here: never longer than this, milliseconds. */
const lockMsMax = 250;

/** Why a duty that is in nobody's way has not done what it meant to. */
export type HinderedBy = 'LOCKED' | 'DEPENDED_ON' | 'TOO_SLOW';

/** SQLSTATEs that only say: not now, or not while that is there (PostgreSQL, appendix A). */
const causes: Readonly<Record<string, HinderedBy>> = {
  '55P03': 'LOCKED', // lock_not_available
  '40P01': 'LOCKED', // deadlock_detected
  '2BP01': 'DEPENDED_ON', // dependent_objects_still_exist
  '57014': 'TOO_SLOW', // query_canceled
};

/** Nor does anybody wait for whoever holds such a lock and is not heard of, milliseconds. */
const silentMsMax = 5_000;

/** For the rest of this transaction. Throws a Failure. */
export async function shortLocks(tx: Transaction): Promise<void> {
  await rowsOf(tx, `SET LOCAL lock_timeout = ${lockMsMax}`, []);
  await rowsOf(tx, `SET LOCAL idle_in_transaction_session_timeout = ${silentMsMax}`, []);
}

/** What is answered, or what hindered it. Throws everything else. */
export async function unlessLocked<T extends object>(
  ask: () => Promise<T>,
): Promise<T | { readonly cause: HinderedBy }> {
  try {
    return await ask();
  } catch (error) {
    const cause = causes[storeFailure(error).options.detail ?? ''];
    if (cause === undefined) throw error;
    return { cause };
  }
}
