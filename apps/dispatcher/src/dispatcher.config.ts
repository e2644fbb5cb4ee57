import { z } from 'zod';
import { appPart, circuitPart, databasePart, deliveryPart, kafkaPart, secretsPart } from '#runtime/config-parts';
import { kafkaRelations } from '#runtime/kafka-relations';

/** Beyond the largest deadline a drain needs this for the finish, and a rebalance for the join; milliseconds. */
const drainReserveMs = 5_000;
const rebalanceReserveMs = 10_000;

const schema = z.object({
  ...{ ...appPart, ...kafkaPart, ...databasePart },
  ...{ ...deliveryPart, ...circuitPart, ...secretsPart },
});

/** The dispatcher's variables and what must hold between them. */
export const dispatcherConfig = schema.superRefine(kafkaRelations).superRefine((config, context) => {
  const { ATTEMPT_TIMEOUT_MS: deadlineMs } = config;
  if (config.DRAIN_TIMEOUT_MS < deadlineMs + drainReserveMs)
    context.addIssue({
      code: 'custom',
      path: ['DRAIN_TIMEOUT_MS'],
      message: `must be at least ATTEMPT_TIMEOUT_MS + ${drainReserveMs}`,
    });
  if (config.KAFKA_REBALANCE_TIMEOUT_MS <= deadlineMs + rebalanceReserveMs)
    context.addIssue({
      code: 'custom',
      path: ['KAFKA_REBALANCE_TIMEOUT_MS'],
      message: `must be over ATTEMPT_TIMEOUT_MS + ${rebalanceReserveMs}`,
    });
  if (config.EGRESS_SOCKETS_MAX !== undefined && config.EGRESS_SOCKETS_MAX < config.DISPATCH_CONCURRENCY)
    context.addIssue({
      code: 'custom',
      path: ['EGRESS_SOCKETS_MAX'],
      message: 'must be at least DISPATCH_CONCURRENCY',
    });
  if (config.CIRCUIT_OPEN_MAX_MS < config.CIRCUIT_OPEN_MS)
    context.addIssue({ code: 'custom', path: ['CIRCUIT_OPEN_MAX_MS'], message: 'must be at least CIRCUIT_OPEN_MS' });
  if (config.CONNECT_TIMEOUT_MS > deadlineMs)
    context.addIssue({ code: 'custom', path: ['CONNECT_TIMEOUT_MS'], message: 'must be at most ATTEMPT_TIMEOUT_MS' });
});

export type DispatcherConfig = z.output<typeof dispatcherConfig>;
