/** One record of a topic as the engine hands it on; its bytes are copies that may be kept. */
export interface KafkaRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** The record's own time (append time where the topic says so), milliseconds since the epoch. */
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** A header that stands twice has an array. */
  readonly headers: Readonly<Record<string, Buffer | readonly Buffer[]>>;
}

/** One record to be produced; `partition` follows from the key where it is absent. */
export interface OutgoingRecord {
  readonly topic: string;
  readonly key: string | Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer | string>>;
  readonly partition?: number;
  /** So many partitions behind that of its key; 0 where it is absent. */
  readonly shift?: number;
}

/** Produces records; what is resolved is on the broker's disk (`acks=-1`, every partition's answer verified). */
export interface RecordProducer {
  send(record: OutgoingRecord): Promise<void>;
}

/** The text of a header that stands once; undefined when absent or repeated. */
export function headerText(record: Pick<KafkaRecord, 'headers'>, name: string): string | undefined {
  const value = record.headers[name];
  return Buffer.isBuffer(value) ? value.toString('utf8') : undefined;
}

/** The headers that stand once. */
export function singleHeaders({ headers }: Pick<KafkaRecord, 'headers'>): Readonly<Record<string, Buffer>> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (Buffer.isBuffer(value) ? [[name, value] as const] : [])),
  );
}
