import { readFileSync } from 'node:fs';
import { type DynamicModule, Module } from '@nestjs/common';
import { AttemptBatcher } from '#audit/attempt-batcher';
import { AttemptRow } from '#audit/attempts';
import { loadCircuits, type StoredCircuit, saveCircuit } from '#audit/circuits';
import type { Claim } from '#audit/claims';
import { loadFailing, type StoredFailing, storeFailures } from '#audit/failing-endpoints';
import { takeHeld } from '#audit/held';
import { HoldStore } from '#audit/holds';
import { PayloadRow, PayloadStore } from '#audit/payloads';
import { reportProgress } from '#audit/progress';
import { refuseResendItem } from '#audit/resend-items';
import { sendDeadLetter } from '#contracts/dead-letter-record';
import { type Delivery, decodeDelivery, encodeDelivery } from '#contracts/delivery-record';
import { circuitEvent, endpointFailingEvent, exhaustedEvent, logShrunkEvent } from '#contracts/operator-event-record';
import { groupOf, topicNames, topicSpecsOf } from '#contracts/topics';
import { systemClock } from '#domain/clock';
import { idsOfKey } from '#domain/ids';
import type { KafkaRecord } from '#domain/kafka-record';
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
import {
  circuitPolicyOf,
  freezePolicyOf,
  groupTimingOf,
  kafkaSettingsOf,
  retryPolicyOf,
  topicSettingsOf,
} from '#runtime/config-values';
import { Health } from '#runtime/health';
import { HealthController } from '#runtime/health.controller';
import { OperatorNotices } from '#runtime/operator-notices';
import { repeat } from '#runtime/repeat';
import { TelemetryHandle } from '#runtime/telemetry-handle';
import type { Log } from '#telemetry/log';
import type { Telemetry } from '#telemetry/start-telemetry';
import type { DispatchNotificationDeps } from './dispatch-notification.js';
import type { DispatcherConfig } from './dispatcher.config.js';
import { DISPATCH_NOTIFICATION_DEPS, DispatcherController } from './dispatcher.controller.js';
import { egressClientOf } from './egress-client-of.js';
import { EndpointCircuits } from './endpoint-circuits.js';
import { EndpointFailures } from './endpoint-failures.js';
import { EndpointLanes } from './endpoint-lanes.js';
import type { TakeBack } from './lane-holds.js';
import { ProgressReports } from './progress-reports.js';

const registryPollMs = 500;
const progressMs = 2_000;
/** Whoever releases to a partition waits for what was read of it: after much reading it is told sooner. */
const muchReadMs = 250;
const failuresMs = 10_000;
const sidePoolMax = 4;
/**
 * Read and unfinished of one partition. All of it is in its lane at once, so that lanes see every tenant that waits and share
 * the places out: a record left in a queue before them would stand behind whoever has filled them.
 */
const partitionLimits = { recordsMax: 400, bytesMax: 4 * 1_048_576 };
/** Of the requests of a process, one tenant has no more while others wait. */
const tenantShare = 0.25;
/** With its requests far below the half of a partition at which it is read again: some that stand still keep no other waiting. */
const laneWaitingMax = 50;
/**
 * Of a busy endpoint's retries and re-sends: more of them are held, so that two such endpoints together leave room in a
 * partition for what is for others.
 */
const backlogMax = 150;
/** Each comes back every second or two, and costs as much as a delivery: these show that the lane gets on, the rest are rows. */
const circulatingMax = 50;
/** A row that was taken back so lately is still on its way. */
const takenBackGraceMs = 30_000;
/** One that circulates is back by itself within this. */
const circulatesMs = 3_000;
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
  const progress = new ProgressReports(reader, (reports) => reportProgress(side, reports));
  const tellProgress = async () => {
    await clock.measure(side);
    await progress.tell();
  };
  // Claims only once Postgres' clock is known: what follows them is placed in time.
  const openStores = async () => {
    await openDataSource(side, log, clock, signal);
    await clock.know(side, signal);
    await openDataSource(hot, log, clock, signal);
    const duty = { everyMs: progressMs, signal, clock, log };
    void repeat(() => deps.circuits.follow(), { name: 'circuits', ...duty });
    void repeat(() => deps.lanes.tidy(), { name: 'held', ...duty });
    void repeat(() => deps.failures.flush(), { name: 'failures', ...duty, everyMs: failuresMs });
    void repeat(() => progress.tellMuch(), { name: 'progress', ...duty, everyMs: muchReadMs });
    await repeat(tellProgress, { name: 'progress', ...duty });
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
    client: egressClientOf(config),
  };
}

type Opened = ReturnType<typeof createOutsides>;

function createDeps(config: DispatcherConfig, log: Log, opened: Opened): DispatchNotificationDeps {
  const { clock, hot, side, registry, producer, client, closing } = opened;
  const payloads = new PayloadStore(side, { clock, log, signal: closing.signal });
  const batch = { clock, log, signal: closing.signal };
  const attempts = new AttemptBatcher(hot, batch, lingerMs);
  const tellings = createTellings(config, log, opened);
  const requestsMax = config.DISPATCH_CONCURRENCY;
  const laneLimits = { waitingMax: laneWaitingMax, backlogMax, spillAfterMs: config.SPILL_AFTER_MS, circulatingMax };
  return {
    registry,
    lanes: new EndpointLanes(
      { requestsMax, tenantRequestsMax: Math.ceil(requestsMax * tenantShare), ...laneLimits },
      clock,
      takeBackOf(config, log, opened),
    ),
    circuits: new EndpointCircuits({
      policy: circuitPolicyOf(config),
      save: (circuit) => saveCircuit(side, circuit),
      load: () => loadCircuits(side),
      freeze: freezePolicyOf(config),
      tell: tellings.circuit,
      clock,
      log,
    }),
    failures: new EndpointFailures({
      store: (counts) => storeFailures(side, counts),
      load: () => loadFailing(side),
      tellRecovered: tellings.recovered,
      clock,
    }),
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
    tellExhausted: tellings.exhausted,
    policyOf: ({ tenantId, templateId }, { retryScheduleMs: endpoint }) =>
      retryPolicyOf(config, { endpoint, ...registry.current.retrySchedules(tenantId, templateId) }),
    producer,
    operatorEventsTopic: topicNames.operatorEvents(config.TOPIC_PREFIX),
    tiers: topicSettingsOf(config).tiers,
    concurrency: config.ENDPOINT_CONCURRENCY,
    timeouts: { attemptMs: config.ATTEMPT_TIMEOUT_MS, leaseMarginMs: config.LEASE_MARGIN_MS, sendReserveMs },
    clock,
    log,
  };
}

/** What operators are told by this process. */
function createTellings({ TOPIC_PREFIX: prefix }: DispatcherConfig, log: Log, { producer, clock }: Opened) {
  const notices = new OperatorNotices(producer, log);
  const saying = { prefix, clock };
  return {
    circuit: ({ key, circuit }: Pick<StoredCircuit, 'key' | 'circuit'>) => {
      const probe = circuit.kind === 'open' ? { probeMs: circuit.probeMs } : {};
      const change = { ...idsOfKey(key), isOpen: circuit.kind !== 'closed', ...probe };
      notices.tell(circuitEvent('dispatcher', change, saying));
    },
    exhausted: ({ tenantId, endpointId, notificationId }: Delivery, { number }: Claim) =>
      notices.tell(exhaustedEvent('dispatcher', { tenantId, endpointId, notificationId, number }, saying)),
    recovered: ({ key, sinceMs, attempts }: StoredFailing) => {
      log.info('endpoint.recovered', { endpoint: key, sinceMs, attempts });
      notices.tell(endpointFailingEvent('recovered', { ...idsOfKey(key), sinceMs, attempts }, saying));
    },
  };
}

/** Of what was held in full lanes. Killed between row and record: it is taken again after the grace, or asked for by the sweep. */
function takeBackOf(config: DispatcherConfig, log: Log, { side, producer }: Opened): TakeBack {
  const topic = topicNames.deliveries(config.TOPIC_PREFIX);
  return async (key, rowsMax) => {
    try {
      const query = {
        reasons: ['ENDPOINT_FULL', 'RATE_LIMITED'],
        graceMs: takenBackGraceMs,
        overdueMs: circulatesMs,
      } as const;
      const deliveries = await takeHeld(side, [{ key, rowsMax }], query);
      await Promise.all(deliveries.map((delivery) => producer.send(encodeDelivery(delivery, topic))));
      return deliveries.length;
    } catch (error) {
      log.warn('held.notTakenBack', { endpoint: key, cause: String(error) });
      return null;
    }
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
