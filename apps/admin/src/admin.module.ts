import { readFileSync } from 'node:fs';
import { type DynamicModule, Module } from '@nestjs/common';
import { verdictAt } from '#audit/books';
import { findNotification, notificationsOfEvent } from '#audit/notification-reads';
import { findParkedEvent } from '#audit/parked-event-reads';
import { loadPayload, PayloadRow } from '#audit/payloads';
import { findResend, requestResend } from '#audit/resend-items';
import { eventTopicsOf, topicNames } from '#contracts/topics';
import { systemClock } from '#domain/clock';
import { KafkaRecordProducer } from '#kafka/record-producer';
import { createDataSource, type DataSource, openDataSource, storeTrouble } from '#postgres/data-source';
import { findEndpoint } from '#registry/endpoint-store';
import { orBusy } from '#registry/registry-change';
import { registryRows } from '#registry/registry-rows';
import { SecretBox } from '#registry/secret-box';
import { findTenants } from '#registry/tenant-store';
import { kafkaSettingsOf, topicSettingsOf } from '#runtime/config-values';
import { Health } from '#runtime/health';
import { HealthController } from '#runtime/health.controller';
import { repeat } from '#runtime/repeat';
import { TelemetryHandle } from '#runtime/telemetry-handle';
import { gauge } from '#telemetry/instruments';
import type { Log } from '#telemetry/log';
import type { Telemetry } from '#telemetry/start-telemetry';
import type { AdminConfig } from './admin.config.js';
import { AdminParts } from './admin-parts.js';
import { ApiKeys } from './api-keys.js';
import { CallGate } from './call-gate.js';
import { topicsChecker, watchTopics } from './check-topics.js';
import { EffectiveSchedules } from './effective-schedules.js';
import { EndpointController } from './endpoint.controller.js';
import { EventController } from './event.controller.js';
import { createFieldCheckers } from './field-checkers.js';
import { GrpcServer, healthService, reflectionServices } from './grpc-server.js';
import { LedgerController } from './ledger.controller.js';
import { Pages } from './list-page.js';
import { NotificationController } from './notification.controller.js';
import { PageTokens } from './page-token.js';
import { ParkedEventController } from './parked-event.controller.js';
import type { PublishEventDeps } from './publish-event.js';
import type { RegistryDeps } from './registry-deps.js';
import type { ResendNotificationDeps } from './resend-notification.js';
import { SystemController } from './system.controller.js';
import { TemplateController } from './template.controller.js';

const statementTimeoutMs = 5_000;
const changesPoolMax = 4;
const healthMs = 2_000;
const schedulesMs = 60_000;
/** Calls under way may end within this; a publication waits up to 10 s for its verdict. */
const shutdownMsMax = 12_000;
const clock = systemClock;

/** The admin's parts, wired in plain sight; `start` opens what has to be opened, in the background. */
export function wireAdmin(config: AdminConfig, log: Log) {
  const closing = new AbortController();
  const { signal } = closing;
  const pool = { url: config.DATABASE_URL, applicationName: 'hookline.admin', statementTimeoutMs };
  const entities = [...registryRows, PayloadRow];
  const reads = createDataSource({ ...pool, poolMax: config.DATABASE_POOL_MAX, entities });
  const changes = createDataSource({ ...pool, poolMax: changesPoolMax, entities });
  // Of its own: a probe must not stand behind the changes that wait for one another.
  const probes = createDataSource({ ...pool, poolMax: 1 });
  const producer = new KafkaRecordProducer(kafkaSettingsOf(config), `${config.TOPIC_PREFIX}admin`, log, clock);
  const gate = new CallGate({
    keys: ApiKeys.ofBootstrap(config.BOOTSTRAP_API_KEY),
    openServices: [healthService, ...(config.GRPC_REFLECTION ? reflectionServices : [])],
    ...{ clock, log },
  });
  const secretBox = SecretBox.fromKeyFile(readFileSync(config.KEK_FILE, 'utf8'));
  const pages = new Pages(new PageTokens(secretBox.deriveKey('page-token')));
  const registry: RegistryDeps = {
    ...{ reads, changes, secretBox },
    checkers: createFieldCheckers(config.EGRESS_ALLOW),
  };
  const outsides = { reads, changes, producer, log };
  const resend = createResendDeps(config, outsides);
  const publish = createPublishDeps(config, outsides);
  const schedules = new EffectiveSchedules(reads, {
    delaysMs: config.RETRY_SCHEDULE,
    maxAgeMs: config.NOTIFICATION_MAX_AGE,
  });
  const grpc = new GrpcServer(config, gate.interceptor, log);
  const health = new Health();
  health.addReadiness('postgres', () => storeTrouble(probes));
  health.addReadiness('kafka', () => producer.whatIsWrong());
  health.addReadiness('grpc', () => grpc.whatIsWrong());
  const tellHealth = async () => grpc.tellHealth((await health.readiness()).ok);
  const start = () => {
    void openDataSource(reads, log, clock, signal).then(() => watchSchedules(schedules, { signal, log }));
    void openDataSource(changes, log, clock, signal);
    void openDataSource(probes, log, clock, signal);
    watchTopics(config, log, signal);
    void repeat(tellHealth, { name: 'health', everyMs: healthMs, signal, clock, log });
  };
  const stop = async () => {
    await grpc.stop(Math.min(shutdownMsMax, config.DRAIN_TIMEOUT_MS), clock);
    closing.abort();
    await producer.stop();
    await Promise.allSettled([reads.destroy(), changes.destroy(), probes.destroy()]);
  };
  const checkTopics = topicsChecker(config, schedules, log, clock);
  const parts = new AdminParts(gate, registry, { ...registry, clock }, resend, publish, pages, checkTopics, schedules);
  return { parts, health, grpc, start, stop };
}

/** Counts the schedules that cannot be used up; whoever is not told by the metric is told by `hookline doctor`. */
function watchSchedules(schedules: EffectiveSchedules, { signal, log }: { signal: AbortSignal; log: Log }): void {
  let long = 0;
  gauge('hookline_retry_schedules_too_long', () => [{ value: long }]);
  const look = async () => {
    long = (await schedules.differences()).length;
  };
  void repeat(look, { name: 'schedules', everyMs: schedulesMs, signal, clock, log });
}

interface Outsides {
  readonly reads: DataSource;
  readonly changes: DataSource;
  readonly producer: KafkaRecordProducer;
  readonly log: Log;
}

function createResendDeps(config: AdminConfig, { reads, changes, producer, log }: Outsides): ResendNotificationDeps {
  return {
    findNotification: (tenantId, id) => findNotification(reads, tenantId, id),
    findResend: (tenantId, requestId) => findResend(reads, tenantId, requestId),
    loadPayload: (id) => loadPayload(reads, id),
    findEndpoint: ({ tenant_id: tenantId, endpoint_id: id }) => findEndpoint(reads, { tenantId, id }),
    mayTenantSend: async (tenantId) => (await findTenants(reads, [tenantId])).get(tenantId)?.webhooksEnabled !== false,
    requestResend: (request) => orBusy(() => requestResend(changes, request)),
    deliveriesTopic: topicNames.deliveries(config.TOPIC_PREFIX),
    ...{ producer, clock, log },
  };
}

function createPublishDeps(config: AdminConfig, { reads, producer, log }: Outsides): PublishEventDeps {
  const [eventsTopic = topicNames.events(config.TOPIC_PREFIX)] = eventTopicsOf(topicSettingsOf(config));
  return {
    produce: (record) => producer.sendAndLocate(record),
    verdictAt: (at) => verdictAt(reads, at),
    notificationsOfEvent: (event) => notificationsOfEvent(reads, event),
    findParkedEvent: (at) => findParkedEvent(reads, at),
    ...{ eventsTopic, clock, log },
  };
}

@Module({})
export class AdminModule {
  static of({ parts, health }: ReturnType<typeof wireAdmin>, telemetry: Telemetry): DynamicModule {
    return {
      module: AdminModule,
      controllers: [
        ...[NotificationController, EndpointController, TemplateController, EventController],
        ...[ParkedEventController, LedgerController, SystemController, HealthController],
      ],
      providers: [
        { provide: AdminParts, useValue: parts },
        { provide: Health, useValue: health },
        { provide: TelemetryHandle, useValue: new TelemetryHandle(telemetry) },
      ],
    };
  }
}
