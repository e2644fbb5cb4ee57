import { loadInternal } from './client-internals.js';

const crc32C: (bytes: Buffer) => number = loadInternal('kafkajs/src/protocol/recordBatch/crc32C');

/** The primitive types of Kafka's protocol, written one behind the other into a buffer of exactly the right size. */
export class RecordWriter {
  readonly buffer: Buffer;
  offset = 0;

  constructor(bytes: number) {
    this.buffer = Buffer.allocUnsafe(bytes);
  }

  int8(value: number): void {
    this.offset = this.buffer.writeInt8(value, this.offset);
  }

  int16(value: number): void {
    this.offset = this.buffer.writeInt16BE(value, this.offset);
  }

  int32(value: number): void {
    this.offset = this.buffer.writeInt32BE(value, this.offset);
  }

  int64(value: bigint): void {
    this.offset = this.buffer.writeBigInt64BE(value, this.offset);
  }

  /** UTF-8 with its length in 16 bits. */
  string16(text: string): void {
    this.int16(Buffer.byteLength(text));
    this.offset += this.buffer.write(text, this.offset);
  }

  /** Zigzag and base 128, of 32 bits. */
  varInt(value: number): void {
    let rest = zigzag(value);
    while (rest > 0x7f) {
      this.buffer[this.offset++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.buffer[this.offset++] = rest;
  }

  /** With a `varInt` of their length; null is -1. */
  varBytes(bytes: string | Buffer | null): void {
    this.varInt(bytes === null ? -1 : Buffer.byteLength(bytes));
    if (typeof bytes === 'string') this.offset += this.buffer.write(bytes, this.offset);
    else if (bytes !== null) this.offset += bytes.copy(this.buffer, this.offset);
  }

  /** CRC-32C of what was written since `from`, put at `at`. */
  checksum(at: number, from: number): void {
    this.buffer.writeUInt32BE(crc32C(this.buffer.subarray(from, this.offset)), at);
  }
}

/** Bytes of a `varInt`. */
export function sizeOfVarInt(value: number): number {
  let bytes = 1;
  for (let rest = zigzag(value); rest > 0x7f; rest >>>= 7) bytes++;
  return bytes;
}

function zigzag(value: number): number {
  return ((value << 1) ^ (value >> 31)) >>> 0;
}
