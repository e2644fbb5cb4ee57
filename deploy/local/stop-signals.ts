import { killEverything } from './local-process.js';

/** What a process ends with that a signal ended (128 and its number). */
const signalExits = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
/** npm passes on the signal that the terminal has sent to us as well: within this it is the same one. Milliseconds. */
export const sameSignalMs = 1_000;

type StopSignal = keyof typeof signalExits;

/** Somebody ends the run. */
export class Interrupted extends Error {
  readonly exitCode: number;

  constructor(readonly signal: StopSignal) {
    super(`interrupted by ${signal}`);
    this.exitCode = signalExits[signal];
  }
}

/** The first signal stops what runs, a later one ends the process at once, with everything it started. */
export function stopOnSignals(stop: (reason: Interrupted) => void, say: (line: string) => void): void {
  let firstMs: number | null = null;
  for (const signal of Object.keys(signalExits) as StopSignal[])
    process.on(signal, () => {
      const nowMs = performance.now();
      firstMs ??= nowMs;
      if (firstMs === nowMs) {
        say(`${signal}: stopping; once more stops at once`);
        stop(new Interrupted(signal));
      } else if (nowMs - firstMs > sameSignalMs) {
        killEverything();
        process.exit(signalExits[signal]);
      }
    });
}

/** Rejects with the reason when the signal is aborted; nobody has to wait for it. */
export function aborted(signal: AbortSignal): Promise<never> {
  const promise = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  promise.catch(() => undefined); // whoever races with it hears it
  return promise;
}
