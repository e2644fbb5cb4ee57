import type { AttemptResponse, AttemptView, NotificationView } from '#audit/notification-reads';
import type { Attempt } from '#contracts/generated/hookline/admin/v1/Attempt';
import type { Notification } from '#contracts/generated/hookline/admin/v1/Notification';
import { notificationName } from '#contracts/resource-names';
import { refusedAddress } from '#egress/address-ranges';
import type { Caller } from './call-gate.js';
import { timestampOf } from './timestamps.js';

/** The notification as it is answered. */
export function answeredNotification(view: NotificationView): Notification {
  return {
    name: notificationName({ tenantId: view.tenant_id, id: view.id }),
    eventSource: view.event_source,
    eventId: view.event_id,
    eventType: view.event_type,
    eventTime: timestampOf(view.event_time),
    subject: view.subject ?? '',
    template: view.template_id,
    templateVersion: view.template_version,
    endpoint: view.endpoint_id,
    state: `NOTIFICATION_STATE_${upper(view.state)}`,
    waitingReason: `WAITING_REASON_${view.waiting_reason ?? 'UNSPECIFIED'}`,
    failureReason: `FAILURE_REASON_${view.failure_reason ?? 'UNSPECIFIED'}`,
    failureDetail: view.failure_detail ?? '',
    attemptCount: view.attempt_count,
    step: view.step,
    nextAttemptTime: timestampOf(view.next_attempt_at),
    createTime: timestampOf(view.created_at),
    finishTime: timestampOf(view.finished_at),
    payloadSha256: view.payload_sha256?.toString('hex') ?? '',
    payloadBytes: view.payload_bytes ?? 0,
    sourceTopic: view.source_topic,
    sourcePartition: view.source_partition,
    sourceOffset: view.source_offset,
  };
}

/**
 * The attempt as it is answered. Where operators let a tenant's endpoint lead to an internal address (`EGRESS_ALLOW`), or
 * its name did once, that address is the installation's own: only a platform key sees it.
 */
export function answeredAttempt(
  view: AttemptView,
  response: AttemptResponse | undefined,
  { isPlatform }: Pick<Caller, 'isPlatform'>,
): Attempt {
  const headers = response?.response_headers ?? {};
  return {
    number: view.number,
    trigger: `ATTEMPT_TRIGGER_${upper(view.trigger)}`,
    askedBy: view.asked_by,
    requestedBy: view.requested_by ?? '',
    state: `ATTEMPT_STATE_${upper(view.state)}`,
    outcome: `ATTEMPT_OUTCOME_${view.outcome === null ? 'UNSPECIFIED' : upper(view.outcome)}`,
    failureReason: `FAILURE_REASON_${view.failure_reason ?? 'UNSPECIFIED'}`,
    httpStatus: view.http_status ?? 0,
    url: view.url,
    endpointVersion: view.endpoint_version,
    dueTime: timestampOf(view.due_at),
    startTime: timestampOf(view.started_at),
    finishTime: timestampOf(view.finished_at),
    leaseEndTime: timestampOf(view.lease_until),
    durationMs: view.duration_ms ?? 0,
    responseBytes: view.response_bytes ?? 0,
    errorDetail: view.error_detail ?? '',
    ...setOnly({
      dnsMs: view.dns_ms,
      connectMs: view.connect_ms,
      tlsMs: view.tls_ms,
      firstByteMs: view.first_byte_ms,
      responseTotalBytes: totalBytes(view, headers),
    }),
    peerAddress: isPlatform || isPublicPeer(view.peer_address) ? (view.peer_address ?? '') : '',
    responseCut: view.response_cut ?? '',
    responseHeaders: headers,
    responseBody: response?.response_body ?? Buffer.alloc(0),
  };
}

/** Null: no answer began, or it was cut and did not say how long it is (RFC 9110, 8.6). */
function totalBytes(view: AttemptView, headers: Readonly<Record<string, string>>): number | null {
  if (view.http_status === null || view.response_bytes === null) return null;
  if (view.response_cut === null) return view.response_bytes;
  const said = headers['content-length'] ?? '';
  return /^\d{1,15}$/.test(said) && Number(said) >= view.response_bytes ? Number(said) : null;
}

/** Of `address:port`, by the ranges of the address guard. */
function isPublicPeer(peer: string | null): boolean {
  const [, bracketed, plain] = /^(?:\[([^\]]+)\]|([^:]+)):\d+$/.exec(peer ?? '') ?? [];
  return refusedAddress(bracketed ?? plain ?? '') === null;
}

/** Fields that are null are left out: 0 is a duration as well. */
function setOnly<K extends string>(fields: Readonly<Record<K, number | null>>): Partial<Record<K, number>> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as Partial<Record<K, number>>;
}

function upper<T extends string>(text: T): Uppercase<T> {
  return text.toUpperCase() as Uppercase<T>;
}
