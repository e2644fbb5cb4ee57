import { once } from 'node:events';
import net from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { until } from '../support/until.js';
import { ByteProxy } from './byte-proxy.js';

const open: { close(): unknown }[] = [];

afterEach(() => {
  for (const one of open.splice(0).reverse()) one.close();
});

async function setup() {
  const server = net.createServer((socket) => socket.on('error', () => undefined).pipe(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const proxy = await ByteProxy.start(typeof address === 'object' && address !== null ? address.port : 0);
  open.push(server, { close: () => proxy.stop() });
  return proxy;
}

async function connect(proxy: ByteProxy) {
  const socket = net.connect({ host: '127.0.0.1', port: proxy.port });
  open.push({ close: () => socket.destroy() });
  await once(socket, 'connect');
  return socket;
}

async function read(socket: net.Socket, bytes: number): Promise<string> {
  let text = '';
  while (text.length < bytes) text += String((await once(socket, 'data'))[0]);
  return text;
}

it('passes on what it is given, late when told so, and never out of order', async () => {
  const proxy = await setup();
  const socket = await connect(proxy);
  socket.write('a');
  expect(await read(socket, 1)).toBe('a');
  proxy.delay(100);
  const startMs = performance.now();
  socket.write('b');
  await until(() => proxy.held === 1, { what: 'b is held' });
  proxy.delay(0);
  socket.write('c');
  expect(await read(socket, 2)).toBe('bc');
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(99);
});

it('resets the connections there are, and takes new ones', async () => {
  const proxy = await setup();
  const socket = await connect(proxy);
  socket.write('a');
  await read(socket, 1);
  const failed = once(socket, 'error');
  proxy.cut();
  expect((await failed)[0]).toMatchObject({ code: 'ECONNRESET' });
  const next = await connect(proxy);
  next.write('d');
  expect(await read(next, 1)).toBe('d');
});
