import { Controller, Inject, UseFilters } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { KafkaRecord } from '#domain/kafka-record';
import { KAFKA_LOG, RethrowFilter, signalOf } from '#kafka/log-server';
import { type DispatchNotificationDeps, dispatchNotification } from './dispatch-notification.js';

/** What the controller is given. */
export const DISPATCH_NOTIFICATION_DEPS = Symbol('DISPATCH_NOTIFICATION_DEPS');

/** Each record of `deliveries` is one call. */
@Controller()
@UseFilters(RethrowFilter)
export class DispatcherController {
  constructor(@Inject(DISPATCH_NOTIFICATION_DEPS) private readonly deps: DispatchNotificationDeps) {}

  @EventPattern('deliveries', KAFKA_LOG)
  dispatch(@Payload() record: KafkaRecord, @Ctx() context: unknown): Promise<void> {
    return dispatchNotification(record, this.deps, signalOf(context));
  }
}
