import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';
import tls from 'node:tls';
import { type ISocketFactory, Kafka, type KafkaConfig, logLevel, type SASLOptions } from 'kafkajs';
import type { Log } from '#telemetry/log';

/** How to reach the brokers. */
export interface KafkaSettings {
  /** `host:port`, at least one. */
  readonly brokers: readonly string[];
  readonly ssl: boolean;
  readonly sslCaFile?: string | undefined;
  readonly sslCertFile?: string | undefined;
  readonly sslKeyFile?: string | undefined;
  readonly sasl?: KafkaSasl | undefined;
}

/** Username and password of SASL. */
export interface KafkaSasl {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}

/**
 * A silent peer is dropped after this. It must exceed the longest silence of a healthy connection: a join may be parked
 * for as long as the rebalance timeout.
 */
const silentSocketMs = 75_000;
const keepAliveMs = 10_000;
const connectTimeoutMs = 3_000;
const requestTimeoutMs = 15_000;
/** Retries inside the client; what lasts longer is retried by us, and said. */
export const clientRetry = { initialRetryTime: 200, maxRetryTime: 2_000, retries: 4 } as const;

/**
 * A client of its own for each consumer and producer: one instance shares its offsets cache among its consumers, and a
 * rebuilt consumer must start from nothing.
 */
export function createKafka(settings: KafkaSettings, clientId: string, log: Log): Kafka {
  stopIdleTimer();
  const config: KafkaConfig = {
    clientId,
    brokers: [...settings.brokers],
    connectionTimeout: connectTimeoutMs,
    requestTimeout: requestTimeoutMs,
    retry: clientRetry,
    socketFactory,
    logLevel: logLevel.WARN,
    logCreator:
      () =>
      ({ namespace, log: entry }) =>
        log.debug('kafka.client', { namespace, said: entry.message, error: entry['error'] }),
  };
  if (settings.ssl) config.ssl = tlsOptions(settings);
  if (settings.sasl !== undefined) config.sasl = settings.sasl as SASLOptions;
  return new Kafka(config);
}

function tlsOptions(settings: KafkaSettings): tls.ConnectionOptions {
  return {
    ...(settings.sslCaFile === undefined ? {} : { ca: readFileSync(settings.sslCaFile) }),
    ...(settings.sslCertFile === undefined ? {} : { cert: readFileSync(settings.sslCertFile) }),
    ...(settings.sslKeyFile === undefined ? {} : { key: readFileSync(settings.sslKeyFile) }),
  };
}

/** Without these three settings a vanished broker is not noticed for minutes, and small requests wait for Nagle. */
const socketFactory: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  const socket = ssl
    ? tls.connect({ host, port, ...(net.isIP(host) ? {} : { servername: host }), ...ssl }, onConnect)
    : net.connect({ host, port }, onConnect);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, keepAliveMs);
  socket.setTimeout(silentSocketMs);
  return socket;
};

interface RequestQueuePrototype {
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  readonly throttledUntil: number;
  readonly pending: readonly unknown[];
  checkPendingRequests(): void;
  scheduleCheckPendingRequests(): void;
}

const throttleCheckMs = 10;

/** kafkajs 2.2.4 re-arms a 1 ms timer for ever while nothing is pending (its issue 1751): 5 % of a core per process. */
function stopIdleTimer(): void {
  const queue: { readonly prototype: RequestQueuePrototype } = createRequire(import.meta.url)(
    'kafkajs/src/network/requestQueue',
  );
  queue.prototype.scheduleCheckPendingRequests = function (this: RequestQueuePrototype) {
    if (this.throttleCheckTimeoutId !== null && this.throttleCheckTimeoutId !== undefined) return;
    const throttledMs = this.throttledUntil - Date.now();
    if (throttledMs <= 0 && this.pending.length === 0) return;
    this.throttleCheckTimeoutId = setTimeout(
      () => {
        this.throttleCheckTimeoutId = null;
        this.checkPendingRequests();
      },
      throttledMs <= 0 ? throttleCheckMs : throttledMs,
    );
  };
}
