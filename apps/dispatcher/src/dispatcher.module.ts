import { readFileSync } from 'node:fs';
import { type DynamicModule, Module } from '@nestjs/common';
import { AttemptBatcher } from '#audit/attempt-batcher';
import { AttemptRow } from '#audit/attempts';
import { HoldStore } from '#audit/holds';
import { PayloadRow, PayloadStore } from '#audit/payloads';
import { reportProgress } from '#audit/progress';
import { refuseResendItem } from '#audit/resend-items';
import { sendDeadLetter } from '#contracts/dead-letter-record';
import { decodeDelivery } from '#contracts/delivery-record';
import { logShrunkEvent } from '#contracts/operator-event-record';
import { groupOf, topicNames, topicSpecsOf } from '#contracts/topics';
import { systemClock } from '#domain/clock';
import type { KafkaRecord } from '#domain/kafka-record';
import { EgressAllowance } from '#egress/address-guard';
import { EgressClient } from '#egress/egress-client';
import { sendAttempt } from '#egress/send-attempt';
import { LogReader } from '#kafka/log-reader';
import { KafkaRecordProducer } from '#kafka/record-producer';
import { TopicCheck } from '#kafka/topic-check';
import { createDataSource, openDataSource, storeTrouble } from '#postgres/data-source';
import { StoreClock } from '#postgres/store-clock';
import { disableEndpoint } from '#registry/disable-endpoint';
import { registryRows } from '#registry/registry-rows';
import { SecretBox } from '#registry/secret-box';
import { RegistrySnapshot } from '#registry/snapshot';
import { groupTimingOf, kafkaSettingsOf, retryPolicyOf, topicSettingsOf } from '#runtime/config-values';
import { Health } from '#runtime/health';
import { HealthController } from '#runtime/health.controller';
import { repeat } from '#runtime/repeat';
import { TelemetryHandle } from '#runtime/telemetry-handle';
import { version } from '#runtime/version';
import type { Log } from '#telemetry/log';
import type { Telemetry } from '#telemetry/start-telemetry';
import type { DispatchNotificationDeps } from './dispatch-notification.js';
import type { DispatcherConfig } from './dispatcher.config.js';
import { DISPATCH_NOTIFICATION_DEPS, DispatcherController } from './dispatcher.controller.js';
import { EndpointLanes } from './endpoint-lanes.js';

const registryPollMs = 500;
const progressMs = 2_000;
const sidePoolMax = 4;
/** Deliveries in lanes and under way; what waits for its place costs memory, not requests. */
const underWayMax = 2_000;
/** Read ahead of that: what lives through several collections of garbage costs most. */
const partitionLimits = { recordsMax: 400, bytesMax: 4 * 1_048_576 };
/** With its requests far below the half of a partition at which it is read again: some that stand still keep no other waiting. */
const laneWaitingMax = 50;
const circulatingMax = 1_000;
/** Less than the deadline and this left of the lease: the request is not sent. */
const sendReserveMs = 2_000;
/** Claims and finishes that come fast wait so long for each other: a statement costs as much as the work on ten of them. */
const lingerMs = 5;

/** The dispatcher's parts, wired in plain sight; `start` opens what has to be opened, in the background. */
export function wireDispatcher(config: DispatcherConfig, log: Log) {
  const opened = createOutsides(config, log);
  const { clock, closing, hot, side, registry, producer, client } = opened;
  const { signal } = closing;
  const topics = topicSettingsOf(config);
  const deps = createDeps(config, log, opened);
  const deadLettersTopic = topicNames.deadLetters(topics.prefix);
  const topicCheck = createTopicCheck(config, log, signal);
  const health = new Health();
  const reader = new LogReader({
    kafka: kafkaSettingsOf(config),
    groupId: groupOf(topics.prefix, 'dispatcher'),
    topicsOf: { deliveries: [topicNames.deliveries(topics.prefix)] },
    topicCheck,
    timing: groupTimingOf(config),
    underWayMax,
    isBusy: () => deps.lanes.isFull(),
    ofPartition: () => partitionLimits,
    giveUp: (record, failure) => giveUpDelivery(record, failure, { ...deps, deadLettersTopic }),
    tellLogShrunk: (shrunk) => producer.send(logShrunkEvent('dispatcher', shrunk, { prefix: topics.prefix, clock })),
    onLost: (cause) => health.markDead(cause),
    drainTimeoutMs: config.DRAIN_TIMEOUT_MS,
    log,
    clock,
  });
  health.addReadiness('postgres', () => storeTrouble(side));
  health.addReadiness('registry', () => registry.whatIsWrong());
  health.addReadiness('topics', () => topicCheck.whatIsWrong());
  health.addReadiness('kafka', () => reader.engine.whatIsWrong());
  const tellProgress = async () => {
    await clock.measure(side);
    await reportProgress(side, reader.progress());
  };
  // Claims only once Postgres' clock is known: what follows them is placed in time.
  const openStores = async () => {
    await openDataSource(side, log, clock, signal);
    await clock.know(side, signal);
    await openDataSource(hot, log, clock, signal);
    await repeat(tellProgress, { name: 'progress', everyMs: progressMs, signal, clock, log });
  };
  const start = () => {
    void openStores();
    void registry.follow(signal);
  };
  const stop = async () => {
    await reader.server.close();
    closing.abort();
    await Promise.allSettled([producer.stop(), client.close()]);
    await Promise.allSettled([hot.destroy(), side.destroy()]);
  };
  return { deps, health, server: reader.server, refused: topicCheck.refused, start, stop };
}

/** Of what the dispatcher reads and writes. */
function createTopicCheck(config: DispatcherConfig, log: Log, signal: AbortSignal): TopicCheck {
  const topics = topicSpecsOf(topicSettingsOf(config), 'dispatcher');
  return new TopicCheck({ kafka: kafkaSettingsOf(config), topics, signal, log, clock: systemClock });
}

/** What talks to the outside; nothing is connected yet. */
function createOutsides(config: DispatcherConfig, log: Log) {
  const pool = { url: config.DATABASE_URL, applicationName: 'hookline.dispatcher' };
  const poolMax = config.DATABASE_POOL_MAX;
  const side = createDataSource({ ...pool, poolMax: sidePoolMax, entities: [...registryRows, PayloadRow] });
  const secretBox = SecretBox.fromKeyFile(readFileSync(config.KEK_FILE, 'utf8'));
  return {
    closing: new AbortController(),
    hot: createDataSource({ ...pool, poolMax, pinnedPlans: true, entities: [AttemptRow] }),
    side,
    clock: new StoreClock(systemClock, log),
    registry: new RegistrySnapshot(side, secretBox, { pollMs: registryPollMs, log, clock: systemClock }),
    producer: new KafkaRecordProducer(kafkaSettingsOf(config), `${config.TOPIC_PREFIX}dispatcher`, log, systemClock),
    client: new EgressClient({
      allowance: new EgressAllowance(config.EGRESS_ALLOW),
      connectTimeoutMs: config.CONNECT_TIMEOUT_MS,
      connectionsMax: config.DISPATCH_CONCURRENCY,
      responseReadBytes: config.RESPONSE_READ_BYTES,
      responseStoreBytes: config.RESPONSE_STORE_BYTES,
      version,
    }),
  };
}

type Opened = ReturnType<typeof createOutsides>;

function createDeps(config: DispatcherConfig, log: Log, opened: Opened): DispatchNotificationDeps {
  const { clock, hot, side, registry, producer, client, closing } = opened;
  const payloads = new PayloadStore(side, { clock, log, signal: closing.signal });
  const batch = { clock, log, signal: closing.signal };
  const attempts = new AttemptBatcher(hot, batch, lingerMs);
  const laneLimits = { waitingMax: laneWaitingMax, spillAfterMs: config.SPILL_AFTER_MS, circulatingMax };
  return {
    registry,
    lanes: new EndpointLanes({ requestsMax: config.DISPATCH_CONCURRENCY, ...laneLimits }, clock),
    claims: attempts,
    attempts,
    loadContent: (id) => payloads.load(id),
    // Not on the pool of claims and finishes: holds come in heaps, and a finish must never wait for them.
    holds: new HoldStore(side, batch),
    refuseItem: ({ ask }) => (ask.kind === 'resend' ? refuseResendItem(side, ask.item) : Promise.resolve()),
    disableEndpoint: async (endpoint, reason) => {
      if (await disableEndpoint(side, endpoint, reason))
        log.warn('endpoint.disabled', { tenantId: endpoint.tenantId, endpointId: endpoint.id, reason });
    },
    send: (request) => sendAttempt(request, { client, clock: systemClock }),
    policyOf: (endpoint) => retryPolicyOf(config, endpoint),
    producer,
    tiers: topicSettingsOf(config).tiers,
    concurrency: config.ENDPOINT_CONCURRENCY,
    timeouts: { attemptMs: config.ATTEMPT_TIMEOUT_MS, leaseMarginMs: config.LEASE_MARGIN_MS, sendReserveMs },
    clock,
    log,
  };
}

/** A delivery whose id can be read is failed where operators see it, never put aside. */
async function giveUpDelivery(
  record: KafkaRecord,
  failure: Error,
  { producer, holds, deadLettersTopic }: DispatchNotificationDeps & { readonly deadLettersTopic: string },
): Promise<void> {
  const decoded = decodeDelivery(record);
  if (decoded.kind === 'undecodable')
    return sendDeadLetter(record, { topic: deadLettersTopic, reason: decoded.detail, app: 'dispatcher' }, producer);
  const notificationId = decoded.kind === 'broken' ? decoded.notificationId : decoded.delivery.notificationId;
  await holds.refuse({ notificationId, reason: 'OTHER', detail: failure.message });
}

@Module({})
export class DispatcherModule {
  static of(parts: ReturnType<typeof wireDispatcher>, telemetry: Telemetry): DynamicModule {
    return {
      module: DispatcherModule,
      controllers: [DispatcherController, HealthController],
      providers: [
        { provide: DISPATCH_NOTIFICATION_DEPS, useValue: parts.deps },
        { provide: Health, useValue: parts.health },
        { provide: TelemetryHandle, useValue: new TelemetryHandle(telemetry) },
      ],
    };
  }
}
