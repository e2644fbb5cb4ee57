import { hash } from 'node:crypto';
import type { NewContent, NewNotification } from '#audit/notifications';
import type { FailureReason } from '#domain/attempt';
import type { Event } from '#domain/event';
import { endpointKey } from '#domain/ids';
import type { KafkaRecord } from '#domain/kafka-record';
import { notificationId } from '#domain/notification-id';
import type { WebhookTemplate } from '#domain/webhook-template';
import type { RegistryView } from '#registry/snapshot';
import { validTraceParent } from '#telemetry/trace-headers';
import type { RenderedBody } from './render-body.js';

/** An event, the record it came in, and the time its ids begin with (milliseconds since the epoch). */
export interface EventSource {
  readonly event: Event;
  readonly record: KafkaRecord;
  readonly timeMs: number;
}

/** What is configured, and how to be sure that it still is. */
export interface Registry {
  readonly current: RegistryView;
  /** Resolves when `current` is not older than the call; rejects with a Failure. */
  refreshed(): Promise<void>;
}

/** What one template makes of an event: the frozen request, or a notification that is failed from the start and says why. */
export async function buildNotification(
  { event, record, timeMs }: EventSource,
  template: WebhookTemplate,
  registry: Registry,
  renderBody: (template: WebhookTemplate, event: Event) => RenderedBody,
): Promise<NewNotification> {
  const { tenantId, source: eventSource, id: eventId } = event;
  const rendered = renderBody(template, event);
  const content = rendered.kind === 'rendered' ? freeze(template, rendered.body) : null;
  return {
    id: notificationId({ tenantId, eventSource, eventId, templateId: template.id, timeMs }),
    tenantId,
    eventSource,
    eventId,
    eventType: event.type,
    eventTime: event.timeMs === null ? null : new Date(event.timeMs),
    subject: event.subject,
    templateId: template.id,
    templateVersion: template.version,
    endpointId: template.endpointId,
    failureReason: rendered.kind === 'failed' ? rendered.reason : await refusalOf(template, registry),
    failureDetail: rendered.kind === 'failed' ? rendered.detail : null,
    eventBytes: content === null ? event.envelope : null,
    sourceTopic: record.topic,
    sourcePartition: record.partition,
    sourceOffset: String(record.offset),
    traceParent: validTraceParent(event.traceParent ?? '') ?? null,
    content,
  };
}

/** Why nothing may be sent now; the notification can be re-sent later. An older view refuses nothing by itself. */
async function refusalOf(template: WebhookTemplate, registry: Registry): Promise<FailureReason | null> {
  if (refusalIn(registry.current, template) === null) return null;
  await registry.refreshed();
  return refusalIn(registry.current, template);
}

function refusalIn(view: RegistryView, template: WebhookTemplate): FailureReason | null {
  if (view.tenant(template.tenantId)?.webhooksEnabled === false) return 'WEBHOOKS_DISABLED';
  const endpoint = view.endpoint(endpointKey(template.tenantId, template.endpointId));
  if (endpoint === undefined) return 'ENDPOINT_DELETED';
  return endpoint.enabled ? null : 'ENDPOINT_DISABLED';
}

function freeze({ method, contentType }: WebhookTemplate, body: Buffer): NewContent {
  return { method, contentType, body, sha256: hash('sha256', body, 'buffer') };
}
