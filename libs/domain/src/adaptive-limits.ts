/** What an endpoint takes by its settings. */
export interface OwnLimits {
  /** Requests under way at once, 1 and more. */
  readonly concurrency: number;
  /** Requests a second, over 0; null: no such limit. */
  readonly ratePerSecond: number | null;
}

/** What ended, for the limits of its endpoint. Times are monotonic milliseconds. */
export interface LimitSign {
  readonly kind: 'good' | 'too-many' | 'other';
  readonly beganMs: number;
  readonly endedMs: number;
  /** Total deadline of the attempt, milliseconds. */
  readonly deadlineMs: number;
}

const rateMin = 0.1;
const concurrencyMin = 1;
/** A tenth of its own limit comes back after each of these. */
const raiseEveryMs = 10_000;
const raiseShare = 0.1;
/** Slowness is judged over this. */
const slowWindowMs = 30_000;
/** At the 95th percentile: more than this share of the answers is slow. */
const slowShareMax = 0.05;
/** Fewer answers than this in a window say nothing of a percentile. */
const answersMin = 10;
/** So many good answers give one place back that slowness took. */
const goodPerPlace = 10;

/**
 * What an endpoint takes now. 429 halves the rate (without one: the concurrency), and what it took comes back bit by bit;
 * answers that are slow for half a minute halve the concurrency, and good ones give it back.
 */
export class AdaptiveLimits {
  /** Shares of the endpoint's own rate, or concurrency, that 429 left; 0 < share <= 1. */
  private throttle = 1;
  private throttledMs = Number.NEGATIVE_INFINITY;
  private raisedMs = 0;
  /** Places left by slowness; null: all of them. */
  private places: number | null = null;
  private good = 0;
  private window = { sinceMs: 0, answers: 0, slow: 0 };

  /** @param nowMs monotonic milliseconds */
  now(own: OwnLimits, nowMs: number): OwnLimits {
    this.raise(nowMs);
    if (this.throttle === 1 && this.places === null) return own;
    const { concurrency, ratePerSecond } = own;
    const places = Math.min(concurrency, this.places ?? concurrency);
    if (ratePerSecond !== null) {
      const rateLeast = Math.min(ratePerSecond, rateMin);
      return { concurrency: places, ratePerSecond: Math.max(ratePerSecond * this.throttle, rateLeast) };
    }
    return { concurrency: Math.min(places, atLeastOne(concurrency * this.throttle)), ratePerSecond };
  }

  note(sign: LimitSign, own: OwnLimits): void {
    const { kind, beganMs, endedMs } = sign;
    this.raise(endedMs);
    if (kind === 'too-many' && beganMs >= this.throttledMs) this.halveThrottle(endedMs, own);
    if (kind === 'good' && this.places !== null) this.giveBack(own);
    this.noteSpeed(sign, own);
  }

  /** What began before the last halving was under way while it was too much: it says nothing new. */
  private halveThrottle(nowMs: number, { concurrency, ratePerSecond }: OwnLimits): void {
    const least = ratePerSecond === null ? concurrencyMin / concurrency : Math.min(1, rateMin / ratePerSecond);
    this.throttle = Math.max(this.throttle / 2, least);
    this.throttledMs = nowMs;
    this.raisedMs = nowMs;
  }

  private raise(nowMs: number): void {
    if (this.throttle === 1) return;
    const steps = Math.floor((nowMs - this.raisedMs) / raiseEveryMs);
    if (steps <= 0) return;
    this.throttle = Math.min(1, this.throttle + steps * raiseShare);
    this.raisedMs += steps * raiseEveryMs;
  }

  private giveBack({ concurrency }: OwnLimits): void {
    if (++this.good < goodPerPlace || this.places === null) return;
    this.good = 0;
    this.places = this.places + 1 >= concurrency ? null : this.places + 1;
  }

  private noteSpeed({ beganMs, endedMs, deadlineMs }: LimitSign, own: OwnLimits): void {
    const { window } = this;
    if (window.answers === 0) window.sinceMs = endedMs;
    window.answers++;
    if (endedMs - beganMs > deadlineMs / 2) window.slow++;
    if (endedMs - window.sinceMs < slowWindowMs) return;
    const isSlow = window.answers >= answersMin && window.slow > window.answers * slowShareMax;
    this.window = { sinceMs: endedMs, answers: 0, slow: 0 };
    if (!isSlow) return;
    this.good = 0;
    this.places = atLeastOne(Math.min(own.concurrency, this.places ?? own.concurrency) / 2);
  }
}

function atLeastOne(places: number): number {
  return Math.max(concurrencyMin, Math.floor(places));
}
