import type { HeldFailure } from '#audit/held';
import { count } from '#telemetry/instruments';
import type { Log } from '#telemetry/log';

const pageRows = 1_000;
/** Pages of one round: what is left is found by the next one. */
const pagesMax = 20;

/**
 * Held notifications older than the maximum age -> failed `EXPIRED`, and those whose hold nobody knows any more -> due now:
 * nobody else looks at a row that waits alone. Running it twice, or on two schedulers at once, does each once. Throws a
 * Failure while Postgres is away.
 */
export async function expireHeld(deps: {
  /** Milliseconds since the creation of a notification. */
  readonly ageMsMax: number;
  readonly failHeld: (failure: HeldFailure) => Promise<number>;
  readonly freeUnknown: (rowsMax: number) => Promise<number>;
  readonly log: Log;
}): Promise<void> {
  const detail = 'it was held until it was older than NOTIFICATION_MAX_AGE';
  const failure = { key: null, ageMs: deps.ageMsMax, reason: 'EXPIRED', detail, rowsMax: pageRows } as const;
  const expired = await pages(() => deps.failHeld(failure));
  count('hookline_held_expired_total', {}, expired);
  if (expired > 0) deps.log.warn('held.expired', { notifications: expired });
  const freed = await pages(() => deps.freeUnknown(pageRows));
  if (freed > 0) deps.log.info('held.freed', { notifications: freed });
}

/** Page after page until one is not full; answers the sum. */
async function pages(page: () => Promise<number>): Promise<number> {
  let sum = 0;
  for (let n = 0; n < pagesMax; n++) {
    const rows = await page();
    sum += rows;
    if (rows < pageRows) break;
  }
  return sum;
}
