/**
 * Stands in the place of the endpoints. It does as little as a server can: reads the body's number and time, counts, and
 * answers 200. Its CPU is not the product's, but it shares the machine with it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { epochMs } from '../bench-clock.js';
import { type Percentiles, percentilesOf } from '../percentiles.js';
import { type Aside, noAside } from './aside.js';
import { serveCalls } from './serve-calls.js';

/** Which requests count: those whose bodies are numbered `from` to `from + count - 1`. */
export interface Expectation {
  readonly from: number;
  readonly count: number;
  /** Bodies carry the time they were meant to be sent at: keeps arrival minus that. */
  readonly timed: boolean;
  readonly aside: Aside;
}

/** What has arrived since the last expectation. */
export interface Arrivals {
  /** Numbers that came at least once. */
  readonly distinct: number;
  /** Requests whose number had come before. */
  readonly duplicates: number;
  /** Requests of other numbers. */
  readonly unexpected: number;
  /** Requests of the endpoint aside. */
  readonly aside: number;
  /** The first and the last request, milliseconds since the epoch; 0 before any. */
  readonly firstMs: number;
  readonly lastMs: number;
}

export type ReceiverCalls = {
  /** Answers as many ports: endpoints of the world are not one origin either, and clients keep connections by origin. */
  listen(argument: { readonly origins: number }): Promise<readonly number[]>;
  expect(expectation: Expectation): void;
  arrivals(argument: Record<string, never>): Arrivals;
  /** Arrival minus the intended time of the first request of each number, milliseconds. */
  latencies(argument: Record<string, never>): Percentiles | null;
};

let expected: Expectation = { from: 0, count: 0, timed: false, aside: noAside };
let seen = new Uint8Array(0);
let latenciesMs = new Float64Array(0);
const fresh = () => ({ distinct: 0, duplicates: 0, unexpected: 0, aside: 0, firstMs: 0, lastMs: 0 });
let arrivals = fresh();
/** What an endpoint that hangs was asked; cut off when something else is expected. */
let hanging: ServerResponse[] = [];

/** Bodies begin `{"n":12,"at":1764000000000.5,`. */
const numberStart = '{"n":'.length;
const timeStart = ',"at":'.length;
const headBytes = 64;
const listenBacklog = 4_096;

function count(head: string): void {
  const nowMs = epochMs();
  const numberEnd = head.indexOf(',', numberStart);
  const place = Number(head.slice(numberStart, numberEnd)) - expected.from;
  if (!(place >= 0 && place < expected.count)) {
    arrivals.unexpected++;
    return;
  }
  if (arrivals.firstMs === 0) arrivals.firstMs = nowMs;
  if (seen[place] === 1) {
    arrivals.duplicates++;
    return;
  }
  arrivals.lastMs = nowMs;
  seen[place] = 1;
  if (expected.timed) {
    const at = numberEnd + timeStart;
    latenciesMs[arrivals.distinct] = nowMs - Number(head.slice(at, head.indexOf(',', at)));
  }
  arrivals.distinct++;
}

function receive(request: IncomingMessage, response: ServerResponse): void {
  let head = '';
  request.on('data', (chunk: Buffer) => {
    if (head.length < headBytes) head += chunk.toString('latin1', 0, headBytes);
  });
  request.on('end', () => {
    const { path, hangs } = expected.aside;
    if (request.url === path) {
      arrivals.aside++;
      if (hangs) return void hanging.push(response);
    } else count(head);
    response.sendDate = false;
    response.writeHead(200, { 'content-length': '0' });
    response.end();
  });
}

function listen(): Promise<number> {
  const server = createServer({ keepAliveTimeout: 600_000, noDelay: true }, receive);
  server.maxRequestsPerSocket = 0;
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', listenBacklog, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

const calls: ReceiverCalls = {
  listen: ({ origins }) => Promise.all(Array.from({ length: origins }, listen)),
  expect: (expectation) => {
    expected = expectation;
    seen = new Uint8Array(expectation.count);
    latenciesMs = new Float64Array(expectation.timed ? expectation.count : 0);
    arrivals = fresh();
    for (const response of hanging) response.destroy();
    hanging = [];
  },
  arrivals: () => arrivals,
  latencies: () => percentilesOf(latenciesMs.subarray(0, expected.timed ? arrivals.distinct : 0)),
};
serveCalls(calls);
