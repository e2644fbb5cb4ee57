/**
 * A token bucket as one number (the generic cell rate algorithm, ITU-T I.371): when the bucket will be full again. Times are
 * monotonic milliseconds.
 */
export class RateGate {
  private fullAtMs = Number.NEGATIVE_INFINITY;

  /** How long until the next request may begin, milliseconds; 0: now. @param perSecond over 0 */
  waitMs(perSecond: number, nowMs: number): number {
    return Math.max(0, this.fullAtMs - nowMs - (burstOf(perSecond) - 1) * (1_000 / perSecond));
  }

  /** Counts a request that begins now. */
  take(perSecond: number, nowMs: number): void {
    this.fullAtMs = Math.max(this.fullAtMs, nowMs) + 1_000 / perSecond;
  }
}

/** Requests that may begin together after a pause: what a tenth of a second lets through, one at least. */
export function burstOf(perSecond: number): number {
  return Math.max(1, Math.floor(perSecond / 10));
}
