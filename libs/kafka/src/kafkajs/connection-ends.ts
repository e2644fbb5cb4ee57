/**
 * What kafkajs 2.2.4 forgets when a connection ends, and is then never answered:
 * - it looks for timed-out requests only on connections that it counts as connected; of one that ends while it is being
 *   given up, what is still asked waits for ever. Here all that is asked on a connection is rejected when that closes;
 * - what had come of an answer is kept, and the first answers on the next connection are taken for the rest of it.
 */
import type { Socket } from 'node:net';
import { loadInternal, once } from './client-internals.js';

interface Connection {
  readonly host: string;
  readonly port: number;
  readonly socket: Socket | undefined;
  chunks: readonly Buffer[];
  bytesBuffered: number;
  bytesNeeded: number;
  isConnected(): boolean;
  connect(): Promise<unknown>;
  disconnect(): Promise<unknown>;
  rejectRequests(error: Error): void;
}

/** Of an answer, before it: its length. */
const lengthBytes = 4;

/** Must be called before the first client is made. */
export const endRequestsWithConnections = once(() => {
  const connection: { readonly prototype: Connection } = loadInternal('kafkajs/src/network/connection');
  const { connect } = connection.prototype;
  connection.prototype.connect = function () {
    const { socket: before } = this;
    const connected = connect.call(this);
    const { socket } = this;
    if (socket === undefined || socket === before) return connected;
    startAnew(this);
    socket.once('close', () => {
      if (this.socket === socket) end(this);
    });
    return connected;
  };
});

/** With another socket: what is still asked was asked on the one before. */
function startAnew(connection: Connection): void {
  connection.chunks = [];
  connection.bytesBuffered = 0;
  connection.bytesNeeded = lengthBytes;
  rejectAll(connection);
}

function end(connection: Connection): void {
  rejectAll(connection);
  if (connection.isConnected()) void connection.disconnect();
}

function rejectAll(connection: Connection): void {
  const { host, port } = connection;
  connection.rejectRequests(new ConnectionClosed('Closed connection', { host, port }));
}

const { KafkaJSConnectionClosedError: ConnectionClosed }: { KafkaJSConnectionClosedError: ConnectionClosedClass } =
  loadInternal('kafkajs/src/errors');

type ConnectionClosedClass = new (message: string, of: { readonly host: string; readonly port: number }) => Error;
