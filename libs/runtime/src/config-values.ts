import { type TopicProfile, type TopicSettings, topicNames } from '#contracts/topics';
import type { CircuitPolicy } from '#domain/circuit';
import { effectiveSchedule, type SaidSchedules } from '#domain/effective-schedule';
import type { AutoDisablePolicy } from '#domain/failing-endpoint';
import type { OldRowRetention } from '#domain/old-row-retention';
import type { RetryPolicy } from '#domain/retry-policy';
import type { RetryTier } from '#domain/retry-tier';
import type { Retention } from '#domain/table-partition';
import type { SecretSource } from './config.js';

const dayMs = 86_400_000;
const jitterMsMax = 15 * 60_000;
/** Endpoints whose circuits opened together are not probed together. */
const circuitJitter = 0.2;

/** The variables of `kafkaPart`, as far as topics and connections go. */
export interface KafkaConfig {
  readonly KAFKA_BROKERS: readonly string[];
  readonly KAFKA_SSL: boolean;
  readonly KAFKA_SSL_CA_FILE?: string | undefined;
  readonly KAFKA_SSL_CERT_FILE?: string | undefined;
  readonly KAFKA_SSL_KEY_FILE?: string | undefined;
  readonly KAFKA_SSL_KEY_PASSWORD?: SecretSource | undefined;
  readonly KAFKA_SASL_MECHANISM?: 'plain' | 'scram-sha-256' | 'scram-sha-512' | undefined;
  readonly KAFKA_SASL_USERNAME?: string | undefined;
  readonly KAFKA_SASL_PASSWORD?: SecretSource | undefined;
}

interface TopicConfig {
  readonly TOPIC_PREFIX: string;
  readonly TOPIC_PROFILE: TopicProfile;
  readonly EVENT_TOPICS: readonly string[];
  readonly RETRY_TIERS: readonly { readonly name: string; readonly ms: number }[];
}

interface DeliveryConfig {
  readonly RETRY_SCHEDULE: readonly number[];
  readonly RETRY_JITTER: number;
  readonly UNHINTED_DELAY_MS: number;
  readonly NOTIFICATION_MAX_AGE: number;
}

/** How to reach the brokers. */
export function kafkaSettingsOf(config: KafkaConfig) {
  const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password } = config;
  return {
    brokers: config.KAFKA_BROKERS,
    ssl: config.KAFKA_SSL,
    sslCaFile: config.KAFKA_SSL_CA_FILE,
    sslCertFile: config.KAFKA_SSL_CERT_FILE,
    sslKeyFile: config.KAFKA_SSL_KEY_FILE,
    sslKeyPassword: config.KAFKA_SSL_KEY_PASSWORD,
    ...(mechanism === undefined || username === undefined || password === undefined
      ? {}
      : { sasl: { mechanism, username, password } }),
  };
}

/** The names and sizes of all topics. */
export function topicSettingsOf(config: TopicConfig): TopicSettings {
  const { TOPIC_PREFIX: prefix, TOPIC_PROFILE: profile, EVENT_TOPICS: eventTopics } = config;
  return { prefix, profile, eventTopics, tiers: tiersOf(config) };
}

/** The retry tiers by rising delay. */
export function tiersOf({ TOPIC_PREFIX, RETRY_TIERS }: TopicConfig): readonly RetryTier[] {
  return RETRY_TIERS.map(({ name, ms }) => ({ name, topic: topicNames.tier(TOPIC_PREFIX, name), delayMs: ms }));
}

/** The retry policy of one notification, from what its template, its endpoint and its tenant say, else the installation's. */
export function retryPolicyOf(config: DeliveryConfig, said: Omit<SaidSchedules, 'default'>): RetryPolicy {
  return {
    scheduleMs: effectiveSchedule({ ...said, default: config.RETRY_SCHEDULE }).delaysMs,
    jitter: config.RETRY_JITTER,
    jitterMsMax,
    unhintedDelayMs: config.UNHINTED_DELAY_MS,
    hintMsMax: dayMs,
    maxAgeMs: config.NOTIFICATION_MAX_AGE,
  };
}

/** When circuits open, and for how long. */
export function circuitPolicyOf(config: {
  readonly CIRCUIT_WINDOW_MS: number;
  readonly CIRCUIT_MIN_RESULTS: number;
  readonly CIRCUIT_FAILURE_RATE: number;
  readonly CIRCUIT_CONSECUTIVE: number;
  readonly CIRCUIT_OPEN_MS: number;
  readonly CIRCUIT_OPEN_MAX_MS: number;
}): CircuitPolicy {
  return {
    windowMs: config.CIRCUIT_WINDOW_MS,
    resultsMin: config.CIRCUIT_MIN_RESULTS,
    failedShare: config.CIRCUIT_FAILURE_RATE,
    failuresInARow: config.CIRCUIT_CONSECUTIVE,
    openMs: config.CIRCUIT_OPEN_MS,
    openMsMax: config.CIRCUIT_OPEN_MAX_MS,
    jitter: circuitJitter,
  };
}

/** When the fault is ours, not the endpoints'. */
export function freezePolicyOf(config: {
  readonly CIRCUIT_FREEZE_RATE: number;
  readonly CIRCUIT_FREEZE_MIN_ENDPOINTS: number;
  readonly CIRCUIT_WINDOW_MS: number;
}) {
  return {
    failingShare: config.CIRCUIT_FREEZE_RATE,
    endpointsMin: config.CIRCUIT_FREEZE_MIN_ENDPOINTS,
    windowMs: config.CIRCUIT_WINDOW_MS,
  };
}

/** When an endpoint that only fails is switched off; null: never. */
export function autoDisablePolicyOf(config: {
  readonly AUTO_DISABLE_AFTER_MS: number;
  readonly AUTO_DISABLE_MIN_ATTEMPTS: number;
  readonly AUTO_DISABLE_MIN_NOTIFICATIONS: number;
  readonly AUTO_DISABLE_MIN_SPREAD_MS: number;
}): AutoDisablePolicy | null {
  if (config.AUTO_DISABLE_AFTER_MS === 0) return null;
  return {
    afterMs: config.AUTO_DISABLE_AFTER_MS,
    attemptsMin: config.AUTO_DISABLE_MIN_ATTEMPTS,
    notificationsMin: config.AUTO_DISABLE_MIN_NOTIFICATIONS,
    spreadMsMin: config.AUTO_DISABLE_MIN_SPREAD_MS,
  };
}

/** How long what of the history is kept. */
export function retentionOf(config: {
  readonly PAYLOAD_RETENTION: number;
  readonly NOTIFICATION_RETENTION: number;
  readonly DEDUPE_WINDOW: number;
}): Retention {
  return {
    payloadMs: config.PAYLOAD_RETENTION,
    notificationMs: config.NOTIFICATION_RETENTION,
    repeatMs: config.DEDUPE_WINDOW,
  };
}

/** What has not told for so long how far it was read, milliseconds, is read no more. */
const progressMs = 30 * 86_400_000;

/** How long rows beside the history are kept. */
export function oldRowRetentionOf(config: {
  readonly NOTIFICATION_RETENTION: number;
  readonly PARKED_RETENTION: number;
  readonly UNMATCHED_RETENTION: number;
  readonly OPERATOR_LOG_RETENTION: number;
}): OldRowRetention {
  return {
    notificationMs: config.NOTIFICATION_RETENTION,
    parkedMs: config.PARKED_RETENTION,
    unmatchedMs: config.UNMATCHED_RETENTION,
    operatorLogMs: config.OPERATOR_LOG_RETENTION,
    progressMs,
  };
}

/** How a member of a consumer group keeps time, in milliseconds. */
export function groupTimingOf(config: {
  readonly KAFKA_SESSION_TIMEOUT_MS: number;
  readonly KAFKA_HEARTBEAT_MS: number;
  readonly KAFKA_REBALANCE_TIMEOUT_MS: number;
}) {
  return {
    sessionTimeoutMs: config.KAFKA_SESSION_TIMEOUT_MS,
    heartbeatMs: config.KAFKA_HEARTBEAT_MS,
    rebalanceTimeoutMs: config.KAFKA_REBALANCE_TIMEOUT_MS,
  };
}
