import type { KafkaRecordProducer } from '#kafka/record-producer';

/** Partitions of some topics together. Throws a Failure while no broker answers. */
export async function partitionsOfAll(topics: readonly string[], producer: KafkaRecordProducer): Promise<number> {
  const counts = await Promise.all(topics.map((topic) => producer.partitionsOf(topic)));
  return counts.reduce((sum, count) => sum + count, 0);
}
