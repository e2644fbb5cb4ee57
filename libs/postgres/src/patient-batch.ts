import type { Clock } from '#domain/clock';
import { Failure } from '#domain/failure';
import type { Log } from '#telemetry/log';
import { storeFailure } from './store-failure.js';

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
 * whose data is refused (SQLSTATE 22, 23, 54), or on which our own code fails, is halved down to the row, and that row's
 * output is the Failure.
 */
export async function patientBatch<I, O>(
  items: readonly I[],
  statement: (items: readonly I[]) => Promise<readonly O[]>,
  deps: PatientBatchDeps,
): Promise<readonly (O | Failure)[]> {
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * 2, waitMsMax)) {
    const failure = await statement(items).then(
      (outputs) => outputs,
      (error: unknown) => storeFailure(error),
    );
    if (!(failure instanceof Failure)) return failure;
    if (!failure.retryable) {
      if (items.length === 1) return [failure];
      const middle = Math.ceil(items.length / 2);
      const first = await patientBatch(items.slice(0, middle), statement, deps);
      return [...first, ...(await patientBatch(items.slice(middle), statement, deps))];
    }
    if (deps.signal.aborted) throw failure;
    deps.log.warn('store.retrying', { cause: failure.message, items: items.length, waitMs });
    await deps.clock.wait(waitMs, deps.signal);
  }
}
