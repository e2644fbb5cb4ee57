import type { KafkaRecord } from '#domain/kafka-record';

/**
 * What of one partition is unfinished. The committed offset never passes an unfinished record; offsets the log leaves
 * out (compaction, transactions) never enter, so gaps cost nothing.
 */
export class OffsetTracker {
  /** Read and not finished, in rising order of offsets. */
  private readonly unfinished = new Map<bigint, KafkaRecord>();
  private next: bigint | null = null;
  private bytes = 0;

  /** A record was read. Answers false for an offset known before. */
  add(record: KafkaRecord): boolean {
    if (this.next !== null && record.offset < this.next) return false;
    this.unfinished.set(record.offset, record);
    this.bytes += sizeOf(record);
    this.next = record.offset + 1n;
    return true;
  }

  finish(record: KafkaRecord): void {
    if (this.unfinished.delete(record.offset)) this.bytes -= sizeOf(record);
  }

  /** The offset to commit: the oldest unfinished record's, or the one after the last read; null before any was read. */
  watermark(): bigint | null {
    return this.oldest()?.offset ?? this.next;
  }

  oldest(): KafkaRecord | null {
    const first = this.unfinished.values().next();
    return first.done ? null : first.value;
  }

  size(): { readonly records: number; readonly bytes: number } {
    return { records: this.unfinished.size, bytes: this.bytes };
  }
}

/** What a record costs in memory beside its value: headers, key and the object itself, in bytes. */
const recordOverheadBytes = 512;

/** What a record takes of a limit in bytes. */
export function sizeOf(record: KafkaRecord): number {
  return (record.value?.length ?? 0) + recordOverheadBytes;
}
