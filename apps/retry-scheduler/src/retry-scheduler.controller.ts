import { Controller, Inject, UseFilters } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { KafkaRecord } from '#domain/kafka-record';
import { KAFKA_LOG, RethrowFilter, signalOf } from '#kafka/log-server';
import { type ReleaseDueRetriesDeps, releaseDueRetry } from './release-due-retries.js';

/** What the controller is given. */
export const RELEASE_DUE_RETRIES_DEPS = Symbol('RELEASE_DUE_RETRIES_DEPS');

/** Each record of a retry tier is one call, which lasts until the record may leave its tier. */
@Controller()
@UseFilters(RethrowFilter)
export class RetrySchedulerController {
  constructor(@Inject(RELEASE_DUE_RETRIES_DEPS) private readonly deps: ReleaseDueRetriesDeps) {}

  @EventPattern('tiers', KAFKA_LOG)
  release(@Payload() record: KafkaRecord, @Ctx() context: unknown): Promise<void> {
    return releaseDueRetry(record, this.deps, signalOf(context));
  }
}
