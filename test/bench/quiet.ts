import { pause } from './bench-clock.js';
import type { BenchStage } from './bench-stage.js';
import { systemCpuSeconds, usageOf, usedBetween } from './components.js';

const windowMs = 1_000;
const quietMsMax = 60_000;
/** Apps, Kafka and Postgres together, in cores: more than they idle with, less than any work takes. */
const quietCores = 0.3;

/**
 * Waits until what came before a round is over: commits, vacuum, what was left of an endpoint that hung. False when it did
 * not get quiet within the limit.
 */
export async function untilQuiet(stage: BenchStage): Promise<boolean> {
  const { signal, say } = stage.run;
  for (const endMs = performance.now() + quietMsMax; performance.now() < endMs; ) {
    const before = usageOf(stage);
    await pause(windowMs, signal);
    if (systemCpuSeconds(usedBetween(before, usageOf(stage))) < (quietCores * windowMs) / 1_000) return true;
  }
  say(`it did not get quiet within ${quietMsMax / 1_000} s`);
  return false;
}
