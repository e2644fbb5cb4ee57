import { randomUUID } from 'node:crypto';
import type { BookDifference } from '#domain/book-difference';
import type { Clock } from '#domain/clock';
import type { OutgoingRecord } from '#domain/kafka-record';
import { topicNames } from './topics.js';

/** What operators are told through the topic `operator-events`. */
interface OperatorEvent {
  /** `hookline.<thing>.<what happened>`. */
  readonly type: string;
  /** The app that says it. */
  readonly app: string;
  /** What it is about. */
  readonly subject: string;
  /** Whose; absent when it concerns the installation. */
  readonly tenantId?: string;
  readonly data: Readonly<Record<string, string | number>>;
}

/** Where and when it is said. */
interface Saying {
  /** `TOPIC_PREFIX`. */
  readonly prefix: string;
  readonly clock: Clock;
}

/** A structured CloudEvent 1.0 (Kafka binding) of the topic `operator-events`, keyed by its tenant. */
function encodeOperatorEvent(event: OperatorEvent, { prefix, clock }: Saying): OutgoingRecord {
  const { type, app, subject, tenantId, data } = event;
  const attributes = {
    ...{ specversion: '1.0', id: randomUUID(), source: `hookline/${app}`, type, subject },
    time: new Date(clock.nowMs()).toISOString(),
    ...(tenantId === undefined ? {} : { tenant: tenantId }),
    datacontenttype: 'application/json',
  };
  return {
    topic: topicNames.operatorEvents(prefix),
    key: tenantId ?? null,
    value: Buffer.from(JSON.stringify({ ...attributes, data })),
    headers: { 'content-type': 'application/cloudevents+json' },
  };
}

/** A circuit that opened, or closed again. */
interface CircuitChange {
  readonly tenantId: string;
  readonly endpointId: string;
  readonly isOpen: boolean;
  /** When it will be probed, milliseconds since the epoch; absent when it closed. */
  readonly probeMs?: number;
}

/** An endpoint failed too often and is spared, or is well again. */
export function circuitEvent(app: string, change: CircuitChange, saying: Saying): OutgoingRecord {
  const { tenantId, endpointId, isOpen, probeMs } = change;
  const type = isOpen ? 'hookline.circuit.opened' : 'hookline.circuit.closed';
  const data = { endpoint: endpointId, ...(probeMs === undefined ? {} : { probeAt: new Date(probeMs).toISOString() }) };
  const subject = `tenants/${tenantId}/endpoints/${endpointId}`;
  return encodeOperatorEvent({ type, app, subject, tenantId, data }, saying);
}

/** A notification whose schedule is used up. */
interface NotificationExhausted {
  readonly tenantId: string;
  readonly endpointId: string;
  readonly notificationId: string;
  /** Of the last attempt. */
  readonly number: number;
}

/** It failed for good, and can be re-sent. */
export function exhaustedEvent(app: string, exhausted: NotificationExhausted, saying: Saying): OutgoingRecord {
  const { tenantId, endpointId, notificationId, number } = exhausted;
  const type = 'hookline.notification.exhausted';
  const subject = `tenants/${tenantId}/notifications/${notificationId}`;
  return encodeOperatorEvent(
    { type, app, subject, tenantId, data: { endpoint: endpointId, attempts: number } },
    saying,
  );
}

/** An endpoint that has only failed for long. Times: milliseconds since the epoch. */
interface EndpointFailing {
  readonly tenantId: string;
  readonly endpointId: string;
  readonly sinceMs: number;
  readonly attempts: number;
}

/** It is warned of, was switched off, or is well again. */
export function endpointFailingEvent(
  kind: 'failing' | 'disabled' | 'recovered',
  { tenantId, endpointId, sinceMs, attempts }: EndpointFailing,
  saying: Saying,
): OutgoingRecord {
  const data = { endpoint: endpointId, failingSince: new Date(sinceMs).toISOString(), attempts };
  const subject = `tenants/${tenantId}/endpoints/${endpointId}`;
  const app = kind === 'recovered' ? 'dispatcher' : 'retry-scheduler';
  return encodeOperatorEvent({ type: `hookline.endpoint.${kind}`, app, subject, tenantId, data }, saying);
}

/** What a partition's log lost. */
interface LogShrunk {
  readonly topic: string;
  readonly partition: number;
  readonly committed: bigint;
  readonly found: bigint;
}

/** A partition's log was replaced by a shorter one, and is read anew from `found`. */
export function logShrunkEvent(app: string, shrunk: LogShrunk, saying: Saying): OutgoingRecord {
  const { topic, partition, committed, found } = shrunk;
  const data = { topic, partition, committed: String(committed), found: String(found) };
  return encodeOperatorEvent({ type: 'hookline.log.shrunk', app, subject: `${topic}/${partition}`, data }, saying);
}

/** The two sides of the books differ. */
export function booksMismatchEvent(difference: BookDifference, saying: Saying): OutgoingRecord {
  const { kind, tenantId, offsets, notificationId, number, detail } = difference;
  const place =
    offsets === null
      ? {}
      : {
          ...{ topic: offsets.topic, partition: offsets.partition },
          ...{ firstOffset: String(offsets.first), lastOffset: String(offsets.last) },
        };
  const where = offsets === null ? 'notifications' : `${offsets.topic}/${offsets.partition}/${offsets.first}`;
  const subject = notificationId === null ? where : `notifications/${notificationId}`;
  const data = {
    ...{ kind, ...place, detail },
    ...(notificationId === null ? {} : { notification: notificationId }),
    ...(number === null ? {} : { attempt: number }),
  };
  // What is late is the installation's fault: told to its tenant, it would only bring forth more of it.
  const isLate = kind === 'OVERDUE' || kind === 'LEASE_OVERDUE';
  const whose = tenantId === null || isLate ? {} : { tenantId };
  return encodeOperatorEvent(
    { type: 'hookline.books.mismatch', app: 'retry-scheduler', subject, ...whose, data },
    saying,
  );
}
