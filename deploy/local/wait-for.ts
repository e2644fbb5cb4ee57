import type { ChildProcess } from 'node:child_process';
import { hasEnded } from './local-process.js';

/** What is waited for and for how long. */
export interface WaitOptions {
  readonly what: string;
  readonly limitMs: number;
  /** Ends the waiting when it exits. */
  readonly child?: ChildProcess;
  /** Said when it did not come. */
  readonly detail?: () => string;
}

const lookMs = 50;

/** Waits until a condition holds. Throws with the detail when it does not within the limit, or when the child exits. */
export async function waitFor(condition: () => boolean | Promise<boolean>, options: WaitOptions): Promise<void> {
  const endMs = performance.now() + options.limitMs;
  while (!(await condition())) {
    const isLost = options.child !== undefined && hasEnded(options.child);
    if (!isLost && performance.now() < endMs) {
      await new Promise((resolve) => setTimeout(resolve, lookMs));
      continue;
    }
    const why = isLost ? 'ended before it was ready' : `was not ready within ${options.limitMs / 1_000} s`;
    throw new Error(`${options.what} ${why}\n${options.detail?.() ?? ''}`);
  }
}
