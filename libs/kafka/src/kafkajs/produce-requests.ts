/**
 * Encodes produce requests in one pass over a buffer of the right size. kafkajs 2.2.4 makes a zeroed buffer of 512 bytes for
 * each record, each of its headers and each level above, and copies one into the other: 25 us a record of 1 KB, most of what
 * producing costs a process. What Hookline's sink sends is encoded here; all else (transactions, compression, timestamps
 * of one's own) is left to the client. A test compares the bytes with the client's.
 *
 * The format: Kafka protocol guide, Produce requests of versions 3 to 7, and record batches of version 2 (KIP-98).
 */
import type { Clock } from '#domain/clock';
import { loadInternal, once } from './client-internals.js';
import { RecordWriter, sizeOfVarInt } from './record-writer.js';

export interface ProduceArguments {
  readonly acks: number;
  readonly timeout: number;
  readonly compression?: number;
  readonly transactionalId?: string | null;
  readonly producerId?: unknown;
  readonly producerEpoch?: number;
  readonly topicData: readonly {
    readonly topic: string;
    readonly partitions: readonly PartitionData[];
  }[];
}

interface PartitionData {
  readonly partition: number;
  readonly messages: readonly ProducedMessage[];
  readonly firstSequence?: number;
}

type Bytes = string | Buffer | null;

interface ProducedMessage {
  readonly key?: Bytes;
  readonly value: Bytes;
  readonly headers?: Readonly<Record<string, Bytes | readonly Bytes[] | undefined>>;
  readonly timestamp?: string;
}

interface Encoded {
  readonly buf: Buffer;
  readonly buffer: Buffer;
}

interface Produce {
  readonly request: { encode: () => Promise<Encoded> };
  readonly response: unknown;
}

interface ProduceRequests {
  protocol: (asked: { readonly version: number }) => (given: ProduceArguments) => Produce;
}

const oldestVersion = 3;
const magic = 2;
/** Bytes of a batch before its records: of which before `batchLength` ends, and before what the checksum covers begins. */
const batchHeadBytes = 61;
const lengthEnd = 12;
const checksummedFrom = 21;
const noProducer = -1n;

export const encodeProducesInOnePass = once((clock: Clock) => {
  const requests: ProduceRequests = loadInternal('kafkajs/src/protocol/requests/produce');
  const { protocol } = requests;
  requests.protocol = ({ version }) => {
    const make = protocol({ version });
    return (given) => {
      const made = make(given);
      if (version >= oldestVersion && isPlain(given))
        made.request.encode = async () => encodeProduce(given, clock.nowMs());
      return made;
    };
  };
});

/** Whether a request is of the kind that is encoded here. */
function isPlain({ compression, transactionalId, topicData }: ProduceArguments): boolean {
  if ((compression ?? 0) !== 0 || (transactionalId ?? null) !== null) return false;
  return topicData.every(({ partitions }) =>
    partitions.every(({ messages }) => messages.every(({ timestamp }) => timestamp === undefined)),
  );
}

/** @param nowMs the time of the records, milliseconds since the epoch */
export function encodeProduce({ acks, timeout, topicData, ...producer }: ProduceArguments, nowMs: number): Encoded {
  const topics = topicData.map(({ topic, partitions }) => ({ topic, batches: partitions.map(measured) }));
  const bytes = topics.reduce((sum, { topic, batches }) => {
    const ofBatches = batches.reduce((all, { bytes: one }) => all + 8 + batchHeadBytes + one, 0);
    return sum + 2 + Buffer.byteLength(topic) + 4 + ofBatches;
  }, 12);
  const out = new RecordWriter(bytes);
  out.int16(-1); // transactional_id: null
  out.int16(acks);
  out.int32(timeout);
  out.int32(topics.length);
  for (const { topic, batches } of topics) {
    out.string16(topic);
    out.int32(batches.length);
    for (const batch of batches) writeBatch(out, batch, producer, BigInt(nowMs));
  }
  return { buf: out.buffer, buffer: out.buffer };
}

/** A record and what was found out of it when it was measured. */
interface MeasuredRecord {
  readonly message: ProducedMessage;
  readonly headers: readonly (readonly [string, Bytes])[];
  /** Without its length in front. */
  readonly bytes: number;
}

interface MeasuredBatch {
  readonly data: PartitionData;
  readonly records: readonly MeasuredRecord[];
  /** Of all records. */
  readonly bytes: number;
}

function measured(data: PartitionData): MeasuredBatch {
  const records = data.messages.map(measuredRecord);
  return { data, records, bytes: records.reduce((sum, { bytes }) => sum + sizeOfVarInt(bytes) + bytes, 0) };
}

function writeBatch(
  out: RecordWriter,
  { data, records, bytes }: MeasuredBatch,
  { producerId, producerEpoch = 0 }: Pick<ProduceArguments, 'producerId' | 'producerEpoch'>,
  nowMs: bigint,
): void {
  const { partition, firstSequence = 0 } = data;
  out.int32(partition);
  out.int32(batchHeadBytes + bytes);
  const start = out.offset;
  out.int64(0n); // the broker gives offsets
  out.int32(batchHeadBytes + bytes - lengthEnd);
  out.int32(0); // partition leader epoch
  out.int8(magic);
  out.int32(0); // the checksum, below
  out.int16(0); // no compression, no transaction
  out.int32(records.length - 1);
  out.int64(nowMs);
  out.int64(nowMs);
  out.int64(producerId === undefined ? noProducer : BigInt(String(producerId)));
  out.int16(producerEpoch);
  out.int32(firstSequence);
  out.int32(records.length);
  for (const [i, record] of records.entries()) writeRecord(out, record, i);
  out.checksum(start + checksummedFrom - 4, start + checksummedFrom);
}

function writeRecord(out: RecordWriter, { message, headers, bytes }: MeasuredRecord, i: number): void {
  out.varInt(bytes);
  out.int8(0); // attributes
  out.int8(0); // since the batch's timestamp
  out.varInt(i);
  out.varBytes(message.key ?? null);
  out.varBytes(message.value);
  out.varInt(headers.length);
  for (const [name, content] of headers) {
    out.varBytes(name);
    out.varBytes(content);
  }
}

function measuredRecord(message: ProducedMessage, i: number): MeasuredRecord {
  const headers = pairsOf(message.headers);
  const ofContent = sizeOfVarBytes(message.key ?? null) + sizeOfVarBytes(message.value);
  let bytes = 2 + sizeOfVarInt(i) + ofContent + sizeOfVarInt(headers.length);
  for (const [name, content] of headers) bytes += sizeOfVarBytes(name) + sizeOfVarBytes(content);
  return { message, headers, bytes };
}

function pairsOf(headers: ProducedMessage['headers']): readonly (readonly [string, Bytes])[] {
  if (headers === undefined) return [];
  return Object.entries(headers).flatMap(([name, content]) =>
    Array.isArray(content)
      ? content.map((one: Bytes) => [name, one] as const)
      : [[name, (content ?? null) as Bytes] as const],
  );
}

function sizeOfVarBytes(bytes: Bytes): number {
  if (bytes === null) return 1;
  const length = Buffer.byteLength(bytes);
  return sizeOfVarInt(length) + length;
}
