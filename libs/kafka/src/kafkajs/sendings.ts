import { Failure } from '#domain/failure';
import type { OutgoingRecord } from '#domain/kafka-record';
import type { RecordLocation } from '#kafka/record-sink';
import type { Place } from '#kafka/set-aside';
import { noLeader } from './leaderless-partitions.js';
import { type FoundTopic, protocolError } from './sink-client.js';

/** A record on its way. */
export interface Sending {
  readonly record: OutgoingRecord;
  /** What became of it; null: nothing yet. */
  output: RecordLocation | Failure | null;
  /** What its caller is given instead, and how it is kept, once it was set aside. */
  aside: Promise<RecordLocation> | null;
  settle: ((output: RecordLocation | Failure) => void) | null;
}

/** What goes to one place in one request. */
export interface Batch {
  readonly place: Place;
  /** Its node id. */
  readonly leader: number;
  readonly sendings: Sending[];
  /** Why it was not written; null: it was, or was not tried yet. */
  refusal: Error | null;
}

/** Bytes of one request, below the broker's limit for the batch of one partition. */
const requestBytesMax = 900_000;
const recordOverheadBytes = 512;

export function placeId(topic: string, partition: number | null): string {
  return `${partition ?? '*'}/${topic}`;
}

/**
 * By place, as far as one can tell: of a topic that cannot be written to the partitions are not known.
 * @param partitionOf of a record, from the number of partitions
 */
export function batchesOf(
  sendings: readonly Sending[],
  found: ReadonlyMap<string, FoundTopic>,
  partitionOf: (record: OutgoingRecord, partitions: number) => number,
): Iterable<Batch> {
  const batches = new Map<string, Batch>();
  for (const sending of sendings) {
    const { topic } = sending.record;
    const { leaders = [], refusal = protocolError.noTopic } = found.get(topic) ?? {};
    const partition = refusal === null ? partitionOf(sending.record, leaders.length) : null;
    const id = placeId(topic, partition);
    const batch = batches.get(id);
    if (batch !== undefined) batch.sendings.push(sending);
    else {
      const leader = leaders[partition ?? noLeader];
      const place = { id, topic, partition };
      batches.set(id, {
        place,
        leader: leader ?? noLeader,
        sendings: [sending],
        refusal: refusal ?? refusalBy(leader),
      });
    }
  }
  return batches.values();
}

function refusalBy(leader: number | undefined): Error | null {
  if (leader === undefined) return protocolError.noTopic;
  return leader === noLeader ? protocolError.noLeader : null;
}

export function bytesOf({ record }: Sending): number {
  return (record.value?.length ?? 0) + recordOverheadBytes;
}

/** So that each goes into one request. */
export function* chunksOf(sendings: readonly Sending[]): Generator<readonly Sending[]> {
  let chunk: Sending[] = [];
  let bytes = 0;
  for (const sending of sendings) {
    const size = bytesOf(sending);
    if (chunk.length > 0 && bytes + size > requestBytesMax) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(sending);
    bytes += size;
  }
  yield chunk;
}

export function isOpen({ output }: Sending): boolean {
  return output === null;
}

export function finish(sending: Sending, output: RecordLocation | Failure): void {
  sending.output = output;
  sending.settle?.(output);
}

/** The n-th record of a batch stands at base + n. */
export function confirm({ place, sendings }: Batch, baseOffset: bigint): void {
  let offset = baseOffset;
  for (const sending of sendings) finish(sending, { partition: place.partition ?? 0, offset: offset++ });
}
