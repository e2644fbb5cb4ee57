import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { createSecureContext, type TLSSocket, type TlsOptions } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { TestAuthority } from '../../../test/support/certificates.js';
import type { DnsScript } from '../../../test/support/dns-server.js';
import { EgressWorld } from '../../../test/support/egress-world.js';
import { RawReceiver, type RawReply } from '../../../test/support/raw-receiver.js';
import { until } from '../../../test/support/until.js';
import { EgressAllowance } from './address-guard.js';
import type { EgressSettings } from './egress-client.js';

const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
const okAndClose = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok';
const answersOk: RawReply = (socket) => void socket.write(ok);
const shortMs = 300;
const marginMs = 3_000;
const dayMs = 86_400_000;

const authority = new TestAuthority('tests');
const certificate = authority.issue({ name: 'receiver', hosts: ['receiver.test', 'other.test'] });

describe('connections', () => {
  let world: EgressWorld | undefined;

  afterEach(async () => {
    await world?.close();
    world = undefined;
  });

  async function open(settings: Partial<EgressSettings> = {}, script?: DnsScript): Promise<EgressWorld> {
    world = await EgressWorld.open(settings, script);
    return world;
  }

  describe('by name', () => {
    it.each([
      ['is not there', { rcode: 3 }, 'ENOTFOUND'],
      ['has no address', {}, 'ENODATA'],
      ['is in a zone that is broken', { rcode: 2 }, 'ESERVFAIL'],
      ['is not answered for', 'silence', 'ETIMEOUT'],
    ] as const)('fail as DNS when it %s', async (_, answer, code) => {
      const { send, receiver } = bound(await open({ connectTimeoutMs: 600 }, () => answer));
      const { port, connections } = await receiver({ reply: answersOk });
      const report = await send(`https://receiver.test:${port}/`);
      expect(report).toMatchObject({
        outcome: { kind: 'failed', reason: 'DNS' },
        errorDetail: `the host name could not be resolved (${code})`,
      });
      expect(report.durationMs).toBeLessThan(600 + marginMs);
      expect(connections).toBe(0);
    });

    it('end at the total deadline when that is before the look-up ends', async () => {
      const { send } = bound(await open({}, () => 'silence'));
      const report = await send('https://receiver.test/', { totalTimeoutMs: shortMs });
      expect(report).toMatchObject({ outcome: { kind: 'failed', reason: 'TIMEOUT' } });
      expect(report.durationMs).toBeLessThan(shortMs + marginMs);
    });

    it('are made again once a name that flaps is answered for', async () => {
      const here = await open(named(), (_, nth) => (nth === 1 ? { rcode: 2 } : { addresses: ['127.0.0.1'] }));
      const { url } = await tlsReceiver(here);
      expect(await here.send(url)).toMatchObject({ outcome: { kind: 'failed', reason: 'DNS' } });
      here.laterMs += 1_100;
      expect(await here.send(url)).toMatchObject({ outcome: { kind: 'accepted' } });
    });

    it('go to where the name leads now', async () => {
      const here = await open(named(), (_, nth) => ({ addresses: [`127.0.0.${nth}`], ttlS: 0 }));
      const { url, port } = await tlsReceiver(here, okAndClose);
      const moved = await tlsReceiver(here, okAndClose, { host: '127.0.0.2', port });
      expect(await here.send(url)).toMatchObject({ phases: { peerAddress: `127.0.0.1:${port}` } });
      here.laterMs += 1_100;
      expect(await here.send(url)).toMatchObject({ phases: { peerAddress: `127.0.0.2:${port}` } });
      expect(moved.receiver.requests).toBe(1);
    });

    it('are refused when it leads elsewhere on the next look-up, and nothing is connected there', async () => {
      const here = await open(named(), (_, nth) => ({ addresses: [nth === 1 ? '127.0.0.1' : '127.0.0.9'], ttlS: 0 }));
      const { url, port } = await tlsReceiver(here, okAndClose);
      const canary = await tlsReceiver(here, ok, { host: '127.0.0.9', port });
      expect(await here.send(url)).toMatchObject({ outcome: { kind: 'accepted' } });
      here.laterMs += 1_100;
      const report = await here.send(url);
      expect(report).toMatchObject({ outcome: { kind: 'failed', reason: 'DESTINATION_NOT_ALLOWED' } });
      expect(JSON.stringify(report)).not.toContain('127.0.0.9');
      expect(canary.receiver.connections).toBe(0);
    });

    it('are refused when one of its addresses is, whichever would be tried', async () => {
      const here = await open(named(), () => ({ addresses: ['127.0.0.1', '127.0.0.9'] }));
      const { url, receiver } = await tlsReceiver(here);
      expect(await here.send(url)).toMatchObject({ outcome: { kind: 'failed', reason: 'DESTINATION_NOT_ALLOWED' } });
      expect(receiver.connections).toBe(0);
    });

    it('ask once for what is judged and connected to, so that no answer comes in between', async () => {
      const here = await open(named(), (_, nth) => ({ addresses: [nth === 1 ? '127.0.0.1' : '127.0.0.9'], ttlS: 0 }));
      const { url } = await tlsReceiver(here, okAndClose);
      expect(await here.send(url)).toMatchObject({ outcome: { kind: 'accepted' } });
      expect(here.dns.questions.toSorted()).toEqual(['A receiver.test', 'AAAA receiver.test']);
    });

    it('leave the threads of files and hashes alone while many names are not answered for', async () => {
      const here = await open({}, () => 'silence');
      let ended = 0;
      const attempts = Array.from({ length: 32 }, async (_, n) => {
        await here.send(`https://silent${n}.test/`);
        ended++;
      });
      await until(() => here.dns.questions.length >= 32, { what: 'the names are asked for' });
      await readFile(import.meta.filename);
      expect(ended).toBe(0);
      await Promise.all(attempts);
    });
  });

  describe('by TLS', () => {
    it('say how long each part took, and of a kept one only what is its own', async () => {
      const here = await open({ ...named(), connectionsMax: 1 });
      const { url, port } = await tlsReceiver(here);
      const peerAddress = `127.0.0.1:${port}`;
      const first = (await here.send(url)).phases;
      expect(first).toEqual({ ...eachANumber(['dnsMs', 'connectMs', 'tlsMs', 'firstByteMs']), peerAddress });
      expect(first?.firstByteMs).toBeGreaterThanOrEqual((first?.dnsMs ?? 0) + (first?.connectMs ?? 0));
      const second = (await here.send(url)).phases;
      expect(second).toEqual({
        ...eachANumber(['firstByteMs']),
        dnsMs: null,
        connectMs: null,
        tlsMs: null,
        peerAddress,
      });
    });

    it('resume the session of their own host, and of no other', async () => {
      const here = await open(named());
      const seen: { readonly name: unknown; readonly isReused: boolean }[] = [];
      const { url, port } = await tlsReceiver(here, okAndClose, {}, (socket) =>
        seen.push({ name: socket.servername, isReused: socket.isSessionReused() }),
      );
      for (const to of [url, url, `https://other.test:${port}/`, url, `https://other.test:${port}/`])
        expect(await here.send(to)).toMatchObject({ outcome: { kind: 'accepted' } });
      expect(seen.map(({ name, isReused }) => `${name} ${isReused ? 'again' : 'new'}`)).toEqual([
        ...['receiver.test new', 'receiver.test again', 'other.test new', 'receiver.test again', 'other.test again'],
      ]);
    });

    const stranger = new TestAuthority('stranger');
    const yesterday = { notBefore: new Date(Date.now() - 3 * dayMs), notAfter: new Date(Date.now() - dayMs) };
    const oldTls = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    it.each<readonly [string, TlsOptions]>([
      ['is expired', authority.issue({ name: 'a', hosts: ['receiver.test'], ...yesterday })],
      ['is signed by itself', stranger.selfSigned],
      ['is signed by nobody we know', stranger.issue({ name: 'a', hosts: ['receiver.test'] })],
      ['is for another host', authority.issue({ name: 'a', hosts: ['elsewhere.test'] })],
      ['comes with a protocol that is too old', { ...certificate, ...oldTls }],
    ])('fail when the certificate %s', async (_, tls) => {
      const here = await open(named());
      const receiver = await here.receiver({ reply: answersOk, tls });
      const report = await here.send(receiver.urlAt('receiver.test'));
      expect(report).toMatchObject({ outcome: { kind: 'failed', reason: 'TLS' } });
      expect(report.errorDetail).toMatch(/^the TLS handshake failed \([A-Z0-9_]+\)$/);
      expect(report.phases).toMatchObject({ tlsMs: null, peerAddress: `127.0.0.1:${receiver.port}` });
      expect(receiver.requests).toBe(0);
      await until(() => here.client.budget.openCount === 0, { what: 'no socket is left' });
    });

    it.each([
      ['reset', (socket: Socket) => void socket.resetAndDestroy()],
      ['closed', (socket: Socket) => void socket.end()],
      ['answered with another protocol', (socket: Socket) => void socket.write('HTTP/1.1 400 Bad\r\n\r\n')],
    ])('fail when the handshake is %s', async (_, ends) => {
      const here = await open(named());
      const onConnection = (socket: Socket) => void socket.once('data', () => ends(socket));
      const { port } = await here.receiver({ onConnection });
      const report = await here.send(`https://receiver.test:${port}/`);
      expect(report).toMatchObject({ outcome: { kind: 'failed', reason: 'TLS' } });
      await until(() => here.client.budget.openCount === 0, { what: 'no socket is left' });
    });

    it('end by the deadline of connecting when the handshake is never answered', async () => {
      const here = await open({ ...named(), connectTimeoutMs: shortMs });
      const { port } = await here.receiver({});
      const report = await here.send(`https://receiver.test:${port}/`);
      expect(report).toMatchObject({ outcome: { kind: 'failed', reason: 'CONNECT' } });
      expect(report.durationMs).toBeLessThan(shortMs + marginMs);
      expect(report.phases).toMatchObject({ ...eachANumber(['dnsMs', 'connectMs']), tlsMs: null });
      await until(() => here.client.budget.openCount === 0, { what: 'no socket is left' });
    });
  });

  it('that are ready only when the attempt is over are closed, and nothing is written', async () => {
    const here = await open(named());
    const context = createSecureContext(certificate);
    const asked: (() => void)[] = [];
    const SNICallback: TlsOptions['SNICallback'] = (_, answer) => void asked.push(() => answer(null, context));
    const receiver = await here.receiver({ reply: answersOk, tls: { ...certificate, SNICallback } });
    const attempt = here.send(receiver.urlAt('receiver.test'), { totalTimeoutMs: shortMs });
    expect(await attempt).toMatchObject({ outcome: { reason: 'TIMEOUT' } });
    expect(here.client.budget.openCount).toBe(1);
    for (const answer of asked) answer();
    await until(() => here.client.budget.openCount === 0, { what: 'it is closed' });
    expect(receiver.requests).toBe(0);
  });

  it('that are on their way end with the client', async () => {
    const here = await EgressWorld.open({ ...named(), connectTimeoutMs: 15_000 });
    const { port } = await here.receiver({});
    const attempt = here.send(`https://receiver.test:${port}/`, { totalTimeoutMs: 15_000 });
    await until(() => here.client.budget.openCount === 1 && here.dns.questions.length > 1, { what: 'it has begun' });
    await here.close();
    expect(await attempt).toMatchObject({ outcome: { kind: 'failed' } });
    await until(() => here.client.budget.openCount === 0, { what: 'no socket is left', limitMs: 5_000 });
  });

  describe('to many origins', () => {
    const originsCount = 1_000;
    const hostOf = (n: number) => `127.1.${n >> 8}.${n & 255}`;
    const allowance = new EgressAllowance(['127.0.0.0/8']);

    it('leave no more sockets than there may be, nor pools for those that are gone', async () => {
      const socketsMax = 20;
      const here = await open({ allowance, socketsMax });
      let mostOpen = 0;
      const receiver = await here.receiver({
        host: '0.0.0.0',
        reply: answersOk,
        onConnection: () => {
          mostOpen = Math.max(mostOpen, here.client.budget.openCount);
        },
      });
      let next = 0;
      const sender = async () => {
        while (next < originsCount) {
          const report = await here.send(receiver.urlAt(hostOf(next++)));
          expect(report.outcome).toEqual({ kind: 'accepted' });
        }
      };
      await Promise.all(Array.from({ length: socketsMax }, sender));
      expect(receiver.requests).toBe(originsCount);
      expect(mostOpen).toBeLessThanOrEqual(socketsMax);
      await until(() => receiver.sockets.size <= socketsMax, { what: 'what was closed is closed there too' });
      expect(Object.keys(here.client.agent.stats).length).toBeLessThanOrEqual(socketsMax);
    });

    it('wait for a place within the deadline, and write nothing after it', async () => {
      const here = await open({ allowance, socketsMax: 1 });
      const busy = await here.receiver({ reply: () => undefined });
      const other = await here.receiver({ reply: answersOk });
      const hanging = here.send(busy.urlAt('127.0.0.1'), { totalTimeoutMs: 4 * shortMs });
      await until(() => busy.requests === 1, { what: 'the only place is taken' });
      const report = await here.send(other.urlAt('127.0.0.1'), { totalTimeoutMs: shortMs });
      expect(report).toMatchObject({ outcome: { kind: 'failed', reason: 'TIMEOUT' } });
      await hanging;
      expect(await here.send(other.urlAt('127.0.0.1'))).toMatchObject({ outcome: { kind: 'accepted' } });
      expect(other.requests).toBe(1);
    });

    it('take over the place of an idle one, and of none that is busy', async () => {
      const here = await open({ allowance, socketsMax: 2 });
      const waiting: Socket[] = [];
      const slow = await here.receiver({ reply: (socket) => void waiting.push(socket) });
      const quick = await Promise.all([1, 2, 3].map(() => here.receiver({ reply: answersOk })));
      const answered = here.send(slow.urlAt('127.0.0.1'));
      await until(() => waiting.length === 1, { what: 'one is busy' });
      for (const receiver of quick)
        expect(await here.send(receiver.urlAt('127.0.0.1'))).toMatchObject({ outcome: { kind: 'accepted' } });
      await until(() => quick.filter(({ sockets }) => sockets.size > 0).length === 1, { what: 'one idle one is left' });
      waiting[0]?.write(ok);
      expect(await answered).toMatchObject({ outcome: { kind: 'accepted' } });
    });
  });
});

function named(): Partial<EgressSettings> {
  return { ca: authority.cert };
}

function bound(world: EgressWorld) {
  return { send: world.send.bind(world), receiver: world.receiver.bind(world) };
}

function eachANumber(names: readonly string[]): object {
  return Object.fromEntries(names.map((name) => [name, expect.any(Number)]));
}

async function tlsReceiver(
  world: EgressWorld,
  answer = ok,
  at: { readonly host?: string; readonly port?: number } = {},
  onSecured: (socket: TLSSocket) => void = () => undefined,
) {
  const reply: RawReply = (socket) => {
    onSecured(socket as TLSSocket);
    socket.write(answer);
  };
  const receiver: RawReceiver = await world.receiver({ reply, tls: certificate, ...at });
  return { receiver, port: receiver.port, url: receiver.urlAt('receiver.test') };
}
