import { Partitioners, type PartitionMetadata } from 'kafkajs';

const partitioner = Partitioners.DefaultPartitioner();

/**
 * The partition of a key: positive murmur2 of its bytes modulo the partitions, as Java's and kafkajs' default
 * partitioners do, so that producers of any language and our own sweep agree.
 *
 * @param shift the shard of an endpoint that is spread: so many partitions further, from the last on to the first
 */
export function partitionOfKey(key: string | Buffer, partitions: number, shift = 0): number {
  const partitionMetadata = metadata.get(partitions) ?? metadataOf(partitions);
  return (partitioner({ topic: '', partitionMetadata, message: { key, value: null } }) + shift) % partitions;
}

/** What kafkajs' partitioner wants to be told of each partition, by their number. */
const metadata = new Map<number, PartitionMetadata[]>();

function metadataOf(partitions: number): PartitionMetadata[] {
  const made = Array.from({ length: partitions }, (_, partitionId) => ({
    ...{ partitionId, leader: 0, partitionErrorCode: 0, replicas: [], isr: [] },
  }));
  metadata.set(partitions, made);
  return made;
}
