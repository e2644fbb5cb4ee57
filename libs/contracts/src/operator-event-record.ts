import { randomUUID } from 'node:crypto';
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
