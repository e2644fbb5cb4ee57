import type { KafkaRecord } from '#domain/kafka-record';
import { encodeFinished, type OffsetBits } from './finished-offsets.js';

/** What a commit says of one partition. */
export interface TrackedPosition {
  /** The oldest unfinished record's offset, or the one after the last read. */
  readonly offset: bigint;
  /** Which offsets above it are finished, as `decodeFinished` reads it. */
  readonly metadata: string;
}

/**
 * What of one partition is unfinished. The committed offset never passes an unfinished record; offsets the log leaves
 * out (compaction, transactions) never enter, so gaps count as finished.
 */
export class OffsetTracker {
  /** Read and not finished, in rising order of offsets. */
  private readonly unfinished = new Map<bigint, KafkaRecord>();
  private nextOffset: bigint | null = null;
  private bytes = 0;
  private changes = 0;

  /** @param finishedBefore what an earlier owner finished above the offset it committed */
  constructor(private readonly finishedBefore: OffsetBits | null = null) {}

  /** A record was read. Answers false for an offset that is known, or finished before. */
  add(record: KafkaRecord): boolean {
    const { offset } = record;
    if (this.nextOffset !== null && offset < this.nextOffset) return false;
    this.nextOffset = offset + 1n;
    this.changes++;
    if (this.finishedBefore?.has(offset)) return false;
    this.unfinished.set(offset, record);
    this.bytes += sizeOf(record);
    return true;
  }

  finish(record: KafkaRecord): void {
    if (!this.unfinished.delete(record.offset)) return;
    this.bytes -= sizeOf(record);
    this.changes++;
  }

  /** Rises whenever the position may have changed. */
  version(): number {
    return this.changes;
  }

  /** The offset after the last record that was read; null before any was. */
  next(): bigint | null {
    return this.nextOffset;
  }

  /** The offset to commit; null before any record was read. */
  watermark(): bigint | null {
    return this.oldest()?.offset ?? this.nextOffset;
  }

  /** What to commit; null before any record was read. */
  position(): TrackedPosition | null {
    const { nextOffset: next, finishedBefore, unfinished } = this;
    const offset = this.watermark();
    if (offset === null || next === null) return null;
    const end = finishedBefore !== null && finishedBefore.end > next ? finishedBefore.end : next;
    const isFinished = (at: bigint) => (at < next ? !unfinished.has(at) : finishedBefore?.has(at) === true);
    return { offset, metadata: encodeFinished(offset, Number(end - offset), isFinished) };
  }

  oldest(): KafkaRecord | null {
    const first = this.unfinished.values().next();
    return first.done ? null : first.value;
  }

  /** Unfinished records and their bytes; `span`: offsets from the oldest unfinished one to the last read. */
  size(): { readonly records: number; readonly bytes: number; readonly span: number } {
    const next = this.nextOffset;
    const span = next === null ? 0 : Number(next - (this.watermark() ?? next));
    return { records: this.unfinished.size, bytes: this.bytes, span };
  }
}

/** What a record costs in memory beside its value: headers, key and the object itself, in bytes. */
const recordOverheadBytes = 512;

/** What a record takes of a limit in bytes. */
export function sizeOf(record: KafkaRecord): number {
  return (record.value?.length ?? 0) + recordOverheadBytes;
}
