import diagnostics from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { Agent } from 'undici';
import { type Clock } from '#domain/clock';
import { type EgressAllowance, type ParsedDestination, parseDestination } from './address-guard.js';
import { type ConnectPhases, GuardedConnector } from './guarded-connector.js';
import { NameResolver } from './name-resolver.js';
import { SocketBudget } from './socket-budget.js';

/** How requests leave; durations in milliseconds. */
export interface EgressSettings {
  readonly allowance: EgressAllowance;
  /** From waiting for a socket to the end of the TLS handshake; of it a name has half. */
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
  /** Sockets open at once to all receivers together, idle ones included. */
  readonly socketsMax: number;
  /** Name servers, `address` or `address:port`; without any those of the system. */
  readonly dnsServers: readonly string[];
  /** Authorities in PEM, instead of those of Node. */
  readonly ca?: string;
}

/** What the connection says of one exchange. */
export interface WireReport {
  /** It went out on a connection that had carried a request before. */
  readonly isReused: boolean;
  /** Not one byte came back on it. */
  readonly isUnanswered: boolean;
  /** Of its connection, whoever opened that. */
  readonly phases: ConnectPhases | undefined;
}

/** Where a request was written to. */
export interface Sent {
  readonly socket: Socket;
  readonly isReused: boolean;
  /** By the socket until then. */
  readonly bytesRead: number;
}

/** One request on its way; hears where it was written to. */
export interface Sending {
  sent: Sent | null;
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
 * The one way out. Every connection is checked three times: a literal address before connecting, all looked-up addresses,
 * and the address the socket really has. Environment proxies do not apply. undici keeps a pool for each origin until its
 * last connection has closed, and no connection is idle longer than `keepAliveMs`: what an origin leaves behind goes away.
 */
export class EgressClient {
  readonly agent: Agent;
  readonly budget: SocketBudget;
  private readonly resolver: NameResolver;
  private readonly connector: GuardedConnector;
  /** Sockets that have carried a request: a second one runs on a kept-alive connection. */
  private readonly usedSockets = new WeakSet<Socket>();
  /** The request that is written next. */
  private beginning: Sending | null = null;
  /** By URL: what is written in it is judged once, where it leads on each connection. */
  private readonly destinations = new Map<string, ParsedDestination>();

  constructor(
    readonly settings: EgressSettings,
    clock: Clock,
  ) {
    const { allowance, connectTimeoutMs, socketsMax, dnsServers: servers, ca } = settings;
    this.budget = new SocketBudget(socketsMax);
    this.resolver = new NameResolver({ servers, timeoutMs: Math.ceil(connectTimeoutMs / 2) }, clock);
    const { budget, resolver } = this;
    const given = ca === undefined ? {} : { ca };
    this.connector = new GuardedConnector({ allowance, resolver, budget, connectTimeoutMs, clock, ...given });
    diagnostics.subscribe(sendHeadersChannel, this.onSendHeaders);
    this.agent = new Agent({
      connect: this.connector.connect,
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

  /** A request is written now: undici says that it begins, and in the same turn on which socket. */
  beginExchange(sending: Sending): void {
    this.beginning = sending;
  }

  /**
   * An exchange is over: what its connection says of it, found by its socket or by what ended the connecting. Cut, it ends
   * with its socket: undici's own abort would connect anew, with nothing to send.
   */
  endExchange(
    { sent }: Sending,
    { error, isCut }: { readonly error: Error | null; readonly isCut: boolean },
  ): WireReport {
    if (sent === null) {
      const phases = error === null ? undefined : this.connector.phasesOf(error);
      return { isReused: false, isUnanswered: false, phases };
    }
    const { socket, isReused, bytesRead } = sent;
    if (isCut) socket.destroy(new Error('the answer was cut'));
    else this.budget.noteIdle(socket);
    return { isReused, isUnanswered: socket.bytesRead === bytesRead, phases: this.connector.phasesOf(socket) };
  }

  async close(): Promise<void> {
    diagnostics.unsubscribe(sendHeadersChannel, this.onSendHeaders);
    const destroyed = this.agent.destroy();
    this.connector.close();
    this.resolver.close();
    await destroyed;
  }

  /** undici says on a diagnostics channel which socket a request is written to; its handler is not told. */
  private readonly onSendHeaders = (message: unknown): void => {
    const { socket } = message as { readonly socket: Socket };
    this.budget.noteBusy(socket);
    const isReused = this.usedSockets.has(socket);
    if (this.beginning !== null) this.beginning.sent = { socket, isReused, bytesRead: socket.bytesRead };
    this.beginning = null;
    if (!isReused) this.usedSockets.add(socket);
  };
}
