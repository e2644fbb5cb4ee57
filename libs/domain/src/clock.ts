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
