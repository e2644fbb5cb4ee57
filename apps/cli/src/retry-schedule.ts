import type { EffectiveRetrySchedule__Output } from '#contracts/generated/hookline/admin/v1/EffectiveRetrySchedule';
import { stateText } from './api-values.js';

/** The schedule that holds and who says it, in a line; empty for an admin that does not know it. */
export function scheduleText(schedule: EffectiveRetrySchedule__Output | null): string {
  if (schedule === null) return '';
  const { delays, total, exceedsMaxAge } = schedule;
  const source = sourceOf(schedule);
  const whose = source === 'default' ? "the installation's" : `the ${source.replaceAll('_', ' ')}'s`;
  const warning = exceedsMaxAge ? '; longer than a notification may live, its last delays are never waited for' : '';
  return `${delays.join(', ')} (${whose}; ${total} together${warning})`;
}

/** As it is printed with `-o json`; null for an admin that does not know it. */
export function scheduleJson(schedule: EffectiveRetrySchedule__Output | null): object | null {
  if (schedule === null) return null;
  const { delays, total, exceedsMaxAge } = schedule;
  return { delays, source: sourceOf(schedule), total, exceedsMaxAge };
}

function sourceOf({ source }: EffectiveRetrySchedule__Output): string {
  return stateText(source, 'RETRY_SCHEDULE_SOURCE');
}
