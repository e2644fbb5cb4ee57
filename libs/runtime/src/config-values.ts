import { type TopicProfile, type TopicSettings, topicNames } from '#contracts/topics';
import type { Endpoint } from '#domain/endpoint';
import type { RetryPolicy } from '#domain/retry-policy';
import type { RetryTier } from '#domain/retry-tier';
import type { SecretSource } from './config.js';

const dayMs = 86_400_000;
const jitterMsMax = 15 * 60_000;

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

/** The retry policy of an endpoint: its own schedule, else the installation's. */
export function retryPolicyOf(config: DeliveryConfig, endpoint: Pick<Endpoint, 'retryScheduleMs'>): RetryPolicy {
  return {
    scheduleMs: endpoint.retryScheduleMs ?? config.RETRY_SCHEDULE,
    jitter: config.RETRY_JITTER,
    jitterMsMax,
    unhintedDelayMs: config.UNHINTED_DELAY_MS,
    hintMsMax: dayMs,
    maxAgeMs: config.NOTIFICATION_MAX_AGE,
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
