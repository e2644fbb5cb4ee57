/** Who says how a notification is repeated, the nearest first. */
export const scheduleSources = ['template', 'endpoint', 'event-type', 'tenant', 'default'] as const;
export type ScheduleSource = (typeof scheduleSources)[number];

/** A retry schedule and who says it. */
export interface EffectiveSchedule {
  /** After the 1st, 2nd ... failure that takes a step, milliseconds; at least one. */
  readonly delaysMs: readonly number[];
  readonly source: ScheduleSource;
}

/** What each of them says, delays in milliseconds; null or absent: nothing. */
export type SaidSchedules = {
  readonly [source in Exclude<ScheduleSource, 'default'>]?: readonly number[] | null;
} & { readonly default: readonly number[] };

/**
 * The schedule that holds: template before endpoint before event type before tenant before the installation's default. The
 * nearest one holds as a whole; schedules are never mixed.
 */
export function effectiveSchedule(said: SaidSchedules): EffectiveSchedule {
  for (const source of scheduleSources) {
    const delaysMs = said[source];
    if (delaysMs !== null && delaysMs !== undefined) return { delaysMs, source };
  }
  return { delaysMs: said.default, source: 'default' };
}

/**
 * How long a schedule takes at the least, milliseconds: without jitter, hints and the attempts themselves. Where it is more
 * than the greatest age of a notification the last delays are never waited for: what would be due too late is EXPIRED.
 */
export function scheduleLengthMs(delaysMs: readonly number[]): number {
  return delaysMs.reduce((sum, delayMs) => sum + delayMs, 0);
}
