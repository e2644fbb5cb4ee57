import { deflateRawSync, inflateRawSync } from 'node:zlib';

/**
 * Offsets kept in the metadata of a commit: `v1:<base>:<bits>`, where `bits` is base64 of a deflated bitset whose bit i is
 * offset base + i. Brokers refuse more than 4,096 bytes (`offset.metadata.max.bytes`); bits that deflate cannot shrink take
 * 4,027 at most here. What lies beyond is left out, and read again.
 */
export const finishedBitsMax = 24_000;

/** A partition pauses when this many offsets lie between its oldest unfinished record and its last one. */
export const offsetSpanMax = 16_384;

const format = /^v1:(\d{1,19}):([A-Za-z0-9+/]+={0,2})$/;

/** A set of offsets that lie close together. */
export class OffsetBits {
  constructor(
    readonly base: bigint,
    private readonly bits: Uint8Array,
  ) {}

  has(offset: bigint): boolean {
    const i = Number(offset - this.base);
    return i >= 0 && i < this.bits.length * 8 && ((this.bits[i >> 3] ?? 0) & (1 << (i & 7))) !== 0;
  }

  /** The offset after the last that may be in the set. */
  get end(): bigint {
    return this.base + BigInt(this.bits.length * 8);
  }
}

/** What is finished from `base` on, as metadata of a commit of `base`; empty when nothing is. */
export function encodeFinished(base: bigint, span: number, isFinished: (offset: bigint) => boolean): string {
  const bits = new Uint8Array(Math.ceil(Math.min(span, finishedBitsMax) / 8));
  let isEmpty = true;
  for (let i = 0; i < Math.min(span, finishedBitsMax); i++) {
    if (!isFinished(base + BigInt(i))) continue;
    bits[i >> 3] = (bits[i >> 3] ?? 0) | (1 << (i & 7));
    isEmpty = false;
  }
  return isEmpty ? '' : `v1:${base}:${deflateRawSync(bits).toString('base64')}`;
}

/**
 * What the metadata of a committed offset says is finished beyond it. Null when it says nothing that can be trusted: not
 * ours, damaged, or written for another offset; everything from the committed offset on is then read again.
 */
export function decodeFinished(metadata: string | null, committed: bigint): OffsetBits | null {
  const [, base, packed] = format.exec(metadata ?? '') ?? [];
  if (base === undefined || packed === undefined || BigInt(base) !== committed) return null;
  try {
    const bits = inflateRawSync(Buffer.from(packed, 'base64'), { maxOutputLength: finishedBitsMax / 8 });
    return new OffsetBits(committed, bits);
  } catch {
    return null; // damaged: read again
  }
}
