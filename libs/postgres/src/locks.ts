import type { DataSource } from 'typeorm';
import { rowsOf } from './transaction.js';

/** Advisory locks of the duties: however many schedulers run, one at a time does each duty. */
export const dutyLocks = {
  sweep: 4_672_401,
  keepPartitions: 4_672_402,
  keepReceipts: 4_672_403,
  releaseHeld: 4_672_404,
  expireHeld: 4_672_405,
  disableFailing: 4_672_406,
  failRefused: 4_672_407,
  dropPartitions: 4_672_411,
  watchDefault: 4_672_412,
  removeRows: 4_672_413,
  keepBooks: 4_672_421,
} as const;

/**
 * Runs a duty if no other process runs it now; null when another does. The lock is the session's: a killed process
 * frees it with its connection. Throws a Failure when Postgres is away, and what the duty throws.
 */
export async function withDutyLock<T>(dataSource: DataSource, lock: number, duty: () => Promise<T>): Promise<T | null> {
  const session = dataSource.createQueryRunner();
  try {
    const [row] = await rowsOf<{ taken: boolean }>(session, 'SELECT pg_try_advisory_lock($1) AS taken', [lock]);
    if (row?.taken !== true) return null;
    try {
      return await duty();
    } finally {
      await rowsOf(session, 'SELECT pg_advisory_unlock($1)', [lock]);
    }
  } finally {
    await session.release();
  }
}
