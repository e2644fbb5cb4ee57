import { z } from 'zod';
import { appPart, databasePart, kafkaPart, receiptsPart, sweepPart } from '#runtime/config-parts';
import { kafkaRelations } from '#runtime/kafka-relations';

/** The retry-scheduler's variables. */
export const retrySchedulerConfig = z
  .object({
    ...{ ...appPart, ...kafkaPart, ...databasePart },
    ...{ ...sweepPart, ...receiptsPart },
  })
  .superRefine(kafkaRelations);

export type RetrySchedulerConfig = z.output<typeof retrySchedulerConfig>;
