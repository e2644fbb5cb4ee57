import net from 'node:net';
import tls from 'node:tls';
import type { ISocketFactory } from 'kafkajs';
import { type TlsNames, tlsFault } from '#domain/tls-fault';

const looksPerSilence = 4;
const keepAliveMs = 10_000;
/** The first byte of a TLS alert; as the first byte of an answer it would announce one of over 300 MB. */
const alertByte = 0x15;

/** How connections are made. */
export interface SocketOptions {
  /** With TLS where it is given; it is asked for each time. */
  readonly context: (() => tls.SecureContext) | null;
  /** A connection on which a request has gone unanswered for this long is ended, milliseconds. */
  readonly unansweredMsMax: number;
  /** Every connection is entered here. */
  readonly connections?: Connections | undefined;
}

/** The connections of one client. */
export class Connections {
  private readonly sockets = new Set<net.Socket>();
  private isEnded = false;

  add(socket: net.Socket): void {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    if (this.isEnded) socket.destroy(new Error('the client was given up'));
  }

  /** Cuts them, and every later one as soon as it is made: whatever the client still does in the background comes to nothing. */
  end(): void {
    this.isEnded = true;
    this.cut('the client was given up');
  }

  /** Ends all of them at once: what is asked there is answered no more, and nobody need wait for it. */
  cut(cause: string): void {
    for (const socket of this.sockets) socket.destroy(new Error(cause));
  }
}

/**
 * Makes each connection to a broker. Without its three measures a vanished broker is not noticed for minutes, and small
 * requests wait for Nagle.
 */
export function createSocketFactory({ context, unansweredMsMax, connections }: SocketOptions): ISocketFactory {
  return ({ host, port, onConnect }) => {
    const socket =
      context === null
        ? net.connect({ host, port }, onConnect)
        : // Said outright, for NODE_TLS_REJECT_UNAUTHORIZED could turn it off.
          tls.connect({ host, port, ...nameOf(host), secureContext: context(), rejectUnauthorized: true }, onConnect);
    connections?.add(socket);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, keepAliveMs);
    endWhenUnanswered(socket, unansweredMsMax);
    sayFaults(socket, namesOf(host, port));
    if (context === null) sayTlsPort(socket, namesOf(host, port));
    return socket;
  };
}

/**
 * Not `setTimeout` of the socket: it counts from the last byte either way, and the client repeats its requests every 15 s
 * on the same dead connection, so that it would never end.
 */
function endWhenUnanswered(socket: net.Socket, unansweredMsMax: number): void {
  /** When last something had come, or nothing had been asked. */
  let well = { bytesRead: 0, bytesWritten: 0, atMs: performance.now() };
  const look = setInterval(() => {
    const { bytesRead, bytesWritten } = socket;
    const atMs = performance.now();
    if (bytesRead !== well.bytesRead || bytesWritten === well.bytesWritten) well = { bytesRead, bytesWritten, atMs };
    else if (atMs - well.atMs > unansweredMsMax)
      socket.destroy(new Error(`no answer for ${Math.round(atMs - well.atMs)} ms`));
  }, unansweredMsMax / looksPerSilence);
  look.unref();
  socket.once('close', () => clearInterval(look));
}

/** An address is no server name (RFC 6066); the certificate is checked against it all the same. */
function nameOf(host: string): { readonly servername?: string } {
  return net.isIP(host) === 0 ? { servername: host } : {};
}

function namesOf(host: string, port: number): TlsNames {
  return {
    peer: `the broker ${host}:${port}`,
    authority: 'KAFKA_SSL_CA_FILE',
    own: 'KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE',
    asked: 'KAFKA_SSL=true',
  };
}

/** The client only ever passes on an error's message; ours is the first listener, so what it passes on is in words. */
function sayFaults(socket: net.Socket, names: TlsNames): void {
  socket.on('error', (error: Error) => {
    error.message = tlsFault(error, names) ?? error.message;
  });
}

/** The client would wait in vain for the rest of what it takes for an answer. */
function sayTlsPort(socket: net.Socket, { peer }: TlsNames): void {
  socket.once('data', (first: Buffer) => {
    if (first[0] !== alertByte) return;
    socket.destroy(new Error(`${peer} speaks TLS on this port: set KAFKA_SSL=true`));
  });
}
