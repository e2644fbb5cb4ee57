import { Failure } from '#domain/failure';
import type { KafkaRecord, OutgoingRecord, RecordProducer } from '#domain/kafka-record';

/** Why and by whom a record was put aside. */
export interface DeadLetterCause {
  readonly reason: string;
  /** The app that gave it up. */
  readonly app: string;
}

/** A longer key says nothing that the offset does not. */
const keyBytesMax = 1_024;

/**
 * Puts a record aside. One that no topic takes (its producer compressed a batch of it) is told of by what it came from and
 * its size alone: to try it again would hold its partition for ever. Rejects with what the producer rejects.
 */
export async function sendDeadLetter(
  record: KafkaRecord,
  { topic, ...cause }: DeadLetterCause & { readonly topic: string },
  producer: RecordProducer,
): Promise<void> {
  try {
    await producer.send(encodeDeadLetter(record, topic, cause));
  } catch (error) {
    if (!(error instanceof Failure) || error.retryable) throw error;
    const key = (record.key?.length ?? 0) > keyBytesMax ? null : record.key;
    const { headers, ...rest } = encodeDeadLetter({ ...record, key, value: null, headers: {} }, topic, cause);
    const bytes = String(record.value?.length ?? 0);
    await producer.send({ ...rest, headers: { ...headers, 'dead-letter-value-bytes': bytes } });
  }
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
