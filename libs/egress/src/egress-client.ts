import diagnostics from 'node:diagnostics_channel';
import dns, { type LookupAddress } from 'node:dns';
import type { LookupFunction, Socket } from 'node:net';
import { isIP } from 'node:net';
import { Agent, buildConnector } from 'undici';
import {
  checkAddresses,
  type EgressAllowance,
  hostOf,
  type ParsedDestination,
  parseDestination,
} from './address-guard.js';

/** How requests leave; durations in milliseconds. */
export interface EgressSettings {
  readonly allowance: EgressAllowance;
  readonly connectTimeoutMs: number;
  /**
   * Connections to one origin, from 1. As many as requests may be under way at once: fewer, and endpoints that share an
   * origin wait for each other's slow answers, which counts as their own time-out.
   */
  readonly connectionsMax: number;
  /** Bytes of an answer that are read. */
  readonly responseReadBytes: number;
  /** Bytes of an answer that are kept. */
  readonly responseStoreBytes: number;
  /** The product's version, for `user-agent`. */
  readonly version: string;
  /** Resolves a name to all its addresses; `dns.lookup` when absent. */
  readonly resolve?: (host: string) => Promise<readonly LookupAddress[]>;
}

const sendHeadersChannel = 'undici:client:sendHeaders';
const keepAliveMs = 30_000;
const keepAliveMsMax = 120_000;
/** A connection is not kept longer, so that a moved name is looked up again. */
const connectionAgeMs = 300_000;
const headerBytesMax = 16_384;
/** Of URLs that are remembered; one has 2 KiB at most. */
const destinationsMax = 5_000;

/**
 * The one way out. Every connection is checked three times: a literal address before connecting (lookup is not called
 * for it), all looked-up addresses, and the address the socket really has. Environment proxies do not apply.
 */
export class EgressClient {
  readonly agent: Agent;
  /** Sockets that have carried a request: a second one runs on a kept-alive connection. */
  private readonly usedSockets = new WeakSet<Socket>();
  /** By request body, each its own object: the used socket it went out on, and the bytes it had read by then. */
  private readonly reusedBy = new WeakMap<Buffer, { readonly socket: Socket; readonly bytesRead: number }>();

  /** By URL: what is written in it is judged once, where it leads on each connection. */
  private readonly destinations = new Map<string, ParsedDestination>();

  constructor(readonly settings: EgressSettings) {
    diagnostics.subscribe(sendHeadersChannel, this.onSendHeaders);
    this.agent = new Agent({
      connect: guardedConnector(settings),
      connections: settings.connectionsMax,
      pipelining: 1,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMsMax,
      clientTtl: connectionAgeMs,
      maxHeaderSize: headerBytesMax,
      allowH2: false,
      // The attempt has its own total deadline; these are only a backstop against a leak.
      headersTimeout: keepAliveMsMax,
      bodyTimeout: keepAliveMsMax,
    });
  }

  /** A URL as it is written: whether it may be used. */
  destinationOf(url: string): ParsedDestination {
    const known = this.destinations.get(url);
    if (known !== undefined) return known;
    if (this.destinations.size >= destinationsMax) this.destinations.clear();
    const destination = parseDestination(url, this.settings.allowance);
    this.destinations.set(url, destination);
    return destination;
  }

  /**
   * Whether the request with this very body buffer was written to a connection that had carried one before, and not one
   * byte came back since: then the other side may have closed it before it saw the request.
   */
  isUnansweredOnReusedConnection(body: Buffer): boolean {
    const written = this.reusedBy.get(body);
    return written !== undefined && written.socket.bytesRead === written.bytesRead;
  }

  async close(): Promise<void> {
    diagnostics.unsubscribe(sendHeadersChannel, this.onSendHeaders);
    await this.agent.destroy();
  }

  /** undici says on a diagnostics channel which socket a request is written to; its handler is not told. */
  private readonly onSendHeaders = (message: unknown): void => {
    const { socket, request } = message as { readonly socket: Socket; readonly request: { readonly body: unknown } };
    if (this.usedSockets.has(socket) && Buffer.isBuffer(request.body))
      this.reusedBy.set(request.body, { socket, bytesRead: socket.bytesRead });
    this.usedSockets.add(socket);
  };
}

function guardedConnector(settings: EgressSettings): buildConnector.connector {
  const { allowance, connectTimeoutMs } = settings;
  const byPort = new Map<number, buildConnector.connector>();
  return (options, callback) => {
    const host = hostOf(options);
    const port = Number(options.port) || (options.protocol === 'https:' ? 443 : 80);
    const connect =
      byPort.get(port) ??
      buildConnector({ timeout: connectTimeoutMs, allowH2: false, lookup: guardedLookup(port, settings) });
    byPort.set(port, connect);
    try {
      if (isIP(host) !== 0) checkAddresses(host, port, [{ address: host, family: isIP(host) }], allowance);
    } catch (error) {
      return callback(error as Error, null);
    }
    connect(options, (error, socket) => {
      if (error !== null) return callback(error, null);
      try {
        checkAddresses(host, port, [{ address: plainAddress(socket), family: 0 }], allowance);
      } catch (refusal) {
        socket.destroy();
        return callback(refusal as Error, null);
      }
      callback(null, socket);
    });
  };
}

function guardedLookup(port: number, { allowance, resolve = lookUpAll }: EgressSettings): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname).then(
      (addresses) => {
        try {
          checkAddresses(hostOf({ hostname }), port, addresses, allowance);
        } catch (refusal) {
          return callback(refusal as Error, '');
        }
        const [first] = addresses;
        if (options.all === true) return callback(null, [...addresses]);
        callback(null, first?.address ?? '', first?.family ?? 0);
      },
      (error: unknown) => callback(error as NodeJS.ErrnoException, ''),
    );
  };
}

function lookUpAll(host: string): Promise<readonly LookupAddress[]> {
  return dns.promises.lookup(host, { all: true, verbatim: true });
}

/** A dual-stack socket shows an IPv4 peer as `::ffff:a.b.c.d`. */
function plainAddress({ remoteAddress = '' }: Socket): string {
  return remoteAddress.startsWith('::ffff:') ? remoteAddress.slice('::ffff:'.length) : remoteAddress;
}
