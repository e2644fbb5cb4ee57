import type { Clock } from '#domain/clock';
import { Failure } from '#domain/failure';
import type { Log } from '#telemetry/log';
import { isDataFault, storeFailure } from './store-failure.js';

/** What a patient flush needs beside its statement. */
export interface PatientBatchDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Ends the waiting; the batch then fails with STORE_UNAVAILABLE. */
  readonly signal: AbortSignal;
}

const firstWaitMs = 100;
const waitMsMax = 1_000;

/**
 * Runs an idempotent batch until it is done: while Postgres is away it is repeated (at least every second); a batch
 * whose data is refused (SQLSTATE 22, 23) is halved down to the row, and that row's output is `refused(item, failure)`.
 */
export async function patientBatch<I, O>(
  items: readonly I[],
  statement: (items: readonly I[]) => Promise<readonly O[]>,
  refused: (item: I, failure: Failure) => O,
  deps: PatientBatchDeps,
): Promise<readonly O[]> {
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * 2, waitMsMax)) {
    const failure = await statement(items).then(
      (outputs) => outputs,
      (error: unknown) => storeFailure(error),
    );
    if (!(failure instanceof Failure)) return failure;
    if (isDataFault(failure))
      return halve(items, failure, (half) => patientBatch(half, statement, refused, deps), refused);
    if (!failure.retryable || deps.signal.aborted) throw failure;
    deps.log.warn('store.retrying', { cause: failure.message, items: items.length, waitMs });
    await deps.clock.wait(waitMs, deps.signal);
  }
}

async function halve<I, O>(
  items: readonly I[],
  failure: Failure,
  run: (items: readonly I[]) => Promise<readonly O[]>,
  refused: (item: I, failure: Failure) => O,
): Promise<readonly O[]> {
  const [only] = items;
  if (items.length === 1 && only !== undefined) return [refused(only, failure)];
  const middle = Math.ceil(items.length / 2);
  return [...(await run(items.slice(0, middle))), ...(await run(items.slice(middle)))];
}
