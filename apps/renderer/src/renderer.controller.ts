import { Controller, Inject, UseFilters } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import type { KafkaRecord } from '#domain/kafka-record';
import { KAFKA_LOG, RethrowFilter } from '#kafka/log-server';
import { type RenderEventDeps, renderEvent } from './render-event.js';
import { renderOperatorEvent } from './render-operator-event.js';

/** What the controller is given. */
export const RENDER_EVENT_DEPS = Symbol('RENDER_EVENT_DEPS');

/** Each record of the events topics, and of the operators' own, is one call. */
@Controller()
@UseFilters(RethrowFilter)
export class RendererController {
  constructor(@Inject(RENDER_EVENT_DEPS) private readonly deps: RenderEventDeps) {}

  @EventPattern('events', KAFKA_LOG)
  render(@Payload() record: KafkaRecord): Promise<void> {
    return renderEvent(record, this.deps);
  }

  @EventPattern('operator-events', KAFKA_LOG)
  renderOfOperators(@Payload() record: KafkaRecord): Promise<void> {
    return renderOperatorEvent(record, this.deps);
  }
}
