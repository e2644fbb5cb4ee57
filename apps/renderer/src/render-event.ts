/**
 * Event -> notifications -> deliveries.
 *
 * The record's offset is finished after this resolves, so all of it may run twice. Ids are derived from event and
 * template, so a second run stores nothing new; it produces the delivery of a row that has had no attempt again, from
 * the row, and the claim lets one through. Killed between row and produce: the record is read again, else the sweep asks.
 * Postgres or Kafka away: the promises stay open and the partition pauses; nothing is skipped.
 */
import type { BooksStore, Verdict } from '#audit/books';
import type { NewNotification, NotificationStore, StoredNotification } from '#audit/notifications';
import type { ParkedEventStore } from '#audit/parked-events';
import type { UnmatchedEventStore } from '#audit/unmatched-events';
import { sendDeadLetter } from '#contracts/dead-letter-record';
import { encodeDelivery } from '#contracts/delivery-record';
import { decodeEvent } from '#contracts/event-record';
import { shardOf } from '#domain/endpoint-shards';
import { canonicalTime, type Event, type ParkReason } from '#domain/event';
import { Failure } from '#domain/failure';
import { endpointKey } from '#domain/ids';
import type { KafkaRecord, RecordProducer } from '#domain/kafka-record';
import { matchesEventType, type WebhookTemplate } from '#domain/webhook-template';
import { count } from '#telemetry/instruments';
import type { Log } from '#telemetry/log';
import { buildNotification, type EventSource, type Registry } from './build-notification.js';
import type { RenderedBody } from './render-body.js';

/** What rendering an event touches. */
export interface RenderEventDeps {
  readonly registry: Registry;
  readonly renderBody: (template: WebhookTemplate, event: Event) => RenderedBody;
  readonly notifications: NotificationStore;
  readonly parkedEvents: ParkedEventStore;
  readonly unmatchedEvents: UnmatchedEventStore;
  readonly books: BooksStore;
  readonly producer: RecordProducer;
  /** The first instant ids have a table partition for, milliseconds since the epoch. */
  readonly oldestMs: () => Promise<number>;
  readonly deliveriesTopic: string;
  readonly deadLettersTopic: string;
  readonly operatorEventsTopic: string;
  readonly log: Log;
}

/** One record of an events topic, or of the operators'. Resolves when rows, books and deliveries are durable; throws a Failure otherwise. */
export async function renderEvent(record: KafkaRecord, deps: RenderEventDeps): Promise<void> {
  const decoded = decodeEvent(record);
  if (decoded.kind === 'parked') return parkEvent(record, decoded.reason, decoded.detail, deps);
  const { event } = decoded;
  if (deps.registry.current.tenant(event.tenantId) === undefined) await deps.registry.refreshed();
  if (deps.registry.current.tenant(event.tenantId) === undefined)
    return parkEvent(record, 'UNKNOWN_TENANT', `there is no tenant ${event.tenantId}`, deps);
  const time = canonicalTime(event, record.timestampMs, await deps.oldestMs());
  if (time.kind === 'too-old') return parkEvent(record, 'TOO_OLD', 'older than the oldest table partition', deps);

  const templates = templatesFor(event, record, deps);
  if (templates.length === 0) return keepUnmatched(record, event, deps);
  const stored = await settled(
    templates.map((template) => storeAndAsk({ event, record, timeMs: time.ms }, template, deps)),
  );
  const verdict = stored.some(({ isSameRecord }) => isSameRecord) ? 'matched' : 'duplicate';
  await enterBooks(record, verdict, deps);
  deps.log.debug('event.rendered', () => ({ ...labels(record, event), verdict, notifications: stored.length }));
}

/** Parks a record that the engine gave up: one whose handling keeps failing for a reason of ours. */
export async function parkFaultyEvent(record: KafkaRecord, failure: Error, deps: RenderEventDeps): Promise<void> {
  await parkEvent(record, 'RENDER_FAULT', failure.message, deps);
}

/** The tenant's active templates that take an event, as the registry is known now. */
export function templatesFor(event: Event, { topic }: KafkaRecord, deps: RenderEventDeps): readonly WebhookTemplate[] {
  const origin = topic === deps.operatorEventsTopic ? 'operators' : 'upstream';
  const takes = (one: WebhookTemplate) => one.active && matchesEventType(one.eventTypes, event.type, origin);
  return deps.registry.current.templates(event.tenantId).filter(takes);
}

/** One template's failure keeps none of the others back; what may pass when it is tried again is thrown first. */
async function settled<T>(all: readonly Promise<T>[]): Promise<readonly T[]> {
  const results = await Promise.allSettled(all);
  const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  if (failures.length === 0) return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  throw failures.find((failure) => !(failure instanceof Failure) || failure.retryable) ?? failures[0];
}

/**
 * The row first, then its record. An event first seen at another time (its producer repeats it with another, or none)
 * takes a second pass with that one, so that its ids are those of the first record.
 */
async function storeAndAsk(
  source: EventSource,
  template: WebhookTemplate,
  deps: RenderEventDeps,
): Promise<StoredNotification> {
  const built = await buildNotification(source, template, deps.registry, deps.renderBody);
  const answer = await deps.notifications.insert(built);
  if (answer.kind === 'first-seen-at') return storeAndAsk({ ...source, timeMs: answer.timeMs }, template, deps);
  await askForFirstAttempt(built, answer, deps);
  return answer;
}

/** A row that existed is asked for from the row, never with the new rendering. */
async function askForFirstAttempt(
  { id, tenantId, templateId, content }: NewNotification,
  { isNew, state, nextNumber, endpointId, traceParent }: StoredNotification,
  deps: RenderEventDeps,
): Promise<void> {
  if (isNew) count('hookline_notifications_created_total');
  if (state !== 'pending' || nextNumber !== 1) return;
  const delivery = {
    ...{ notificationId: id, tenantId, endpointId, templateId, traceParent },
    shard: shardOf(id, deps.registry.current.endpoint(endpointKey(tenantId, endpointId))?.shards ?? 1),
    ask: { kind: 'attempt', number: 1 },
    askedBy: 'renderer',
    content: isNew ? content : null,
  } as const;
  await deps.producer.send(encodeDelivery(delivery, deps.deliveriesTopic));
}

async function keepUnmatched(record: KafkaRecord, event: Event, deps: RenderEventDeps): Promise<void> {
  const { topic, partition } = record;
  const { tenantId, source: eventSource, id: eventId, type: eventType, subject } = event;
  const offset = String(record.offset);
  await deps.unmatchedEvents.add({ topic, partition, offset, tenantId, eventSource, eventId, eventType, subject });
  await enterBooks(record, 'unmatched', deps);
  deps.log.info('event.unmatched', labels(record, event));
}

async function parkEvent(
  record: KafkaRecord,
  reason: ParkReason,
  detail: string,
  deps: RenderEventDeps,
): Promise<void> {
  await deps.parkedEvents.park(record, reason, detail);
  await sendDeadLetter(record, { topic: deps.deadLettersTopic, reason, app: 'renderer' }, deps.producer);
  await enterBooks(record, 'parked', deps);
  deps.log.warn('event.parked', { ...position(record), reason, detail, bytes: record.value?.length ?? 0 });
}

/** Gives a record its verdict; resolves when that is durable. */
export async function enterBooks({ topic, partition, offset }: KafkaRecord, verdict: Verdict, deps: RenderEventDeps) {
  await deps.books.enter({ topic, partition, offset, verdict });
  count('hookline_events_read_total', { verdict });
}

function labels(record: KafkaRecord, { tenantId, source, id, type }: Event): object {
  return { ...position(record), tenantId, eventSource: source, eventId: id, eventType: type };
}

function position({ topic, partition, offset }: KafkaRecord): object {
  return { topic, partition, offset: String(offset) };
}
