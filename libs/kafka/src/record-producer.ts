import type { Clock } from '#domain/clock';
import type { OutgoingRecord, RecordProducer } from '#domain/kafka-record';
import { MicroBatcher } from '#domain/micro-batcher';
import type { Log } from '#telemetry/log';
import type { KafkaSettings } from './kafkajs/kafka-client.js';
import { KafkajsSink } from './kafkajs/kafkajs-sink.js';
import type { RecordLocation, RecordSink } from './record-sink.js';

const flushRecordsMax = 500;
const lingerMs = 5;

/** Gathers the records of many handlers into few writes, one under way at a time; what is set aside holds up no other. */
export class KafkaRecordProducer implements RecordProducer {
  private readonly sink: RecordSink;
  private readonly batcher: MicroBatcher<OutgoingRecord, RecordLocation | Promise<RecordLocation>>;

  constructor(settings: KafkaSettings, clientId: string, log: Log, clock: Clock) {
    const sink = new KafkajsSink(settings, clientId, log, clock);
    this.sink = sink;
    this.batcher = new MicroBatcher((records) => sink.write(records), {
      ...{ itemsMax: flushRecordsMax, flushesMax: 1, linger: { maxMs: lingerMs, clock } },
    });
  }

  /**
   * Resolves once written. Rejects with BROKER_UNAVAILABLE when stopped meanwhile or too much waits for partitions that take
   * no records, or not retryable when too large.
   */
  async send(record: OutgoingRecord): Promise<void> {
    await this.batcher.add(record);
  }

  /** As `send`, and says where the record stands. */
  async sendAndLocate(record: OutgoingRecord): Promise<RecordLocation> {
    return await this.batcher.add(record);
  }

  /** The number of partitions of a topic. Throws what the broker throws. */
  partitionsOf(topic: string): Promise<number> {
    return this.sink.partitionsOf(topic);
  }

  /** Null when the brokers answer, else the cause in words. */
  whatIsWrong(): Promise<string | null> {
    return this.sink.whatIsWrong();
  }

  /** What is still waiting is rejected; its callers do not commit the records it came from. */
  stop(): Promise<void> {
    return this.sink.stop();
  }
}
