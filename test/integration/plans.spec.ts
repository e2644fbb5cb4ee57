import { expect, it } from 'vitest';
import { AuditWorld } from '../support/audit-world.js';
import { until } from '../support/until.js';

/** A session's plans live for 5 s. */
const plansEndMs = 6_000;

/** Uses of every index but the primary ones, as far as the session has told. */
async function otherIndexScans({ dataSource, database }: AuditWorld): Promise<number> {
  await dataSource.query('SELECT pg_stat_force_next_flush()');
  const [row] = await database.query<{ scans: string }>(
    `SELECT coalesce(sum(idx_scan), 0) AS scans FROM pg_stat_user_indexes
      WHERE relname ~ '^(notifications|notification_payloads|event_receipts)_' AND indexrelname !~ '_pkey$'`,
  );
  return Number(row?.scans);
}

it('a plan that was made while tables were empty does not outlive their filling', async () => {
  const world = await AuditWorld.open();
  try {
    // Of a table that is known to be empty any index will do to the planner.
    await world.dataSource.query('ANALYZE');
    await world.insert();
    const startedMs = performance.now();
    await Promise.all(Array.from({ length: 300 }, () => world.insert()));
    await until(() => performance.now() - startedMs > plansEndMs, { what: 'the plans are old' });
    await world.insert();

    const before = await otherIndexScans(world);
    for (let i = 0; i < 20; i++) await world.insert();
    expect(await otherIndexScans(world)).toBe(before);
  } finally {
    await world.close();
  }
});
