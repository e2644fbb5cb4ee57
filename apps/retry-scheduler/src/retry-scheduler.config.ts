import { z } from 'zod';
import { appPart, databasePart, kafkaPart, receiptsPart, sweepPart } from '#runtime/config-parts';

/** The retry-scheduler's variables. */
export const retrySchedulerConfig = z.object({
  ...{ ...appPart, ...kafkaPart, ...databasePart },
  ...{ ...sweepPart, ...receiptsPart },
});

export type RetrySchedulerConfig = z.output<typeof retrySchedulerConfig>;
