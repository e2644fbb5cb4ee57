import type { EachBatchPayload } from 'kafkajs';
import type { KafkaRecord } from '#domain/kafka-record';
import type { TopicPartition } from '#kafka/record-source';

/** A record as the client hands it on. */
export type ClientMessage = EachBatchPayload['batch']['messages'][number];

/** A copy: a client's buffer is a view that would pin the whole answer of the broker. */
export function copiedRecord({ topic, partition }: TopicPartition, message: ClientMessage): KafkaRecord {
  return {
    topic,
    partition,
    offset: BigInt(message.offset),
    timestampMs: Number(message.timestamp),
    key: copy(message.key),
    value: copy(message.value),
    headers: copyHeaders(message.headers),
  };
}

function copy(bytes: Buffer | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes);
}

/**
 * A header without a value counts as absent. The client takes what every object inherits (`constructor`) for a first value
 * of that name.
 */
function copyHeaders(headers: ClientMessage['headers'] = {}): KafkaRecord['headers'] {
  const copied: Record<string, Buffer | readonly Buffer[]> = {};
  for (const name of Object.keys(headers)) {
    const told = headers[name];
    const value = Buffer.isBuffer(told) ? Buffer.from(told) : copyRepeated(told);
    if (value === undefined) continue;
    if (name === '__proto__') Object.defineProperty(copied, name, { value, enumerable: true });
    else copied[name] = value;
  }
  return copied;
}

function copyRepeated(told: unknown): Buffer | readonly Buffer[] | undefined {
  const values = [told].flat().filter((value) => Buffer.isBuffer(value));
  const [first, ...more] = values.map((value) => Buffer.from(value));
  return first === undefined || more.length === 0 ? first : [first, ...more];
}
