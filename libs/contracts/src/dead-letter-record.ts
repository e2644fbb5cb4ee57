import type { KafkaRecord, OutgoingRecord } from '#domain/kafka-record';

/** Why and by whom a record was put aside. */
export interface DeadLetterCause {
  readonly reason: string;
  /** The app that gave it up. */
  readonly app: string;
}

/** A record for `dead-letters`: key and value untouched, its own headers kept, and where it came from. */
export function encodeDeadLetter(record: KafkaRecord, topic: string, cause: DeadLetterCause): OutgoingRecord {
  const own = Object.entries(record.headers).flatMap(([name, value]) =>
    Buffer.isBuffer(value) ? [[name, value]] : [],
  );
  return {
    topic,
    key: record.key,
    value: record.value,
    headers: {
      ...Object.fromEntries(own),
      'dead-letter-reason': cause.reason,
      'dead-letter-app': cause.app,
      'dead-letter-topic': record.topic,
      'dead-letter-partition': String(record.partition),
      'dead-letter-offset': String(record.offset),
    },
  };
}
