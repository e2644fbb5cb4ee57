import { type Clock, untilTick } from '#domain/clock';
import type { Log } from '#telemetry/log';

/** How a duty is repeated. */
export interface RepeatOptions {
  readonly name: string;
  /** A round begins at each multiple of this on the monotonic clock, milliseconds; one that is missed is left out. */
  readonly everyMs: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly log: Log;
}

/** Repeats a duty until the signal is aborted; a round that fails is said and the next one is tried. Never rejects. */
export async function repeat(round: () => Promise<void>, options: RepeatOptions): Promise<void> {
  const { name, everyMs, signal, clock, log } = options;
  while (!signal.aborted) {
    try {
      await round();
    } catch (error) {
      log.warn('duty.failed', { duty: name, err: error });
    }
    await untilTick(clock, everyMs, signal);
  }
}
