import { z } from 'zod';
import {
  agePart,
  appPart,
  autoDisablePart,
  databasePart,
  kafkaPart,
  receiptsPart,
  sweepPart,
} from '#runtime/config-parts';
import { kafkaRelations } from '#runtime/kafka-relations';

/** The retry-scheduler's variables. */
export const retrySchedulerConfig = z
  .object({
    ...{ ...appPart, ...kafkaPart, ...databasePart },
    ...{ ...sweepPart, ...receiptsPart, ...agePart, ...autoDisablePart },
  })
  .superRefine(kafkaRelations);

export type RetrySchedulerConfig = z.output<typeof retrySchedulerConfig>;
