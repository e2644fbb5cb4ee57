import { createConnection, createServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { portsOf } from './socket-owners.js';

describe('whose connections they are', () => {
  it('counts those of a process among some ports, and none of another process', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const sockets = await Promise.all(
      [1, 2].map(
        () =>
          new Promise<Socket>((resolve) => {
            const socket = createConnection(port, '127.0.0.1', () => resolve(socket));
          }),
      ),
    );
    const ports = sockets.map(({ localPort }) => localPort ?? 0);
    expect(portsOf(process.pid, ports)).toBe(2);
    expect(portsOf(process.pid, ports.slice(1))).toBe(1);
    expect(portsOf(process.ppid, ports)).toBe(0);
    expect(portsOf(process.pid, [])).toBe(0);
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
});
