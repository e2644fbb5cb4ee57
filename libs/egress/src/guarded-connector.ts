import type { LookupAddress } from 'node:dns';
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type buildConnector, errors } from 'undici';
import type { Clock } from '#domain/clock';
import { checkAddresses, type EgressAllowance, hostOf } from './address-guard.js';
import type { NameResolver } from './name-resolver.js';
import type { SocketBudget, SocketPlace } from './socket-budget.js';
import { TlsSessions } from './tls-sessions.js';

/** How long each part of connecting took, in milliseconds; null: it did not happen, or did not end. */
export interface ConnectPhases {
  readonly dnsMs: number | null;
  readonly connectMs: number | null;
  readonly tlsMs: number | null;
  /** `address:port`, an IPv6 address in brackets; null: nothing was reached. */
  readonly peerAddress: string | null;
}

/** What a connection is made with. */
export interface ConnectorDeps {
  readonly allowance: EgressAllowance;
  readonly resolver: NameResolver;
  readonly budget: SocketBudget;
  /** From waiting for a place to the end of the TLS handshake, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** In PEM, instead of the certificates of Node. */
  readonly ca?: string;
  readonly clock: Clock;
}

/** Where a connection leads. */
interface Goal {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
}

/** Its code must not be undici's for a lost connection: undici would try again without end. */
class ClosedWhileConnecting extends Error {
  override readonly name = 'ClosedWhileConnecting';
  readonly code = 'ECONNRESET';
}

/** TCP was there, TLS was not, whatever ended it but our deadline. */
export class HandshakeFailed extends Error {
  override readonly name = 'HandshakeFailed';
  readonly code: string;

  constructor(cause: Error) {
    super('the TLS handshake failed', { cause });
    this.code = 'code' in cause ? String(cause.code) : 'UNKNOWN';
  }
}

type Done = (...end: [Error, null] | [null, Socket]) => void;

const idleProbeMs = 60_000;
/** TLS hands out records of this size at most. */
const readBufferBytes = 16_384;

/**
 * Opens connections for undici. One deadline is over all of it: a place among the open sockets, the name, TCP and TLS. Every
 * address is checked before it is tried, and the address the socket really has again. No lock, no thread is held meanwhile;
 * whoever gives up waiting leaves a connection that ends by its deadline.
 */
export class GuardedConnector {
  private readonly sessions = new TlsSessions();
  private readonly phases = new WeakMap<Socket | Error, ConnectPhases>();
  private readonly underWay = new Set<Connecting>();

  constructor(private readonly deps: ConnectorDeps) {}

  readonly connect: buildConnector.connector = (options, callback) => {
    const isTls = options.protocol === 'https:';
    const port = Number(options.port) || (isTls ? 443 : 80);
    const connecting = new Connecting({ host: hostOf(options), port, isTls }, this.deps, this.sessions, (...end) => {
      this.underWay.delete(connecting);
      this.phases.set(end[0] ?? end[1], connecting.phases);
      callback(...end);
    });
    this.underWay.add(connecting);
    connecting.start();
  };

  /** Nothing is connected any more that was on its way; a process that ends waits for none of it. */
  close(): void {
    for (const connecting of this.underWay) connecting.fail(new ClosedWhileConnecting());
  }

  /** Of a socket that was opened here, or of the error that ended the try. */
  phasesOf(end: Socket | Error): ConnectPhases | undefined {
    return this.phases.get(end);
  }
}

/** One connection on its way; it ends once. */
class Connecting {
  private readonly timer: NodeJS.Timeout;
  private stopWaiting: () => void = () => undefined;
  private place: SocketPlace | null = null;
  private socket: Socket | null = null;
  private isEnded = false;
  private lastMs: number;
  private dnsMs: number | null = null;
  private connectMs: number | null = null;
  private tlsMs: number | null = null;
  private peerAddress: string | null = null;

  constructor(
    private readonly goal: Goal,
    private readonly deps: ConnectorDeps,
    private readonly sessions: TlsSessions,
    private readonly done: Done,
  ) {
    this.lastMs = deps.clock.monotonicMs();
    this.timer = setTimeout(() => this.fail(new errors.ConnectTimeoutError()), deps.connectTimeoutMs);
  }

  get phases(): ConnectPhases {
    const { dnsMs, connectMs, tlsMs, peerAddress } = this;
    return { dnsMs, connectMs, tlsMs, peerAddress };
  }

  start(): void {
    this.stopWaiting = this.deps.budget.acquire((place) => this.begin(place));
  }

  private begin(place: SocketPlace): void {
    this.place = place;
    const { host } = this.goal;
    const family = isIP(host);
    this.lap();
    if (family === 0) this.lookUp(host);
    else this.open([{ address: host, family }]);
  }

  private lookUp(host: string): void {
    const found = this.deps.resolver.resolve(host);
    if (!(found instanceof Promise)) this.openNamed(found);
    else
      found.then(
        (addresses) => this.openNamed(addresses),
        (error: Error) => this.fail(error),
      );
  }

  private openNamed(addresses: readonly LookupAddress[]): void {
    if (this.isEnded) return;
    this.dnsMs = this.lap();
    this.open(addresses);
  }

  private open(addresses: readonly LookupAddress[]): void {
    if (!this.mayConnectTo(addresses)) return;
    const { host, port, isTls } = this.goal;
    const socket = isTls ? this.openTls(addresses) : connectTcp({ host, port, ...this.trying(addresses) });
    this.socket = socket;
    this.place?.fill(socket);
    socket.setNoDelay(true).setKeepAlive(true, idleProbeMs);
    // Stays for the socket's life: an error after its end has nobody else to go to.
    socket.on('error', (error) => this.break(error));
    socket.once('close', () => this.break(new ClosedWhileConnecting()));
    socket.once('connect', () => this.noteConnected(socket));
  }

  /** False: it has failed with the guard's refusal. */
  private mayConnectTo(addresses: readonly LookupAddress[]): boolean {
    try {
      checkAddresses(this.goal.host, this.goal.port, addresses, this.deps.allowance);
      return true;
    } catch (refusal) {
      this.fail(refusal as Error);
      return false;
    }
  }

  /** One after the other, each with its part of the time: Node gives all but the last one a quarter of a second. */
  private trying(addresses: readonly LookupAddress[]) {
    const autoSelectFamilyAttemptTimeout = Math.max(250, Math.floor(this.deps.connectTimeoutMs / addresses.length));
    return { lookup: answering(addresses), autoSelectFamilyAttemptTimeout };
  }

  private openTls(addresses: readonly LookupAddress[]): Socket {
    const { host, port } = this.goal;
    const key = `${host}:${port}`;
    const session = this.sessions.get(key);
    const { ca } = this.deps;
    const socket = connectTls({
      ...{ host, port, ...this.trying(addresses), highWaterMark: readBufferBytes, ALPNProtocols: ['http/1.1'] },
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(session === undefined ? {} : { session }),
      ...(ca === undefined ? {} : { ca }),
    });
    socket.on('session', (fresh: Buffer) => this.sessions.keep(key, fresh));
    socket.once('secureConnect', () => {
      if (this.isEnded) return;
      this.tlsMs = this.lap();
      this.succeed(socket);
    });
    return socket;
  }

  private noteConnected(socket: Socket): void {
    if (this.isEnded) return;
    const address = plainAddress(socket);
    if (address === '') {
      this.break(new ClosedWhileConnecting()); // it was reset in this very instant
      return;
    }
    this.connectMs = this.lap();
    if (!this.mayConnectTo([{ address, family: 0 }])) return;
    this.peerAddress = `${isIP(address) === 6 ? `[${address}]` : address}:${this.goal.port}`;
    if (!this.goal.isTls) this.succeed(socket);
  }

  private succeed(socket: Socket): void {
    this.end();
    this.deps.budget.noteIdle(socket);
    this.done(null, socket);
  }

  private break(error: Error): void {
    this.fail(this.goal.isTls && this.connectMs !== null ? new HandshakeFailed(error) : error);
  }

  /** Does nothing once it has ended. */
  fail(error: Error): void {
    if (this.isEnded) return;
    this.end();
    if (this.goal.isTls) this.sessions.forget(`${this.goal.host}:${this.goal.port}`);
    if (this.socket === null) this.place?.giveBack();
    else this.socket.destroy();
    this.done(error, null);
  }

  private end(): void {
    this.isEnded = true;
    clearTimeout(this.timer);
    this.stopWaiting();
  }

  /** Milliseconds since the last lap. */
  private lap(): number {
    const nowMs = this.deps.clock.monotonicMs();
    const tookMs = nowMs - this.lastMs;
    this.lastMs = nowMs;
    return tookMs;
  }
}

/** The socket tries only what was checked. */
function answering(addresses: readonly LookupAddress[]): LookupFunction {
  return (_host, options, callback) => {
    const [first] = addresses;
    if (options.all === true) return callback(null, [...addresses]);
    callback(null, first?.address ?? '', first?.family ?? 0);
  };
}

/** A dual-stack socket shows an IPv4 peer as `::ffff:a.b.c.d`. */
function plainAddress({ remoteAddress = '' }: Socket): string {
  return remoteAddress.startsWith('::ffff:') ? remoteAddress.slice('::ffff:'.length) : remoteAddress;
}
