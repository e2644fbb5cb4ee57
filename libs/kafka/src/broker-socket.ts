import net from 'node:net';
import tls from 'node:tls';
import type { ISocketFactory } from 'kafkajs';
import { type TlsNames, tlsFault } from '#domain/tls-fault';

/**
 * A silent peer is dropped after this. It must exceed the longest silence of a healthy connection: a join may be parked
 * for as long as the rebalance timeout.
 */
const silentSocketMs = 75_000;
const keepAliveMs = 10_000;
/** The first byte of a TLS alert; as the first byte of an answer it would announce one of over 300 MB. */
const alertByte = 0x15;

/**
 * Makes each connection to a broker: with TLS where a context is given, which is asked for each time. Without these
 * three settings a vanished broker is not noticed for minutes, and small requests wait for Nagle.
 */
export function createSocketFactory(context: (() => tls.SecureContext) | null): ISocketFactory {
  return ({ host, port, onConnect }) => {
    const socket =
      context === null
        ? net.connect({ host, port }, onConnect)
        : // Said outright, for NODE_TLS_REJECT_UNAUTHORIZED could turn it off.
          tls.connect({ host, port, ...nameOf(host), secureContext: context(), rejectUnauthorized: true }, onConnect);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, keepAliveMs);
    socket.setTimeout(silentSocketMs);
    sayFaults(socket, namesOf(host, port));
    if (context === null) sayTlsPort(socket, namesOf(host, port));
    return socket;
  };
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
