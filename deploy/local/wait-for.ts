import type { ChildProcess } from 'node:child_process';

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
    const hasExited = options.child !== undefined && options.child.exitCode !== null;
    if (!hasExited && performance.now() < endMs) {
      await new Promise((resolve) => setTimeout(resolve, lookMs));
      continue;
    }
    const why = hasExited ? 'ended before it was ready' : `was not ready within ${options.limitMs} ms`;
    throw new Error(`${options.what} ${why}\n${options.detail?.() ?? ''}`);
  }
}
