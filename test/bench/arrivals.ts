import { pause } from './bench-clock.js';
import type { BenchStage } from './bench-stage.js';
import type { Arrivals } from './programs/receiver.js';

const lookMs = 50;
/** Nothing has arrived for this long: what is missing is lost. */
const standstillMsMax = 30_000;

/** Waits until `count` different requests have come, or until none comes any more; `look` hears of every look. */
export async function allArrived(
  stage: BenchStage,
  count: number,
  look: (arrivals: Arrivals) => void = () => undefined,
): Promise<Arrivals> {
  const { receiver, run } = stage;
  let arrivals = await receiver.call('arrivals', {});
  for (let stillMs = 0; arrivals.distinct < count && stillMs < standstillMsMax; ) {
    await pause(lookMs, run.signal);
    const now = await receiver.call('arrivals', {});
    stillMs = now.distinct === arrivals.distinct ? stillMs + lookMs : 0;
    arrivals = now;
    look(now);
  }
  if (arrivals.distinct < count) run.say(`${count - arrivals.distinct} of ${count} requests did not come`);
  return arrivals;
}

/** Waits until `look` says so; false when it does not within the limit. */
export async function waitUntil(look: () => Promise<boolean>, limitMs: number, signal: AbortSignal): Promise<boolean> {
  for (const endMs = performance.now() + limitMs; performance.now() < endMs; ) {
    if (await look()) return true;
    await pause(lookMs, signal);
  }
  return false;
}
