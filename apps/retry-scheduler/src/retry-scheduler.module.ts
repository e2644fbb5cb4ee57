import { type DynamicModule, Module } from '@nestjs/common';
import { closeLostLeases, findOverdue, findRequestedItems, markAsked } from '#audit/overdue';
import { ensurePartitions } from '#audit/partitions';
import { readProgress, reportProgress } from '#audit/progress';
import { switchReceipts } from '#audit/receipts';
import { sendDeadLetter } from '#contracts/dead-letter-record';
import { decodeTierTimes } from '#contracts/delivery-record';
import { logShrunkEvent } from '#contracts/operator-event-record';
import { eventTopicsOf, groupOf, topicNames, topicSpecsOf } from '#contracts/topics';
import { type Clock, systemClock } from '#domain/clock';
import { endpointKey } from '#domain/ids';
import { partitionOfKey } from '#kafka/kafkajs/partition-of-key';
import { LogReader } from '#kafka/log-reader';
import { KafkaRecordProducer } from '#kafka/record-producer';
import { TopicCheck } from '#kafka/topic-check';
import { createDataSource, type DataSource, openDataSource, storeTrouble } from '#postgres/data-source';
import { dutyLocks, withDutyLock } from '#postgres/locks';
import { StoreClock } from '#postgres/store-clock';
import { groupTimingOf, kafkaSettingsOf, topicSettingsOf } from '#runtime/config-values';
import { Health } from '#runtime/health';
import { HealthController } from '#runtime/health.controller';
import { repeat } from '#runtime/repeat';
import { TelemetryHandle } from '#runtime/telemetry-handle';
import type { Log } from '#telemetry/log';
import type { Telemetry } from '#telemetry/start-telemetry';
import { AskPace, askWaitMsMax } from './ask-pace.js';
import { createBooksDuty } from './books-duty.js';
import { createDisableDuty } from './disable-duty.js';
import { createHeldDuties } from './held-duties.js';
import { keepPartitions } from './keep-partitions.js';
import { keepReceipts } from './keep-receipts.js';
import type { ReleaseDueRetriesDeps } from './release-due-retries.js';
import { createRetentionDuties } from './retention-duties.js';
import type { RetrySchedulerConfig } from './retry-scheduler.config.js';
import { RELEASE_DUE_RETRIES_DEPS, RetrySchedulerController } from './retry-scheduler.controller.js';
import { StoreWatch } from './store-watch.js';
import { type SweepOverdueDeps, sweepOverdue } from './sweep-overdue.js';

/** Each duty holds a connection for its lock and one for its work: with fewer, those that begin together wait for each other. */
const poolMaxLeast = 16;
const progressMs = 2_000;
const watchMs = 1_000;
const heldMs = 1_000;
const expireMsMax = 60_000;
const disableMs = 10_000;
const partitionsMs = 3_600_000;
const receiptsMsMax = 60_000;
/** The shortest tier waits in memory whatever its order; the others are first in, first out. */
const shortestTierLimits = { recordsMax: 10_000, bytesMax: 32 * 1_048_576 };
const tierLimits = { recordsMax: 1_000, bytesMax: 4 * 1_048_576 };
const pageRows = 1_000;

/** The retry-scheduler's parts, wired in plain sight; `start` opens what has to be opened, in the background. */
export function wireRetryScheduler(config: RetrySchedulerConfig, log: Log) {
  const closing = new AbortController();
  const { signal } = closing;
  const { prefix, tiers } = topicSettingsOf(config);
  const pool = { url: config.DATABASE_URL, applicationName: 'hookline.retry-scheduler' };
  const store = createDataSource({ ...pool, poolMax: Math.max(config.DATABASE_POOL_MAX, poolMaxLeast) });
  const clock = new StoreClock(systemClock, log);
  const producer = new KafkaRecordProducer(kafkaSettingsOf(config), `${prefix}retry-scheduler`, log, systemClock);
  const deliveriesTopic = topicNames.deliveries(prefix);
  const deps: ReleaseDueRetriesDeps = { tiers, deliveriesTopic, producer, clock, log };
  const health = new Health();
  const topicCheck = createTopicCheck(config, log, signal);
  const reader = createReader(config, log, { producer, clock, topicCheck, health });
  const watch = new StoreWatch(config.LEASE_GRACE_MS, clock);
  const sweep = createSweep(config, log, { store, producer, watch, clock });
  const held = createHeldDuties(config, log, { store, producer, clock });
  const disable = createDisableDuty(config, log, { store, producer, clock });
  const keep = createPartitionsDuty(config, store, log);
  const forget = createReceiptsDuty(config, log, { store, producer, clock });
  const retention = createRetentionDuties(config, { clock, signal, log });
  const lateWatch = new StoreWatch(config.LEASE_GRACE_MS + config.SWEEP_GRACE_MS, clock);
  const books = createBooksDuty(config, {
    ...{ producer, readToMs: (on) => readToMs(config, on, producer), clock, signal, log },
    mayJudgeLate: () => lateWatch.hasAnsweredLongEnough(),
  });
  const tellProgress = async () => {
    await clock.measure(store);
    await reportProgress(store, reader.progress());
  };
  const look = () => lookAtStore(store, [watch, lateWatch]);
  health.addReadiness('postgres', () => storeTrouble(store));
  health.addReadiness('topics', () => topicCheck.whatIsWrong());
  health.addReadiness('kafka', () => reader.engine.whatIsWrong());
  const duty = { signal, clock, log };
  const repeatDuties = () => {
    void repeat(look, { name: 'watch', everyMs: watchMs, ...duty });
    void repeat(held.release, { name: 'held', everyMs: heldMs, ...duty });
    void repeat(held.expire, { name: 'expire', everyMs: Math.min(expireMsMax, config.NOTIFICATION_MAX_AGE), ...duty });
    void repeat(disable, { name: 'disable', everyMs: disableMs, ...duty });
    void repeat(tellProgress, { name: 'progress', everyMs: progressMs, ...duty });
    void repeat(sweep, { name: 'sweep', everyMs: config.SWEEP_INTERVAL_MS, ...duty });
    void repeat(keep, { name: 'partitions', everyMs: partitionsMs, ...duty });
    void repeat(forget, { name: 'receipts', everyMs: Math.min(receiptsMsMax, config.DEDUPE_WINDOW), ...duty });
    retention.start();
    books.start();
  };
  /** No duty can do anything before the pool is open. */
  const start = () =>
    void openDataSource(store, log, clock, signal)
      .then(() => clock.know(store, signal))
      .then(repeatDuties);
  const stop = async () => {
    await reader.server.close();
    closing.abort();
    await producer.stop();
    await Promise.allSettled([store.destroy(), retention.stop(), books.stop()]);
  };
  return { deps, health, server: reader.server, refused: topicCheck.refused, start, stop };
}

function createReader(
  config: RetrySchedulerConfig,
  log: Log,
  parts: Pick<SweepParts, 'producer' | 'clock'> & { readonly topicCheck: TopicCheck; readonly health: Health },
): LogReader {
  const { producer, clock, topicCheck, health } = parts;
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
    // A tier is read up to now while its oldest record only waits for its time.
    progressOf: (record, nowMs) => Math.min(decodeTierTimes(record)?.releaseMs ?? nowMs, nowMs),
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

async function lookAtStore(store: DataSource, watches: readonly StoreWatch[]): Promise<void> {
  const answers = (await storeTrouble(store)) === null;
  for (const watch of watches) watch.note(answers);
}

/** One look at the table partitions ahead, under its lock. */
function createPartitionsDuty(config: RetrySchedulerConfig, store: DataSource, log: Log) {
  const ensure = (days: number) => ensurePartitions(store, days, config.PAYLOAD_RETENTION);
  return async () => void (await withDutyLock(store, dutyLocks.keepPartitions, () => keepPartitions({ ensure, log })));
}

/** One look at the receipts, under its lock. */
function createReceiptsDuty(
  config: RetrySchedulerConfig,
  log: Log,
  { store, producer, clock }: Pick<SweepParts, 'store' | 'producer' | 'clock'>,
) {
  const topics = eventTopicsOf(topicSettingsOf(config));
  const deps = {
    readProgress: () => readProgress(store, topics),
    partitions: () => partitionsOfAll(topics, producer),
    switchReceipts: (rule: Parameters<typeof switchReceipts>[1]) => switchReceipts(store, rule),
    windowMs: config.DEDUPE_WINDOW,
    clock,
    log,
  };
  return async () => void (await withDutyLock(store, dutyLocks.keepReceipts, () => keepReceipts(deps)));
}

/** Up to when `deliveries` and every tier are read; null: one of their partitions has said nothing yet. */
async function readToMs(
  config: RetrySchedulerConfig,
  store: DataSource,
  producer: KafkaRecordProducer,
): Promise<number | null> {
  const { prefix, tiers } = topicSettingsOf(config);
  const topics = [topicNames.deliveries(prefix), ...tiers.map(({ topic }) => topic)];
  const progress = await readProgress(store, topics);
  const partitions = await partitionsOfAll(topics, producer).catch(() => null);
  if (progress.length === 0 || partitions === null || progress.length < partitions) return null;
  return Math.min(...progress.map(({ readToMs: ms }) => ms));
}

async function partitionsOfAll(topics: readonly string[], producer: KafkaRecordProducer): Promise<number> {
  const counts = await Promise.all(topics.map((topic) => producer.partitionsOf(topic)));
  return counts.reduce((sum, count) => sum + count, 0);
}

interface SweepParts {
  readonly store: DataSource;
  readonly producer: KafkaRecordProducer;
  readonly watch: StoreWatch;
  readonly clock: Clock;
}

/** One round of the sweep, under its lock. */
function createSweep(config: RetrySchedulerConfig, log: Log, { store, producer, watch, clock }: SweepParts) {
  const { prefix, tiers } = topicSettingsOf(config);
  const deliveriesTopic = topicNames.deliveries(prefix);
  const tierTopics = tiers.map(({ topic }) => topic);
  const graceMs = config.SWEEP_GRACE_MS;
  const deps: SweepOverdueDeps = {
    findOverdue: (dueBeforeMs, after) =>
      findOverdue(store, { dueBeforeMs, graceMs, askWaitMsMax, rowsMax: pageRows, after }),
    findRequestedItems: () => findRequestedItems(store, graceMs, pageRows),
    closeLostLeases: () => closeLostLeases(store, pageRows),
    markAsked: (deliveries) => markAsked(store, deliveries),
    readProgress: async () => ({
      deliveries: await readProgress(store, [deliveriesTopic]),
      tiers: await readProgress(store, tierTopics),
      tierPartitions: await partitionsOfAll(tierTopics, producer),
    }),
    mayJudgeLeases: () => watch.hasAnsweredLongEnough(),
    partitionOf: async ({ tenantId, endpointId }) =>
      partitionOfKey(endpointKey(tenantId, endpointId), await producer.partitionsOf(deliveriesTopic)),
    pace: new AskPace(graceMs),
    deliveriesTopic,
    producer,
    clock,
    log,
  };
  return async () => void (await withDutyLock(store, dutyLocks.sweep, () => sweepOverdue(deps)));
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
