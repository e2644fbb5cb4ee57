import net from 'node:net';
import { type Consumer, type ISocketFactory, Kafka, logLevel } from 'kafkajs';

/** One record as it was read. */
export interface BareRecord {
  readonly partition: number;
  readonly offset: string;
  readonly timestampMs: number;
  readonly value: Buffer;
  /** Of the header `notification-id`; null where there is none. */
  readonly id: string | null;
}

/** Records read and not finished, beyond which partitions are paused until half of them are. */
const heldMax = 4_000;
const commitMs = 1_000;
const socketFactory: ISocketFactory = ({ host, port, onConnect }) => {
  const socket = net.connect({ host, port }, onConnect);
  socket.setNoDelay(true);
  return socket;
};

export function bareKafka(brokers: string): Kafka {
  return new Kafka({ clientId: 'bare', brokers: [brokers], logLevel: logLevel.ERROR, socketFactory });
}

/** Unfinished offsets of one partition: what was read last, and what of it is not done. */
class Watermark {
  private readonly unfinished = new Set<number>();
  private nextOffset = 0;

  add(offset: number): void {
    this.unfinished.add(offset);
    this.nextOffset = offset + 1;
  }

  finish(offset: number): void {
    this.unfinished.delete(offset);
  }

  /** Insertion order is offset order, so the first is the oldest. */
  get value(): number {
    return this.unfinished.values().next().value ?? this.nextOffset;
  }
}

/** A consumer whose handler never blocks the fetches; offsets are committed once a second by watermark. */
export class BareConsumer {
  private readonly consumer: Consumer;
  private readonly watermarks = new Map<number, Watermark>();
  private held = 0;
  private isPaused = false;
  private readonly committing: NodeJS.Timeout;

  private constructor(
    brokers: string,
    private readonly topic: string,
    private readonly onRecords: (records: readonly BareRecord[]) => void,
  ) {
    this.consumer = bareKafka(brokers).consumer({
      groupId: `${topic}.bare`,
      maxWaitTimeInMs: 250,
      maxBytes: 4_194_304,
    });
    this.committing = setInterval(() => void this.commit(), commitMs);
  }

  /** Resolves when it has joined its group and reads. */
  static async start(
    brokers: string,
    topic: string,
    onRecords: (records: readonly BareRecord[]) => void,
  ): Promise<BareConsumer> {
    const started = new BareConsumer(brokers, topic, onRecords);
    const { consumer } = started;
    const joined = new Promise<void>((resolve) => {
      consumer.on(consumer.events.GROUP_JOIN, () => resolve());
    });
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: true,
      partitionsConsumedConcurrently: 16,
      eachBatch: async ({ batch }) => {
        const records = batch.messages.map(({ offset, timestamp, value, headers }) => ({
          ...{ partition: batch.partition, offset, timestampMs: Number(timestamp) },
          value: Buffer.from(value ?? ''), // a copy: the client's buffer is a view into the whole answer
          id: headers?.['notification-id']?.toString() ?? null,
        }));
        started.take(records);
      },
    });
    await joined;
    return started;
  }

  finish({ partition, offset }: Pick<BareRecord, 'partition' | 'offset'>): void {
    this.watermarks.get(partition)?.finish(Number(offset));
    this.held--;
    if (!this.isPaused || this.held > heldMax / 2) return;
    this.isPaused = false;
    this.consumer.resume([{ topic: this.topic }]);
  }

  async commit(): Promise<void> {
    const offsets = [...this.watermarks].map(([partition, { value }]) => ({
      ...{ topic: this.topic, partition, offset: String(value) },
    }));
    if (offsets.length > 0) await this.consumer.commitOffsets(offsets);
  }

  async stop(): Promise<void> {
    clearInterval(this.committing);
    await this.consumer.disconnect();
  }

  private take(records: readonly BareRecord[]): void {
    for (const { partition, offset } of records) {
      const watermark = this.watermarks.get(partition) ?? new Watermark();
      this.watermarks.set(partition, watermark);
      watermark.add(Number(offset));
    }
    this.held += records.length;
    if (this.held > heldMax && !this.isPaused) {
      this.isPaused = true;
      this.consumer.pause([{ topic: this.topic }]);
    }
    this.onRecords(records);
  }
}
