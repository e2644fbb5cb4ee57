import { Controller, Inject, UseFilters } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import type { KafkaRecord } from '#domain/kafka-record';
import { KAFKA_LOG, RethrowFilter } from '#kafka/log-server';
import { type RenderEventDeps, renderEvent } from './render-event.js';

/** What the controller is given. */
export const RENDER_EVENT_DEPS = Symbol('RENDER_EVENT_DEPS');

/** Each record of the events topics is one call. */
@Controller()
@UseFilters(RethrowFilter)
export class RendererController {
  constructor(@Inject(RENDER_EVENT_DEPS) private readonly deps: RenderEventDeps) {}

  @EventPattern('events', KAFKA_LOG)
  render(@Payload() record: KafkaRecord): Promise<void> {
    return renderEvent(record, this.deps);
  }
}
