import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

/** What is written to a request that has arrived whole; the nth of its connection, from 1. */
export type RawReply = (socket: Socket, nth: number) => void;

/** How a receiver behaves. */
export interface RawScript {
  readonly reply?: RawReply;
  /** A connection was accepted; nothing of it is read yet. */
  readonly onConnection?: (socket: Socket) => void;
  readonly tls?: TlsOptions;
  readonly host?: string;
  /** The same port on another address. */
  readonly port?: number;
}

/** A receiver of TCP or TLS alone, so that its answer can be anything and break off anywhere. */
export class RawReceiver {
  connections = 0;
  requests = 0;
  readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly scheme: string,
  ) {}

  static async start({ reply, onConnection, tls, host = '127.0.0.1', port = 0 }: RawScript): Promise<RawReceiver> {
    const take = (socket: Socket) => receiver.take(socket, reply);
    const server = tls === undefined ? createServer(take) : createTlsServer(tls, take);
    const receiver = new RawReceiver(server, tls === undefined ? 'http' : 'https');
    server.on('connection', (socket: Socket) => {
      socket.on('error', () => socket.destroy());
      onConnection?.(socket);
    });
    server.on('tlsClientError', () => undefined);
    server.listen(port, host);
    await once(server, 'listening');
    return receiver;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  urlAt(host: string): string {
    return `${this.scheme}://${host}:${this.port}/`;
  }

  stop(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }

  private take(socket: Socket, reply: RawReply | undefined): void {
    this.connections++;
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    if (reply === undefined) return;
    const seen: { text: string; nth: number } = { text: '', nth: 0 };
    socket.on('data', (chunk: Buffer) => {
      seen.text += chunk.toString('latin1');
      for (let length = wholeLength(seen.text); length > 0; length = wholeLength(seen.text)) {
        seen.text = seen.text.slice(length);
        this.requests++;
        reply(socket, ++seen.nth);
      }
    });
  }
}

/** Characters of the first request; 0 while it is not whole. */
function wholeLength(text: string): number {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return 0;
  const length = head + 4 + Number(/content-length: (\d+)/i.exec(text.slice(0, head))?.[1] ?? 0);
  return text.length >= length ? length : 0;
}
