import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '#domain/clock';
import type { NotificationId } from '#domain/ids';
import { EgressAllowance } from './address-guard.js';
import { EgressClient } from './egress-client.js';
import { newSigningSecret } from './request-signature.js';
import { type AttemptRequest, sendAttempt } from './send-attempt.js';

const okAnswer = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

/** Answers the nth request of a connection, from 1, with whatever it writes. */
type Reply = (socket: Socket, nth: number) => void;

/** A server of TCP alone, so that an answer can break off anywhere; every request arrives in one piece. */
class RawServer {
  requests = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  static async start(reply: Reply): Promise<RawServer> {
    const server = createServer((socket) => raw.take(socket, reply));
    const raw = new RawServer(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return raw;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }

  stop(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }

  private take(socket: Socket, reply: Reply): void {
    let nth = 0;
    this.sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      if (!chunk.toString('latin1').startsWith('POST ')) return;
      this.requests++;
      reply(socket, ++nth);
    });
  }
}

describe('sendAttempt', () => {
  const endings: (() => void | Promise<void>)[] = [];

  afterEach(async () => {
    for (const end of endings.splice(0)) await end();
  });

  async function world(reply: Reply, connectionsMax = 10) {
    const server = await RawServer.start(reply);
    const settings = {
      ...{ allowance: new EgressAllowance(['127.0.0.1/32']), connectTimeoutMs: 10_000, connectionsMax },
      ...{ responseReadBytes: 65_536, responseStoreBytes: 16_384, version: 'test', socketsMax: 200, dnsServers: [] },
    };
    const client = new EgressClient(settings, systemClock);
    endings.push(
      () => client.close(),
      () => server.stop(),
    );
    const send = (fields: Partial<AttemptRequest> = {}, clock: Clock = systemClock) =>
      sendAttempt(
        {
          ...{ url: server.url, method: 'POST', contentType: 'application/json', body: Buffer.from('{"a":1}') },
          ...{ notificationId: '018f0000-0000-7000-8000-000000000000' as NotificationId, attemptNumber: 1 },
          ...{ secrets: [newSigningSecret()], totalTimeoutMs: 15_000 },
          ...fields,
        },
        { client, clock },
      );
    return { server, send };
  }

  it('writes nothing when the process stood still until its deadline was over, on a new connection or a kept one', async () => {
    const { server, send } = await world((socket) => socket.write(okAnswer));
    let looks = 0;
    const clock = { ...systemClock, monotonicMs: () => (looks++ === 0 ? 0 : 15_000) };
    expect(await send({}, clock)).toMatchObject({ outcome: { kind: 'failed', reason: 'TIMEOUT' } });
    expect(await send()).toMatchObject({ outcome: { kind: 'accepted' } });
    looks = 0;
    expect(await send({}, clock)).toMatchObject({ outcome: { kind: 'failed', reason: 'TIMEOUT' } });
    expect(await send()).toMatchObject({ outcome: { kind: 'accepted' } });
    expect(server.requests).toBe(2);
  });

  it('sends nothing that would be unsigned', async () => {
    const { server, send } = await world((socket) => socket.write(okAnswer));
    expect(await send({ secrets: [] })).toMatchObject({
      outcome: { kind: 'failed', reason: 'OTHER' },
      errorDetail: 'the endpoint has no valid signing secret',
    });
    expect(await send()).toMatchObject({ outcome: { kind: 'accepted' } });
    expect(server.requests).toBe(1);
  });

  it.each([
    ['nothing', '', true],
    ['an informational answer', 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n', undefined],
    ['half a status line', 'HTTP/1.', undefined],
    ['half a header', 'HTTP/1.1 200 OK\r\nx-a: ', undefined],
  ])('tells apart whether a kept-alive connection was lost after %s', async (_, bytes, isFlagged) => {
    const { send } = await world((socket, nth) => {
      if (nth === 1) socket.write(okAnswer);
      else if (bytes === '') socket.resetAndDestroy();
      else socket.end(bytes);
    }, 1);
    expect(await send()).toMatchObject({ outcome: { kind: 'accepted' } });
    const report = await send();
    expect(report.outcome).toEqual({ kind: 'failed', reason: 'RESET' });
    expect(report.resetOnReusedConnection).toBe(isFlagged);
  });

  it('does not excuse a new connection that was reset', async () => {
    const { send } = await world((socket) => socket.resetAndDestroy());
    const report = await send();
    expect(report.outcome).toEqual({ kind: 'failed', reason: 'RESET' });
    expect(report.resetOnReusedConnection).toBeUndefined();
  });

  it('has as many requests under way to one origin as it is told', async () => {
    const connectionsMax = 100;
    const waiting: Socket[] = [];
    const { server, send } = await world((socket) => {
      waiting.push(socket);
      if (waiting.length === connectionsMax) for (const one of waiting) one.write(okAnswer);
    }, connectionsMax);
    const reports = await Promise.all(Array.from({ length: connectionsMax }, () => send()));
    expect(new Set(reports.map(({ outcome }) => outcome.kind))).toEqual(new Set(['accepted']));
    expect(server.requests).toBe(connectionsMax);
  });
});
