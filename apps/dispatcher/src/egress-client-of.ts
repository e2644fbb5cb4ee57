import { systemClock } from '#domain/clock';
import { EgressAllowance } from '#egress/address-guard';
import { EgressClient } from '#egress/egress-client';
import { version } from '#runtime/version';
import { gauge } from '#telemetry/instruments';
import type { DispatcherConfig } from './dispatcher.config.js';

/** Idle connections beside those of the requests under way: as many again. */
const socketsPerRequest = 2;

/** The way out of a dispatcher, and the gauge of its sockets. Nothing is connected yet. Throws CONFIG_INVALID. */
export function egressClientOf(config: DispatcherConfig): EgressClient {
  const settings = {
    allowance: new EgressAllowance(config.EGRESS_ALLOW),
    connectTimeoutMs: config.CONNECT_TIMEOUT_MS,
    connectionsMax: config.DISPATCH_CONCURRENCY,
    socketsMax: config.EGRESS_SOCKETS_MAX ?? config.DISPATCH_CONCURRENCY * socketsPerRequest,
    dnsServers: config.EGRESS_DNS_SERVERS,
    responseReadBytes: config.RESPONSE_READ_BYTES,
    responseStoreBytes: config.RESPONSE_STORE_BYTES,
    version,
  };
  const client = new EgressClient(settings, systemClock);
  gauge('hookline_egress_sockets', () => [
    { value: client.budget.idleCount, labels: { state: 'idle' } },
    { value: client.budget.openCount - client.budget.idleCount, labels: { state: 'busy' } },
  ]);
  return client;
}
