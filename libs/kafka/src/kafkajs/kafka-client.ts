import { Kafka, type KafkaConfig, logLevel } from 'kafkajs';
import { systemClock } from '#domain/clock';
import { isLoopback } from '#domain/loopback';
import type { Log } from '#telemetry/log';
import { type Connections, createSocketFactory } from './broker-socket.js';
import { endRequestsWithConnections } from './connection-ends.js';
import { bearLeaderless } from './leaderless-partitions.js';
import { encodeProducesInOnePass } from './produce-requests.js';
import { countRequests } from './request-counts.js';
import { stopIdleTimers } from './request-timers.js';
import { type KafkaSasl, saslMechanism } from './sasl-login.js';
import { askNextSeedBroker } from './seed-brokers.js';
import { tlsContextOf } from './tls-files.js';

/** How to reach the brokers. */
export interface KafkaSettings {
  /** `host:port`, at least one. */
  readonly brokers: readonly string[];
  readonly ssl: boolean;
  readonly sslCaFile?: string | undefined;
  readonly sslCertFile?: string | undefined;
  readonly sslKeyFile?: string | undefined;
  readonly sslKeyPassword?: (() => string) | undefined;
  readonly sasl?: KafkaSasl | undefined;
  /** A connection on which a request has gone unanswered for this long is ended, milliseconds. */
  readonly unansweredMsMax?: number | undefined;
  /** Where the client's connections are entered, for who may have to end them. */
  readonly connections?: Connections | undefined;
}

/** It must exceed the longest silence of a healthy connection: a join may be parked for as long as the rebalance timeout. */
const unansweredMsMaxDefault = 75_000;
const connectTimeoutMs = 3_000;
const requestTimeoutMs = 15_000;
/** Retries inside the client; what lasts longer is retried by us, and said. */
export const clientRetry = { initialRetryTime: 200, maxRetryTime: 2_000, retries: 4 } as const;

/**
 * A client of its own for each consumer and producer: one instance shares its offsets cache among its consumers, and a
 * rebuilt consumer must start from nothing.
 */
export function createKafka(settings: KafkaSettings, clientId: string, log: Log): Kafka {
  stopIdleTimers(systemClock);
  countRequests();
  endRequestsWithConnections();
  askNextSeedBroker();
  bearLeaderless(systemClock);
  encodeProducesInOnePass(systemClock);
  if (settings.sasl !== undefined && !settings.ssl) sayPlainText(settings, log);
  const config: KafkaConfig = {
    clientId,
    brokers: [...settings.brokers],
    connectionTimeout: connectTimeoutMs,
    requestTimeout: requestTimeoutMs,
    retry: clientRetry,
    ssl: settings.ssl,
    socketFactory: createSocketFactory({
      context: settings.ssl ? contextOf(settings, log) : null,
      unansweredMsMax: settings.unansweredMsMax ?? unansweredMsMaxDefault,
      connections: settings.connections,
    }),
    logLevel: logLevel.WARN,
    logCreator:
      () =>
      ({ namespace, log: entry }) =>
        log.debug('kafka.client', { namespace, said: entry.message, error: entry['error'] }),
  };
  if (settings.sasl !== undefined) config.sasl = saslMechanism(settings.sasl);
  return new Kafka(config);
}

function contextOf(settings: KafkaSettings, log: Log) {
  const { sslCaFile: ca, sslCertFile: cert, sslKeyFile: key, sslKeyPassword: keyPassword } = settings;
  return tlsContextOf({ ca, cert, key, keyPassword }, log);
}

let plainTextIsSaid = false;

/** Once for a process: each consumer and producer makes a client. */
function sayPlainText({ brokers }: KafkaSettings, log: Log): void {
  const outside = brokers.filter((broker) => !isLoopback(broker.slice(0, broker.lastIndexOf(':'))));
  if (plainTextIsSaid || outside.length === 0) return;
  plainTextIsSaid = true;
  log.warn('kafka.plainText', { brokers: outside, said: 'SASL without TLS: set KAFKA_SSL=true' });
}
