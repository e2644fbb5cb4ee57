/** One step of the ladder: a topic whose records all wait the same time. */
export interface RetryTier {
  /** As configured, e.g. `30s`; the topic is `<prefix>retry.<name>`. */
  readonly name: string;
  readonly topic: string;
  /** In milliseconds, from 1. */
  readonly delayMs: number;
}

/** Where a record waits next, and when it leaves there (milliseconds since the epoch). */
export interface TierPlacement {
  readonly tier: RetryTier;
  readonly releaseMs: number;
}

/**
 * A tier may be this much longer than what remains: the record is then released when it is due, before its tier's time.
 * But where so much stands before it that it is not even read by then, it leaves after the tier's whole delay, with those
 * before it: late by that excess, which must stay within the promised 1 % of the step.
 */
const overshoot = 1.01;

/**
 * The tier for a record that is due at `dueMs`: the longest one that fits what remains, else the shortest. It leaves at
 * `release` = min(due, now + the tier's delay), so every tier but the shortest is first in, first out.
 *
 * @param tiers at least one, by rising delay.
 */
export function placeInTier(tiers: readonly RetryTier[], dueMs: number, nowMs: number): TierPlacement {
  const remainsMs = dueMs - nowMs;
  const [shortest] = tiers;
  if (shortest === undefined) throw new RangeError('there must be at least one retry tier');
  const tier = tiers.findLast(({ delayMs }) => delayMs <= remainsMs * overshoot) ?? shortest;
  return { tier, releaseMs: Math.min(dueMs, nowMs + tier.delayMs) };
}
