import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import type { AttemptReport } from '#domain/attempt';
import { EgressWorld } from '../../../test/support/egress-world.js';
import type { RawReply, RawScript } from '../../../test/support/raw-receiver.js';
import { until } from '../../../test/support/until.js';

/** What must be in the report, and what becomes of the connection. */
interface Wanted {
  /** `accepted`, `gone` or the reason of the failure. */
  readonly ends: string;
  readonly status?: number;
  readonly cut?: AttemptReport['responseCut'];
  readonly body?: string | Buffer;
  readonly detail?: RegExp;
  /** After it: `reused` carries the next request, `closed` is gone at the receiver. */
  readonly after: 'reused' | 'closed';
  readonly totalTimeoutMs?: number;
  readonly requestBytes?: number;
}

type Row = readonly [name: string, script: RawScript | RawReply | string, wanted: Wanted];

/** A timer of Node fires early by up to a millisecond. */
const deadlineMs = 400;
/** Of everything around a deadline on a machine that has other things to do. */
const marginMs = 3_000;
const byDeadline = { ends: 'TIMEOUT', after: 'closed', totalTimeoutMs: deadlineMs } as const;
const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
const earlyHints = 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n';
const zeros = Buffer.alloc(65_536);
const bomb = gzipSync(Buffer.alloc(10_000_000));

const hanging: readonly Row[] = [
  ['never answers', () => undefined, byDeadline],
  ['accepts and never reads', {}, { ...byDeadline, requestBytes: 512 * 1_024 }],
  ['reads half of a large request', { onConnection: readsOnce }, { ...byDeadline, requestBytes: 512 * 1_024 }],
  ['drips its headers', (socket) => drip(socket, `HTTP/1.1 200 OK\r\nx-a: ${'a'.repeat(1_000)}`), byDeadline],
  ['drips informational answers', (socket) => drip(socket, earlyHints.repeat(100)), byDeadline],
  ['never ends its status line', (socket) => flood(socket, 'HTTP/1.1 200 ', Buffer.alloc(65_536, 'a')), byDeadline],
];

const bodies: readonly Row[] = [
  [
    'drips its answer to an empty request',
    (socket) => drip(socket, '.'.repeat(9_000), 'HTTP/1.1 200 OK\r\ncontent-length: 9000\r\n\r\n'),
    { ends: 'accepted', status: 200, cut: 'deadline', after: 'closed', totalTimeoutMs: deadlineMs, requestBytes: 0 },
  ],
  ['answers an empty request', ok, { ends: 'accepted', status: 200, body: 'ok', after: 'reused', requestBytes: 0 }],
  [
    'drips the body of a 2xx',
    (socket) => drip(socket, `${'x'.repeat(9)}${'.'.repeat(9_000)}`, 'HTTP/1.1 200 OK\r\ncontent-length: 9009\r\n\r\n'),
    { ends: 'accepted', status: 200, cut: 'deadline', after: 'closed', totalTimeoutMs: deadlineMs },
  ],
  [
    'drips the body of a 500',
    (socket) => drip(socket, '.'.repeat(9_000), 'HTTP/1.1 500 No\r\ncontent-length: 9000\r\n\r\n'),
    { ends: 'HTTP_STATUS', status: 500, cut: 'deadline', after: 'closed', totalTimeoutMs: deadlineMs },
  ],
  [
    'sends a body without end',
    (socket) => flood(socket, 'HTTP/1.1 200 OK\r\n\r\n', zeros),
    { ends: 'accepted', status: 200, cut: 'size', body: zeros.subarray(0, 16_384), after: 'closed' },
  ],
  [
    'sends chunks without end',
    (socket) =>
      flood(
        socket,
        'HTTP/1.1 500 No\r\ntransfer-encoding: chunked\r\n\r\n',
        Buffer.concat([Buffer.from('10000\r\n'), zeros, Buffer.from('\r\n')]),
      ),
    { ends: 'HTTP_STATUS', status: 500, cut: 'size', after: 'closed' },
  ],
  [
    'sends a gzip bomb, which stays packed',
    (socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`);
      socket.write(bomb);
    },
    { ends: 'accepted', status: 200, body: bomb, after: 'reused' },
  ],
  [
    'sends less than its content-length',
    (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nshort'),
    { ends: 'accepted', status: 200, cut: 'broken', body: 'short', after: 'closed' },
  ],
  [
    'sends more than its content-length',
    'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello and more',
    { ends: 'accepted', status: 200, body: 'hello', after: 'closed' },
  ],
  [
    'sends a chunk that is none',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhello\r\n',
    { ends: 'accepted', status: 200, cut: 'broken', after: 'closed' },
  ],
  [
    'resets the connection in the body of a 2xx',
    (socket) => writeThenReset(socket, 'HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nshort'),
    { ends: 'accepted', status: 200, cut: 'broken', after: 'closed' },
  ],
  [
    'sends a 204 with a body',
    'HTTP/1.1 204 No Content\r\n\r\nhello',
    { ends: 'accepted', status: 204, body: '', after: 'closed' },
  ],
  [
    'sends a 204 that says it has a body',
    'HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\nhello',
    { ends: 'accepted', status: 204, cut: 'broken', body: '', after: 'closed' },
  ],
  ['sends a 204', 'HTTP/1.1 204 No Content\r\n\r\n', { ends: 'accepted', status: 204, body: '', after: 'reused' }],
];

const heads: readonly Row[] = [
  [
    'sends over 16 KiB of headers',
    `HTTP/1.1 200 OK\r\n${`x-a: ${'a'.repeat(1_000)}\r\n`.repeat(20)}content-length: 2\r\n\r\nok`,
    { ends: 'RESPONSE_TOO_LARGE', detail: /^the header of the answer is too large/, after: 'closed' },
  ],
  [
    'sends a header without end',
    (socket) => flood(socket, 'HTTP/1.1 200 OK\r\nx-a: ', Buffer.alloc(65_536, 'a')),
    { ends: 'RESPONSE_TOO_LARGE', after: 'closed' },
  ],
  [
    'sends headers without end',
    (socket) => flood(socket, 'HTTP/1.1 200 OK\r\n', Buffer.from('x-a: b\r\n'.repeat(8_000))),
    { ends: 'RESPONSE_TOO_LARGE', after: 'closed' },
  ],
  [
    'floods informational answers',
    (socket) => flood(socket, '', Buffer.from(earlyHints.repeat(1_000))),
    { ends: 'RESPONSE_TOO_LARGE', detail: /^the endpoint sent only informational answers$/, after: 'closed' },
  ],
  [
    'sends some of them before its answer',
    earlyHints.repeat(30) + ok,
    { ends: 'accepted', status: 200, after: 'reused' },
  ],
  [
    'answers 100 to a request that expects none',
    `HTTP/1.1 100 Continue\r\n\r\n${ok}`,
    { ends: 'RESET', after: 'closed' },
  ],
  [
    'switches to a protocol nobody asked for',
    'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
    { ends: 'RESET', after: 'closed' },
  ],
  [
    'speaks another protocol',
    'SSH-2.0-OpenSSH_9.2\r\n',
    { ends: 'OTHER', detail: /^what the endpoint sent is not HTTP$/, after: 'closed' },
  ],
  [
    'speaks HTTP/1.0',
    (socket) => socket.end('HTTP/1.0 200 OK\r\n\r\nbye'),
    { ends: 'accepted', status: 200, body: 'bye', after: 'closed' },
  ],
  [
    'speaks HTTP/1.0 and keeps the connection',
    'HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok',
    { ends: 'accepted', status: 200, after: 'reused' },
  ],
];

const resets: readonly Row[] = [
  ['resets at once', { onConnection: (socket) => void socket.resetAndDestroy() }, { ends: 'RESET', after: 'closed' }],
  ['closes at once', { onConnection: (socket) => void socket.destroy() }, { ends: 'RESET', after: 'closed' }],
  ['resets after the request', (socket) => void socket.resetAndDestroy(), { ends: 'RESET', after: 'closed' }],
  ['resets in the status line', (socket) => writeThenReset(socket, 'HTTP/1.'), { ends: 'RESET', after: 'closed' }],
  [
    'resets in the headers',
    (socket) => writeThenReset(socket, 'HTTP/1.1 200 OK\r\nx-a: '),
    { ends: 'RESET', after: 'closed' },
  ],
];

describe('an endpoint that', () => {
  let world: EgressWorld | undefined;

  afterEach(async () => {
    await world?.close();
    world = undefined;
  });

  it.each([...hanging, ...bodies, ...heads, ...resets])('%s', async (_, script, wanted) => {
    world = await EgressWorld.open({ connectionsMax: 1 });
    const receiver = await world.receiver(scriptOf(script));
    const { totalTimeoutMs = 10_000, requestBytes } = wanted;
    const body = requestBytes === undefined ? {} : { body: Buffer.alloc(requestBytes, ' ') };
    const report = await world.send(receiver.urlAt('127.0.0.1'), { totalTimeoutMs, ...body });
    expectReport(report, wanted);
    if (wanted.after === 'closed') {
      await until(() => world?.client.budget.openCount === 0, { what: 'no socket is left' });
      // Who never reads never hears of it.
      if (receiver.requests > 0) await until(() => receiver.sockets.size === 0, { what: 'the connection is closed' });
      expect(receiver.connections).toBeLessThanOrEqual(1);
      return;
    }
    expect(await world.send(receiver.urlAt('127.0.0.1'))).toMatchObject({ httpStatus: wanted.status });
    expect(receiver).toMatchObject({ connections: 1, requests: 2 });
  });

  it.each([301, 302, 303, 307, 308])('answers %i is not followed', async (status) => {
    world = await EgressWorld.open({ connectionsMax: 1 });
    const canary = await world.receiver({ reply: answering(ok) });
    const location = `${canary.urlAt('127.0.0.1')}path?token=secret`;
    const answer = `HTTP/1.1 ${status} Moved\r\nlocation: ${location}\r\ncontent-length: 0\r\n\r\n`;
    const receiver = await world.receiver({ reply: answering(answer) });
    const report = await world.send(receiver.urlAt('127.0.0.1'));
    expect(report).toMatchObject({ outcome: { kind: 'failed', reason: 'HTTP_STATUS' }, httpStatus: status });
    expect(report.responseHeaders).toMatchObject({ location: location.replace('secret', '***') });
    expect(report.errorDetail).toContain(`location ${canary.urlAt('127.0.0.1')}path;`);
    await world.send(receiver.urlAt('127.0.0.1'));
    expect(receiver.connections).toBe(1);
    expect(canary.connections).toBe(0);
  });

  it('accepts no more connections ends the attempt by the deadline of connecting', async () => {
    world = await EgressWorld.open({ connectTimeoutMs: deadlineMs });
    const { port, stop } = await fullBacklog();
    world.onClose(stop);
    const report = await world.send(`http://127.0.0.1:${port}/`);
    expect(report).toMatchObject({ outcome: { kind: 'failed', reason: 'CONNECT' } });
    expect(report.durationMs).toBeLessThan(deadlineMs + marginMs);
    expect(report.phases).toMatchObject({ dnsMs: null, connectMs: null, firstByteMs: null, peerAddress: null });
    await until(() => world?.client.budget.openCount === 0, { what: 'no socket is left' });
  });

  it('refuses the connection', async () => {
    world = await EgressWorld.open();
    const receiver = await world.receiver({});
    const url = receiver.urlAt('127.0.0.1');
    receiver.stop();
    expect(await world.send(url)).toMatchObject({
      outcome: { kind: 'failed', reason: 'CONNECT' },
      errorDetail: 'no connection could be made (ECONNREFUSED)',
    });
    await until(() => world?.client.budget.openCount === 0, { what: 'no socket is left' });
  });

  it('sends what nobody needs costs no memory', async () => {
    const here = await EgressWorld.open();
    world = here;
    const sent: Socket[] = [];
    const floods: RawReply = (socket) => {
      sent.push(socket);
      flood(socket, 'HTTP/1.1 200 OK\r\n\r\n', zeros);
    };
    const receiver = await here.receiver({ reply: floods });
    const reports = await Promise.all(Array.from({ length: 50 }, () => here.send(receiver.urlAt('127.0.0.1'))));
    expect(new Set(reports.map((report) => report.responseBytes))).toEqual(new Set([65_536]));
    expect(Math.max(...reports.map((report) => report.responseBody.buffer.byteLength))).toBeLessThan(20_000);
    await until(() => receiver.sockets.size === 0, { what: 'all connections are closed' });
    // What the kernel takes on its way; the rest was never read.
    expect(Math.max(...sent.map((socket) => socket.bytesWritten))).toBeLessThan(32 * 1_048_576);
  });
});

function scriptOf(script: RawScript | RawReply | string): RawScript {
  if (typeof script === 'string') return { reply: answering(script) };
  return typeof script === 'function' ? { reply: script } : script;
}

function expectReport(report: AttemptReport, wanted: Wanted): void {
  const { outcome } = report;
  expect(outcome.kind === 'failed' ? outcome.reason : outcome.kind).toBe(wanted.ends);
  expect(report.httpStatus).toBe(wanted.status);
  expect(report.responseCut).toBe(wanted.cut);
  if (wanted.body !== undefined) expect(report.responseBody).toEqual(Buffer.from(wanted.body));
  if (wanted.detail !== undefined) expect(report.errorDetail).toMatch(wanted.detail);
  if (wanted.ends === 'accepted') expect(report.errorDetail).toBeUndefined();
  expect(report.responseBytes).toBeLessThanOrEqual(65_536);
  expect(report.resetOnReusedConnection).toBeUndefined();
  if (wanted.totalTimeoutMs === undefined) return;
  expect(report.durationMs).toBeGreaterThan(wanted.totalTimeoutMs - 2);
  expect(report.durationMs).toBeLessThan(wanted.totalTimeoutMs + marginMs);
}

function answering(answer: string): RawReply {
  return (socket) => void socket.write(answer);
}

function readsOnce(socket: Socket): void {
  socket.once('data', () => socket.pause());
}

function writeThenReset(socket: Socket, text: string): void {
  socket.write(text, () => setImmediate(() => socket.resetAndDestroy()));
}

function drip(socket: Socket, text: string, first = ''): void {
  let at = 0;
  socket.write(first);
  const timer = setInterval(() => socket.write(text.charAt(at++)), 5);
  socket.on('close', () => clearInterval(timer));
}

/** As fast as the other side reads. */
function flood(socket: Socket, first: string, again: Buffer): void {
  const more = () => {
    for (let isTaken = true; isTaken && !socket.destroyed; ) isTaken = socket.write(again);
  };
  socket.on('drain', more);
  socket.write(first);
  more();
}

/** A listener that is stopped and has as many connections waiting as its backlog holds: Linux drops further SYNs. */
async function fullBacklog(): Promise<{ readonly port: number; readonly stop: () => void }> {
  const program = `const s = require('node:net').createServer(); s.listen({ port: 0, host: '127.0.0.1', backlog: 1 },
    () => process.stdout.write(String(s.address().port)))`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  child.kill('SIGSTOP');
  const fillers = Array.from({ length: 4 }, () => connect(Number(said), '127.0.0.1').on('error', () => undefined));
  await Promise.all(fillers.slice(0, 2).map((socket) => once(socket, 'connect')));
  const stop = () => {
    for (const socket of fillers) socket.destroy();
    child.kill('SIGKILL');
  };
  return { port: Number(said), stop };
}
