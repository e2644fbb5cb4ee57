import { onAbort } from './on-abort.js';

/** Time and chance, passed in wherever something is decided, so that tests choose both. */
export interface Clock {
  /** Milliseconds since the epoch. */
  nowMs(): number;
  /** Milliseconds that never jump back; only differences mean something. */
  monotonicMs(): number;
  /** Uniform in [0, 1). */
  chance(): number;
  /** Resolves after `ms`, or at once when the signal is aborted. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

/**
 * Waits until the clock's next multiple of `everyMs`, milliseconds: all who wait so wake an idle process together, not each
 * at an instant of its own. Never less than a tenth of it. Resolves at once when the signal is aborted.
 */
export function untilTick(
  clock: Pick<Clock, 'monotonicMs' | 'wait'>,
  everyMs: number,
  signal?: AbortSignal,
): Promise<void> {
  const leftMs = everyMs - (clock.monotonicMs() % everyMs);
  return clock.wait(Math.ceil(leftMs < everyMs / 10 ? leftMs + everyMs : leftMs), signal);
}

/** The machine's clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  chance: () => Math.random(),
  wait: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const timer = setTimeout(() => end(), ms);
      const stopListening = signal === undefined ? undefined : onAbort(signal, () => end());
      const end = () => {
        clearTimeout(timer);
        stopListening?.();
        resolve();
      };
    }),
};
