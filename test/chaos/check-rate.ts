import { burstOf } from '#domain/rate-gate';
import type { ChaosEndpoint } from './chaos-settings.js';
import type { NumberList } from './number-list.js';
import { type RunIndex, slowsDispatchers } from './run-index.js';
import type { Violation } from './run-logs.js';

/** Counted over this: what arrives in bunches is within its rate all the same. Milliseconds. */
const windowMs = 10_000;
const overShare = 1.05;
/** From this share of its rate on an endpoint counts as limited by it. */
const reachedShare = 0.9;

/** What the requests of one endpoint say of its rate. */
export interface RateFinding {
  readonly violations: readonly Violation[];
  /** Windows without a fault in which the endpoint got nearly all it may. */
  readonly reached: number;
}

/** I21: no more requests in any ten seconds than the rate and its burst let through, outside faults that move or slow its owner. */
export function checkRate(
  { id, ratePerSecond }: Pick<ChaosEndpoint, 'id' | 'ratePerSecond'>,
  arrivals: NumberList,
  index: RunIndex,
): RateFinding {
  if (ratePerSecond === undefined) return { violations: [], reached: 0 };
  const perWindow = (ratePerSecond * windowMs) / 1_000;
  const most = Math.floor(perWindow * overShare + burstOf(ratePerSecond));
  const times = arrivals.sorted();
  let worst = 0;
  let reached = 0;
  for (let first = 0, last = 0; first < times.length; first++) {
    const fromMs = times[first] ?? 0;
    while (last + 1 < times.length && (times[last + 1] ?? 0) < fromMs + windowMs) last++;
    const count = last - first + 1;
    if (count < perWindow * reachedShare || isDisturbed(fromMs, index)) continue;
    reached++;
    worst = Math.max(worst, count);
  }
  if (worst <= most) return { violations: [], reached };
  const said = `${worst} requests in ${windowMs / 1_000} s, at most ${most} at ${ratePerSecond}/s`;
  return { violations: [{ invariant: 'I21', about: id, said }], reached };
}

function isDisturbed(fromMs: number, index: RunIndex): boolean {
  const endMs = fromMs + windowMs;
  const slowed = index.faultsWithin(fromMs - windowMs, endMs, slowsDispatchers).length > 0;
  return slowed || index.mayHaveTwoOwners(fromMs) || index.mayHaveTwoOwners(endMs);
}
