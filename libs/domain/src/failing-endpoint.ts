/** How long an endpoint has only failed: since its last success, or since it was seen first. Times: milliseconds since the epoch. */
export interface FailingEndpoint {
  readonly sinceMs: number;
  readonly lastFailedMs: number;
  /** Failed attempts since then. */
  readonly attempts: number;
  /** Of so many notifications, counted up to `failingNotificationsMax`. */
  readonly notifications: number;
  /** Warnings given. */
  readonly warnings: number;
}

/** When an endpoint that only fails is switched off. Durations in milliseconds. */
export interface AutoDisablePolicy {
  readonly afterMs: number;
  readonly attemptsMin: number;
  /** At most `failingNotificationsMax`. */
  readonly notificationsMin: number;
  /** Between the first failure and the last one. */
  readonly spreadMsMin: number;
}

/** What is due; `warnings` is how many will have been given by then. */
export type FailingVerdict =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'warn'; readonly warnings: number }
  | { readonly kind: 'disable' };

/** More than so many notifications are not told apart. */
export const failingNotificationsMax = 10;

/** Shares of the time after which it is switched off: by default after 24 and 72 hours. */
const warningShares = [0.2, 0.6];

/**
 * A few failures of one notification, or all within hours, switch nothing off, however long nothing else was sent. Nobody is
 * switched off without a warning: where nobody looked for days, the warning comes first and the rest with the next look.
 */
export function judgeFailing(failing: FailingEndpoint, policy: AutoDisablePolicy, nowMs: number): FailingVerdict {
  const ageMs = nowMs - failing.sinceMs;
  const warnings = warningShares.filter((share) => ageMs >= policy.afterMs * share).length;
  if (warnings > failing.warnings) return { kind: 'warn', warnings };
  const isProven = failing.notifications >= policy.notificationsMin && failing.attempts >= policy.attemptsMin;
  const isOver = ageMs >= policy.afterMs && isProven && failing.lastFailedMs - failing.sinceMs >= policy.spreadMsMin;
  return { kind: isOver ? 'disable' : 'nothing' };
}
