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

/** The retry-scheduler's variables. */
export const retrySchedulerConfig = z
  .object({
    ...{ ...appPart, ...kafkaPart, ...databasePart },
    ...{ ...sweepPart, ...receiptsPart, ...agePart, ...autoDisablePart },
    ...{ ...retentionPart, ...booksPart },
  })
  .superRefine(kafkaRelations)
  .superRefine(retentionRelations);

export type RetrySchedulerConfig = z.output<typeof retrySchedulerConfig>;
