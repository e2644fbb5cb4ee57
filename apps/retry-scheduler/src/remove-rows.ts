/**
 * Old rows beside the history of notifications -> removed, in pages, with a pause after each that is as long as the page took:
 * a busy Postgres gets at least half of the time for its work. Never one large DELETE.
 *
 * A table that is locked, or too slow, is left for the next round, and the next one is looked at. Killed anywhere, or done by
 * several schedulers at once: `audit/old-rows`.
 */

import type { OldRows } from '#audit/old-rows';
import type { Clock } from '#domain/clock';
import { count } from '#telemetry/instruments';
import type { Log } from '#telemetry/log';

/** What removing touches. */
export interface RemoveRowsDeps {
  /** Whether rows are removed, or it is only said how many would be. */
  readonly mode: 'on' | 'dry-run';
  readonly tables: readonly OldRows[];
  readonly clock: Pick<Clock, 'wait' | 'monotonicMs'>;
  readonly signal: AbortSignal;
  readonly log: Log;
}

const pauseMsLeast = 20;
/** The first round after years goes on in the next one, so that each table has its turn. */
const pagesMax = 500;

/** One round over all tables. Throws a Failure. */
export async function removeRows({ mode, tables, ...deps }: RemoveRowsDeps): Promise<void> {
  for (const table of tables) {
    if (deps.signal.aborted) return;
    if (mode === 'dry-run') await planTable(table, deps);
    else await removeOf(table, deps);
  }
}

async function planTable({ table, count: countOld }: OldRows, { log }: Pick<RemoveRowsDeps, 'log'>): Promise<void> {
  const rows = await countOld();
  if (rows !== 0) log.info('rows.planned', typeof rows === 'number' ? { table, rows } : { table, hindered: rows });
}

async function removeOf(rowsOf: OldRows, deps: Omit<RemoveRowsDeps, 'mode' | 'tables'>): Promise<void> {
  const { table, removePage } = rowsOf;
  const { clock, signal, log } = deps;
  let removed = 0;
  let pages = 0;
  let after: string | null = null;
  do {
    const startedMs = clock.monotonicMs();
    const page = await removePage(after);
    if (page.kind === 'hindered') {
      log.info('rows.kept', { table, cause: page.by });
      break;
    }
    removed += page.rows;
    count('hookline_rows_removed_total', { table }, page.rows);
    after = page.next;
    await clock.wait(Math.max(pauseMsLeast, clock.monotonicMs() - startedMs), signal);
  } while (after !== null && ++pages < pagesMax && !signal.aborted);
  if (removed > 0) log.info('rows.removed', { table, rows: removed, isAll: after === null });
}
