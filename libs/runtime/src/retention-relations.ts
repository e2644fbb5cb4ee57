import type { z } from 'zod';
import { durationText } from '#domain/duration';

interface RetentionConfig {
  readonly PAYLOAD_RETENTION: number;
  readonly NOTIFICATION_RETENTION: number;
  readonly NOTIFICATION_MAX_AGE?: number;
  readonly DEDUPE_WINDOW?: number;
}

const retentions = ['PAYLOAD_RETENTION', 'NOTIFICATION_RETENTION'] as const;
/** What needs rows or bytes for so long; commands that do neither read only the retentions. */
const needs = [
  { name: 'NOTIFICATION_MAX_AGE', why: 'until then a notification may be sent' },
  { name: 'DEDUPE_WINDOW', why: 'until then an event that comes again must find its notification' },
] as const;

/** Checks the retentions against what needs them: `schema.superRefine(retentionRelations)`. */
export function retentionRelations(config: RetentionConfig, context: z.RefinementCtx): void {
  const fault = (name: (typeof retentions)[number], message: string) =>
    context.addIssue({ code: 'custom', path: [name], message });
  for (const retention of retentions)
    for (const { name, why } of needs) {
      const leastMs = config[name];
      if (leastMs !== undefined && config[retention] <= leastMs)
        fault(retention, `must be over ${name} (${durationText(leastMs)}): ${why}`);
    }
  if (config.PAYLOAD_RETENTION > config.NOTIFICATION_RETENTION)
    fault(
      'PAYLOAD_RETENTION',
      'must be at most NOTIFICATION_RETENTION: a payload without its notification is of no use',
    );
}
