import { type DynamicModule, Module } from '@nestjs/common';
import { readNextOffsets, reportProgress } from '#audit/progress';
import { sendDeadLetter } from '#contracts/dead-letter-record';
import { decodeTierTimes } from '#contracts/delivery-record';
import { logShrunkEvent } from '#contracts/operator-event-record';
import { groupOf, topicNames, topicSpecsOf } from '#contracts/topics';
import { type Clock, systemClock } from '#domain/clock';
import { partitionOfKey } from '#kafka/kafkajs/partition-of-key';
import { LogReader } from '#kafka/log-reader';
import { KafkaRecordProducer } from '#kafka/record-producer';
import { TopicCheck } from '#kafka/topic-check';
import { createDataSource, type DataSource, openDataSource, storeTrouble } from '#postgres/data-source';
import { StoreClock } from '#postgres/store-clock';
import { groupTimingOf, kafkaSettingsOf, topicSettingsOf } from '#runtime/config-values';
import { Health } from '#runtime/health';
import { HealthController } from '#runtime/health.controller';
import { repeat } from '#runtime/repeat';
import { TelemetryHandle } from '#runtime/telemetry-handle';
import { gauge } from '#telemetry/instruments';
import type { Log } from '#telemetry/log';
import type { Telemetry } from '#telemetry/start-telemetry';
import { createBooksDuty } from './books-duty.js';
import { createDisableDuty } from './disable-duty.js';
import { createDutyRunner, type Duty } from './duty.js';
import { createHeldDuties } from './held-duties.js';
import { createPartitionsDuty } from './partitions-duty.js';
import { readToMs } from './read-to-ms.js';
import { createReceiptsDuty } from './receipts-duty.js';
import { createRefusedDuty } from './refused-duty.js';
import type { ReleaseDueRetriesDeps } from './release-due-retries.js';
import { ReleasePace } from './release-pace.js';
import { createRetentionDuties } from './retention-duties.js';
import type { RetrySchedulerConfig } from './retry-scheduler.config.js';
import { RELEASE_DUE_RETRIES_DEPS, RetrySchedulerController } from './retry-scheduler.controller.js';
import { StoreWatch } from './store-watch.js';
import { createSweepDuty } from './sweep-duty.js';

/** Each duty holds a connection for its lock and one for its work: with fewer, those that begin together wait for each other. */
const poolMaxLeast = 18;
const progressMs = 2_000;
const watchMs = 1_000;
/** Readers say every two seconds how far they are; idle it only looks whether anybody waits. */
const paceMs = 500;
/** The shortest tier waits in memory whatever its order; the others are first in, first out. */
const shortestTierLimits = { recordsMax: 10_000, bytesMax: 32 * 1_048_576 };
const tierLimits = { recordsMax: 1_000, bytesMax: 4 * 1_048_576 };

/** The retry-scheduler's parts, wired in plain sight; `start` opens what has to be opened, in the background. */
export function wireRetryScheduler(config: RetrySchedulerConfig, log: Log) {
  const closing = new AbortController();
  const { signal } = closing;
  const { prefix } = topicSettingsOf(config);
  const pool = { url: config.DATABASE_URL, applicationName: 'hookline.retry-scheduler' };
  const store = createDataSource({ ...pool, poolMax: Math.max(config.DATABASE_POOL_MAX, poolMaxLeast) });
  const clock = new StoreClock(systemClock, log);
  const producer = new KafkaRecordProducer(kafkaSettingsOf(config), `${prefix}retry-scheduler`, log, systemClock);
  const deps = createReleaseDeps(config, log, { store, producer, clock });
  const health = new Health();
  const topicCheck = createTopicCheck(config, log, signal);
  const reader = createReader(config, log, { producer, clock, topicCheck, health, pace: deps.pace });
  const watch = new StoreWatch(config.LEASE_GRACE_MS, clock);
  const duties = createDuties(config, log, { store, producer, watch, clock });
  const retention = createRetentionDuties(config, { clock, signal, log });
  const lateWatch = new StoreWatch(config.LEASE_GRACE_MS + config.SWEEP_GRACE_MS, clock);
  const books = createBooksDuty(config, {
    ...{ producer, readToMs: (on) => readToMs(config, on, producer), clock, signal, log },
    mayJudgeLate: () => lateWatch.hasAnsweredLongEnough(),
  });
  const runDuties = createDutyRunner({ off: config.DUTIES_OFF, signal, clock, log });
  const tellProgress = async () => {
    await clock.measure(store);
    await reportProgress(store, reader.progress());
  };
  const look = () => lookAtStore(store, [watch, lateWatch]);
  health.addReadiness('postgres', () => storeTrouble(store));
  health.addReadiness('topics', () => topicCheck.whatIsWrong());
  health.addReadiness('kafka', () => reader.engine.whatIsWrong());
  /** What this process must know of itself, whoever does the duties. */
  const follow = () => {
    void repeat(() => deps.pace.look(), { name: 'pace', everyMs: paceMs, signal, clock, log });
    void repeat(look, { name: 'watch', everyMs: watchMs, signal, clock, log });
    void repeat(tellProgress, { name: 'progress', everyMs: progressMs, signal, clock, log });
  };
  /** No duty can do anything before its pool is open. */
  const start = () => {
    void openDataSource(store, log, clock, signal)
      .then(() => clock.know(store, signal))
      .then(follow)
      .then(() => runDuties(duties));
    for (const { open, duties: own } of [retention, books]) void open().then(() => runDuties(own));
  };
  const stop = async () => {
    await reader.server.close();
    closing.abort();
    await producer.stop();
    await Promise.allSettled([store.destroy(), retention.close(), books.close()]);
  };
  return { deps, health, server: reader.server, refused: topicCheck.refused, start, stop };
}

async function lookAtStore(store: DataSource, watches: readonly StoreWatch[]): Promise<void> {
  const answers = (await storeTrouble(store)) === null;
  for (const watch of watches) watch.note(answers);
}

interface DutyParts {
  readonly store: DataSource;
  readonly producer: KafkaRecordProducer;
  readonly watch: StoreWatch;
  readonly clock: Clock;
}

interface ReaderParts {
  readonly producer: KafkaRecordProducer;
  readonly clock: Clock;
  readonly topicCheck: TopicCheck;
  readonly health: Health;
  readonly pace: ReleasePace;
}

/** One module each; those that drop and move table partitions have a pool of their own. */
function createDuties(config: RetrySchedulerConfig, log: Log, parts: DutyParts): readonly Duty[] {
  return [
    createSweepDuty(config, log, parts),
    ...createHeldDuties(config, log, parts),
    ...createDisableDuty(config, log, parts),
    createRefusedDuty(log, parts),
    createReceiptsDuty(config, log, parts),
    createPartitionsDuty(config, log, parts.store),
  ];
}

/** What releasing the tiers touches; whoever repeats `pace.look` lets those go on that wait for a reader. */
function createReleaseDeps(
  config: RetrySchedulerConfig,
  log: Log,
  { store, producer, clock }: Omit<DutyParts, 'watch'>,
): ReleaseDueRetriesDeps {
  const { prefix, tiers } = topicSettingsOf(config);
  const deliveriesTopic = topicNames.deliveries(prefix);
  const pace = new ReleasePace(() => readNextOffsets(store, deliveriesTopic));
  gauge('hookline_releases_waiting', () => [{ value: pace.size.waiting }]);
  // Without a key it is no delivery: the dispatcher says so, wherever it stands.
  const partitionOf = async (key: Buffer | null, shard: number) =>
    key === null ? 0 : partitionOfKey(key, await producer.partitionsOf(deliveriesTopic), shard);
  return { tiers, deliveriesTopic, partitionOf, pace, producer, clock, log };
}

function createReader(config: RetrySchedulerConfig, log: Log, parts: ReaderParts): LogReader {
  const { producer, clock, topicCheck, health, pace } = parts;
  const { prefix, tiers } = topicSettingsOf(config);
  const deadLettersTopic = topicNames.deadLetters(prefix);
  return new LogReader({
    kafka: kafkaSettingsOf(config),
    groupId: groupOf(prefix, 'retry-scheduler'),
    topicCheck,
    topicsOf: { tiers: tiers.map(({ topic }) => topic) },
    timing: groupTimingOf(config),
    underWayMax: Number.POSITIVE_INFINITY, // a record that waits is one timer; the partitions' limits bound them
    ofPartition: (topic) => (topic === tiers[0]?.topic ? shortestTierLimits : tierLimits),
    giveUp: (record, { message }) =>
      sendDeadLetter(record, { topic: deadLettersTopic, reason: message, app: 'retry-scheduler' }, producer),
    // A tier is read up to now while its oldest record only waits for its time, or for a reader of `deliveries`.
    progressOf: (record, nowMs) =>
      pace.isWaiting(record) ? nowMs : Math.min(decodeTierTimes(record)?.releaseMs ?? nowMs, nowMs),
    tellLogShrunk: (shrunk) => producer.send(logShrunkEvent('retry-scheduler', shrunk, { prefix, clock })),
    onLost: (cause) => health.markDead(cause),
    drainTimeoutMs: config.DRAIN_TIMEOUT_MS,
    log,
    clock,
  });
}

/** Of what the scheduler reads and writes. */
function createTopicCheck(config: RetrySchedulerConfig, log: Log, signal: AbortSignal): TopicCheck {
  const topics = topicSpecsOf(topicSettingsOf(config), 'retry-scheduler');
  return new TopicCheck({ kafka: kafkaSettingsOf(config), topics, signal, log, clock: systemClock });
}

@Module({})
export class RetrySchedulerModule {
  static of(parts: ReturnType<typeof wireRetryScheduler>, telemetry: Telemetry): DynamicModule {
    return {
      module: RetrySchedulerModule,
      controllers: [RetrySchedulerController, HealthController],
      providers: [
        { provide: RELEASE_DUE_RETRIES_DEPS, useValue: parts.deps },
        { provide: Health, useValue: parts.health },
        { provide: TelemetryHandle, useValue: new TelemetryHandle(telemetry) },
      ],
    };
  }
}
