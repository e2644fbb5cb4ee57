/**
 * Operator event -> notifications, as of any event, for the templates of its tenant that ask for it by name.
 *
 * Most of them nobody asks for: those get their verdict in the books and no row of `unmatched_events`, which answers why
 * nothing was sent of what upstream produced. One without a tenant is about the installation and belongs to no tenant, not
 * even `default`: the topic and the log say it. All of it may run twice, as rendering an event may.
 *
 * It cannot feed itself: of what becomes of these notifications operators are told nothing (`dispatch-notification`).
 */
import { decodeEvent } from '#contracts/event-record';
import { ownField } from '#contracts/json-text';
import type { Event } from '#domain/event';
import type { KafkaRecord } from '#domain/kafka-record';
import { enterBooks, type RenderEventDeps, renderEvent, templatesFor } from './render-event.js';

/** One record of `operator-events`. Resolves when rows, books and deliveries are durable; throws a Failure otherwise. */
export async function renderOperatorEvent(record: KafkaRecord, deps: RenderEventDeps): Promise<void> {
  const decoded = decodeEvent(record);
  if (decoded.kind === 'event' && !(await isAskedFor(decoded.event, record, deps)))
    return enterBooks(record, 'unmatched', deps);
  return renderEvent(record, deps);
}

async function isAskedFor(event: Event, record: KafkaRecord, deps: RenderEventDeps): Promise<boolean> {
  if ((ownField(event.content, 'tenant') ?? null) === null) return false;
  if (deps.registry.current.tenant(event.tenantId) === undefined) await deps.registry.refreshed();
  const isKnown = deps.registry.current.tenant(event.tenantId) !== undefined;
  // Of an unknown tenant it is parked, so that somebody sees it.
  return !isKnown || templatesFor(event, record, deps).length > 0;
}
