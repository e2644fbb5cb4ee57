import { decodeDelivery, encodeDelivery } from '#contracts/delivery-record';
import type { KafkaRecord, OutgoingRecord } from '#domain/kafka-record';
import type { KafkaRecordProducer } from '#kafka/record-producer';
import type { ReleasePace, WrittenAt } from './release-pace.js';

/** What writing it touches. */
export interface WriteInTurnDeps {
  readonly deliveriesTopic: string;
  /** The partition of `deliveries` a shard of a key belongs to. */
  readonly partitionOf: (key: Buffer | null, shard: number) => Promise<number>;
  readonly pace: ReleasePace;
  readonly producer: Pick<KafkaRecordProducer, 'send' | 'sendAndLocate'>;
}

/** Of one write. */
export interface Turn {
  readonly deps: WriteInTurnDeps;
  /** Ends the wait. */
  readonly signal: AbortSignal;
  /** Told when it was written later; keeps nothing of the record. */
  readonly released: () => void;
}

/**
 * Writes what follows from a tier's record: between tiers at once, to `deliveries` when its partition has room. False: too many
 * wait for that, and it is written later. Throws a Failure, also when aborted.
 */
export async function writeInTurn(
  record: KafkaRecord,
  next: OutgoingRecord,
  { deps, signal, released }: Turn,
): Promise<boolean> {
  const { deliveriesTopic, producer, pace } = deps;
  if (next.topic !== deliveriesTopic) {
    await producer.send(next);
    return true;
  }
  const partition = await deps.partitionOf(Buffer.isBuffer(next.key) ? next.key : null, next.shift ?? 0);
  const write = () => producer.sendAndLocate(next);
  return pace.write(partition, { record, write, toWriteLater: () => laterOf(record, deps, released) }, signal);
}

/** Asks for the same without the body, which the dispatcher reads from Postgres; null where the record cannot be read. */
function laterOf(
  record: KafkaRecord,
  { producer, deliveriesTopic }: Pick<WriteInTurnDeps, 'producer' | 'deliveriesTopic'>,
  released: Turn['released'],
): (() => Promise<WrittenAt>) | null {
  const decoded = decodeDelivery(record);
  if (decoded.kind !== 'delivery') return null;
  const delivery = { ...decoded.delivery, content: null };
  return async () => {
    const at = await producer.sendAndLocate(encodeDelivery(delivery, deliveriesTopic));
    released();
    return at;
  };
}
