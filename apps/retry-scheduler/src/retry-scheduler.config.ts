import { z } from 'zod';
import {
  agePart,
  appPart,
  autoDisablePart,
  booksPart,
  databasePart,
  kafkaPart,
  receiptsPart,
  retentionPart,
  sweepPart,
} from '#runtime/config-parts';
import { kafkaRelations } from '#runtime/kafka-relations';
import { retentionRelations } from '#runtime/retention-relations';
import { dutyNames } from './duty-names.js';

/** Which duties this process leaves to others. */
const dutiesPart = {
  DUTIES_OFF: z
    .string()
    .transform((text, context) => {
      const names = text.split(',').flatMap((name) => name.trim() || []);
      const known = dutyNames.filter((name) => names.includes(name));
      const wrong = names.filter((name) => !known.some((one) => one === name)).map((name) => JSON.stringify(name));
      if (wrong.length > 0) context.addIssue(`${wrong.join(', ')} is none of ${dutyNames.join(', ')}`);
      return known;
    })
    .prefault('')
    .describe(`duties that this process does not do, comma separated: ${dutyNames.join(', ')}`),
};

/** The retry-scheduler's variables. */
export const retrySchedulerConfig = z
  .object({
    ...{ ...appPart, ...kafkaPart, ...databasePart },
    ...{ ...sweepPart, ...receiptsPart, ...agePart, ...autoDisablePart },
    ...{ ...retentionPart, ...booksPart, ...dutiesPart },
  })
  .superRefine(kafkaRelations)
  .superRefine(retentionRelations);

export type RetrySchedulerConfig = z.output<typeof retrySchedulerConfig>;
