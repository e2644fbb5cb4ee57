import type { Clock } from '#domain/clock';

/** Whoever waits looks at the clock after this at the latest, milliseconds. */
const lookMsMax = 60_000;

/**
 * Resolves at an instant (milliseconds since the epoch), never before, or when the signal is aborted. A timer may fire a
 * millisecond early; one that waits for a day looks at the clock in between, for Postgres' may have been set meanwhile.
 */
export async function waitUntil(atMs: number, clock: Clock, signal: AbortSignal): Promise<void> {
  while (clock.nowMs() < atMs && !signal.aborted) await clock.wait(Math.min(atMs - clock.nowMs(), lookMsMax), signal);
}
