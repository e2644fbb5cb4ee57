import type { Clock } from '#domain/clock';
import { Failure } from '#domain/failure';
import type { KafkaRecord } from '#domain/kafka-record';
import type { Log } from '#telemetry/log';

/**
 * Resolves when all that a record asks for is durable; rejects with a Failure that says whether to try again. The signal
 * is aborted when the record is given back (its partition was revoked, or the drain begins) and will be read again:
 * whoever only waits then ends, and whatever it throws is not said.
 */
export type RecordHandler = (record: KafkaRecord, signal: AbortSignal) => Promise<void>;

/** Takes a record that can never be handled; must make it durable where people look. */
export type GiveUp = (record: KafkaRecord, failure: Error) => Promise<void>;

/** What repeating needs. */
export interface RepeatDeps {
  readonly giveUp: GiveUp;
  readonly clock: Clock;
  readonly log: Log;
}

/** A record's first try that failed. */
export interface FailedTry {
  readonly handler: RecordHandler;
  readonly error: unknown;
  readonly signal: AbortSignal;
}

const firstBackOffMs = 200;
const backOffMsMax = 5_000;
/** A record whose handler throws what is no Failure (a bug) so often is given up. */
const sameRecordFailuresMax = 5;

/** The only place that asks whether a failure can be retried. Answers false when the record was given back instead. */
export async function repeatUntilDurable(
  record: KafkaRecord,
  { handler, error: first, signal }: FailedTry,
  deps: RepeatDeps,
): Promise<boolean> {
  let [error, bugs] = [first, 0];
  for (let waitMs = firstBackOffMs; !signal.aborted; waitMs = Math.min(waitMs * 2, backOffMsMax)) {
    const failure = error instanceof Error ? error : new Error(String(error));
    const retryable = failure instanceof Failure ? failure.retryable : ++bugs < sameRecordFailuresMax;
    if (!retryable) return giveUpUntilDurable(record, failure, { signal, ...deps });
    deps.log.warn('record.retrying', { ...position(record), waitMs, err: failure });
    await deps.clock.wait(waitMs, signal);
    if (signal.aborted) return false;
    try {
      await handler(record, signal);
      return true;
    } catch (again) {
      error = again;
    }
  }
  return false;
}

async function giveUpUntilDurable(
  record: KafkaRecord,
  failure: Error,
  { clock, giveUp, log, signal }: RepeatDeps & { readonly signal: AbortSignal },
): Promise<boolean> {
  for (let waitMs = firstBackOffMs; !signal.aborted; waitMs = Math.min(waitMs * 2, backOffMsMax)) {
    try {
      await giveUp(record, failure);
      log.error('record.givenUp', { ...position(record), err: failure });
      return true;
    } catch (error) {
      log.warn('record.notGivenUpYet', { ...position(record), waitMs, err: error });
      await clock.wait(waitMs, signal);
    }
  }
  return false;
}

/** For the log. */
export function position({ topic, partition, offset }: KafkaRecord): object {
  return { topic, partition, offset: String(offset) };
}
