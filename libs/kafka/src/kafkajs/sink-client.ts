import type { Admin, Producer } from 'kafkajs';
import type { Log } from '#telemetry/log';
import { createKafka, type KafkaSettings } from './kafka-client.js';

/** Longer than the client's own timeout of a request; nobody parks a request of a producer. */
const unansweredMsMax = 20_000;
/** The producer's own knowledge of topics is at most this old when it sends; its default is 300 s. */
export const metadataAgeMs = 10_000;
/** The sink repeats: a repetition in here would ask the same dead connection again, 15 s each time. */
const noRetry = { initialRetryTime: 200, retries: 0 } as const;

/** A producer and what it has to know of topics, on connections of their own. */
export class SinkClient {
  readonly producer: Producer;
  readonly admin: Admin;
  private connecting: Promise<void> | null = null;

  constructor(settings: KafkaSettings, clientId: string, log: Log) {
    const kafka = createKafka({ unansweredMsMax, ...settings }, clientId, log);
    this.admin = kafka.admin({ retry: noRetry });
    this.producer = kafka.producer({
      ...{ allowAutoTopicCreation: false, idempotent: false, metadataMaxAge: metadataAgeMs, retry: noRetry },
    });
  }

  /** Resolves once connected; after a failure the next call tries again. */
  connect(): Promise<void> {
    this.connecting ??= Promise.all([this.admin.connect(), this.producer.connect()]).then(
      () => undefined,
      (error: unknown) => {
        this.connecting = null;
        throw error;
      },
    );
    return this.connecting;
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.producer.disconnect(), this.admin.disconnect()]);
  }
}
