import { type DynamicModule, Module } from '@nestjs/common';
import { BooksStore } from '#audit/books';
import { NotificationRow, NotificationStore } from '#audit/notifications';
import { ParkedEventRow, ParkedEventStore } from '#audit/parked-events';
import { oldestPartitionMs } from '#audit/partitions';
import { PayloadRow } from '#audit/payloads';
import { reportProgress } from '#audit/progress';
import { UnmatchedEventRow, UnmatchedEventStore } from '#audit/unmatched-events';
import { logShrunkEvent } from '#contracts/operator-event-record';
import { eventTopicsOf, groupOf, topicNames, topicSpecsOf } from '#contracts/topics';
import { systemClock } from '#domain/clock';
import { LogReader } from '#kafka/log-reader';
import { KafkaRecordProducer } from '#kafka/record-producer';
import { TopicCheck } from '#kafka/topic-check';
import { createDataSource, openDataSource, storeTrouble } from '#postgres/data-source';
import { registryRows } from '#registry/registry-rows';
import { RegistrySnapshot } from '#registry/snapshot';
import { groupTimingOf, kafkaSettingsOf, topicSettingsOf } from '#runtime/config-values';
import { Health } from '#runtime/health';
import { HealthController } from '#runtime/health.controller';
import { remembered } from '#runtime/remembered';
import { repeat } from '#runtime/repeat';
import { TelemetryHandle } from '#runtime/telemetry-handle';
import type { Log } from '#telemetry/log';
import type { Telemetry } from '#telemetry/start-telemetry';
import { createBodyRenderer } from './render-body.js';
import { parkFaultyEvent, type RenderEventDeps } from './render-event.js';
import type { RendererConfig } from './renderer.config.js';
import { RENDER_EVENT_DEPS, RendererController } from './renderer.controller.js';

const registryPollMs = 500;
const progressMs = 2_000;
/** The oldest partition is asked for again after this; partitions come and go by the day. */
const oldestAgeMs = 60_000;
/** Events that a request should bring under steady load: what each of them then costs hardly falls any more. */
const gatheredRecords = 10;
/** Enough for the statements under way and those that gather; more only lives longer, which collections of garbage pay for. */
const underWayMax = 300;
/** Each event under way is held in as many renderings as templates match it. */
const underWayBytesMax = 8 * 1_048_576;
/** Read ahead, as there may be 24 partitions. */
const partitionLimits = { recordsMax: 100, bytesMax: 2 * 1_048_576 };
/** However many operator events wait, and whatever holds them up, the events have nine tenths of the places to themselves. */
const operatorEventsLimits = { recordsMax: 100, bytesMax: 262_144, underWayMax: 5 };
const sidePoolMax = 3;

/** The renderer's parts, wired in plain sight; `start` opens what has to be opened, in the background. */
export function wireRenderer(config: RendererConfig, log: Log) {
  const clock = systemClock;
  const closing = new AbortController();
  const { signal } = closing;
  const kafka = kafkaSettingsOf(config);
  const topics = topicSettingsOf(config);
  const operatorEventsTopic = topicNames.operatorEvents(topics.prefix);
  const pool = { url: config.DATABASE_URL, applicationName: 'hookline.renderer' };
  const entities = [NotificationRow, PayloadRow, ParkedEventRow, UnmatchedEventRow];
  const plans = { pinnedPlans: true, hashedJoins: true };
  const hot = createDataSource({ ...pool, ...plans, poolMax: config.DATABASE_POOL_MAX, entities });
  const side = createDataSource({ ...pool, poolMax: sidePoolMax, entities: registryRows });
  const batch = { clock, log, signal };
  const registry = new RegistrySnapshot(side, null, { pollMs: registryPollMs, log, clock });
  const producer = new KafkaRecordProducer(kafka, `${topics.prefix}renderer`, log, clock);
  const deps: RenderEventDeps = {
    registry,
    renderBody: createBodyRenderer(),
    notifications: new NotificationStore(hot, batch),
    parkedEvents: new ParkedEventStore(hot, batch),
    unmatchedEvents: new UnmatchedEventStore(hot, batch),
    books: new BooksStore(hot, batch),
    producer,
    oldestMs: remembered(() => oldestPartitionMs(side), oldestAgeMs, clock),
    deliveriesTopic: topicNames.deliveries(topics.prefix),
    ...{ deadLettersTopic: topicNames.deadLetters(topics.prefix), operatorEventsTopic },
    log,
  };
  const topicCheck = createTopicCheck(config, log, signal);
  const health = new Health();
  const reader = new LogReader({
    ...{ kafka, groupId: groupOf(topics.prefix, 'renderer'), topicCheck },
    topicsOf: { events: eventTopicsOf(topics), 'operator-events': [operatorEventsTopic] },
    gathering: { records: gatheredRecords, msMax: config.GATHER_MS },
    ...{ timing: groupTimingOf(config), underWayMax, underWayBytesMax },
    ofPartition: (topic) => (topic === operatorEventsTopic ? operatorEventsLimits : partitionLimits),
    ...{ giveUp: (record, failure) => parkFaultyEvent(record, failure, deps) },
    tellLogShrunk: (shrunk) => producer.send(logShrunkEvent('renderer', shrunk, { prefix: topics.prefix, clock })),
    onLost: (cause) => health.markDead(cause),
    ...{ drainTimeoutMs: config.DRAIN_TIMEOUT_MS, log, clock },
  });
  health.addReadiness('postgres', () => storeTrouble(side));
  health.addReadiness('registry', () => registry.whatIsWrong());
  health.addReadiness('topics', () => topicCheck.whatIsWrong());
  health.addReadiness('kafka', () => reader.engine.whatIsWrong());
  const tellProgress = async () => reportProgress(side, reader.progress());
  const start = () => {
    void openDataSource(hot, log, clock, signal);
    void openDataSource(side, log, clock, signal);
    void registry.follow(signal);
    void repeat(tellProgress, { name: 'progress', everyMs: progressMs, signal, clock, log });
  };
  const stop = async () => {
    await reader.server.close();
    closing.abort();
    await producer.stop();
    await Promise.allSettled([hot.destroy(), side.destroy()]);
  };
  return { deps, health, server: reader.server, refused: topicCheck.refused, start, stop };
}

/** Of what the renderer reads and writes. */
function createTopicCheck(config: RendererConfig, log: Log, signal: AbortSignal): TopicCheck {
  const topics = topicSpecsOf(topicSettingsOf(config), 'renderer');
  return new TopicCheck({ kafka: kafkaSettingsOf(config), topics, signal, log, clock: systemClock });
}

@Module({})
export class RendererModule {
  static of(parts: ReturnType<typeof wireRenderer>, telemetry: Telemetry): DynamicModule {
    return {
      module: RendererModule,
      controllers: [RendererController, HealthController],
      providers: [
        { provide: RENDER_EVENT_DEPS, useValue: parts.deps },
        { provide: Health, useValue: parts.health },
        { provide: TelemetryHandle, useValue: new TelemetryHandle(telemetry) },
      ],
    };
  }
}
