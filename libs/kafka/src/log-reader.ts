import type { Clock } from '#domain/clock';
import type { KafkaRecord } from '#domain/kafka-record';
import { count, gauge } from '#telemetry/instruments';
import type { Log } from '#telemetry/log';
import type { Gathering } from './kafkajs/fetch-pace.js';
import type { KafkaSettings } from './kafkajs/kafka-client.js';
import { KafkajsSource } from './kafkajs/kafkajs-source.js';
import { KafkaLogServer } from './log-server.js';
import { type GiveUp, PartitionEngine } from './partition-engine.js';
import type { LogShrunk, PartitionLimits, PartitionProgress } from './partition-lane.js';
import type { TopicCheck } from './topic-check.js';

/** How an app reads its topics. */
export interface LogReaderOptions {
  readonly kafka: KafkaSettings;
  readonly groupId: string;
  readonly topicsOf: Readonly<Record<string, readonly string[]>>;
  readonly timing: {
    readonly sessionTimeoutMs: number;
    readonly heartbeatMs: number;
    readonly rebalanceTimeoutMs: number;
  };
  /** What a request for records should bring under steady load; absent: whatever there is. */
  readonly gathering?: Gathering;
  /** Absent: all that is read is in its handler, bounded by the partitions' limits. */
  readonly underWayMax?: number;
  readonly underWayBytesMax?: number;
  readonly ofPartition: (topic: string) => PartitionLimits;
  readonly giveUp: GiveUp;
  /** A log was replaced by a shorter one; whoever is in charge must be told. Rejects while that is not written. */
  readonly tellLogShrunk: (shrunk: LogShrunk) => Promise<void>;
  /** The group cannot be joined although the brokers answer. */
  readonly onLost: (cause: string) => void;
  /** Defaults to the record's own time. */
  readonly progressOf?: (record: KafkaRecord, nowMs: number) => number;
  readonly drainTimeoutMs: number;
  /** Passed before the first record is read. */
  readonly topicCheck: TopicCheck;
  readonly log: Log;
  readonly clock: Clock;
}

/** An engine, the transport that feeds Nest's handlers from it, and what the engine last said of its partitions. */
export class LogReader {
  readonly engine: PartitionEngine;
  readonly server: KafkaLogServer;

  constructor(options: LogReaderOptions) {
    const { kafka, groupId, topicsOf, timing, log, clock, giveUp, onLost, drainTimeoutMs } = options;
    const { underWayMax, underWayBytesMax, ofPartition, topicCheck, gathering } = options;
    const topics = Object.values(topicsOf).flat();
    const source = new KafkajsSource({ kafka, groupId, topics, ...timing, gathering }, log, clock);
    const progressOf = options.progressOf ?? (({ timestampMs }) => timestampMs);
    this.engine = new PartitionEngine(
      { underWayMax, underWayBytesMax, ofPartition },
      { source, log, clock, giveUp, progressOf, onLost, onLogShrunk: (shrunk) => void sayLogShrunk(shrunk, options) },
    );
    this.server = new KafkaLogServer({
      engine: this.engine,
      topicsOf,
      drainTimeoutMs,
      mayRead: () => topicCheck.pass(),
    });
    gauge('hookline_records_under_way', () => [{ value: this.engine.recordsUnderWay() }]);
    gauge('hookline_consumer_lag_records', () =>
      this.engine
        .progress()
        .map(({ topic, partition, lag }) => ({ value: lag, labels: { topic, partition: String(partition) } })),
    );
  }

  /** How far each partition is read and finished. */
  progress(): readonly PartitionProgress[] {
    return this.engine.progress();
  }
}

/** Said at once; the event for operators follows when it can be written. */
async function sayLogShrunk(shrunk: LogShrunk, { log, tellLogShrunk }: LogReaderOptions): Promise<void> {
  const { topic, partition, committed, found } = shrunk;
  log.error('log.shrunk', { topic, partition, committed: String(committed), found: String(found) });
  count('hookline_logs_shrunk_total', { topic });
  try {
    await tellLogShrunk(shrunk);
  } catch (error) {
    log.error('operators.notTold', { topic, partition, err: error });
  }
}
