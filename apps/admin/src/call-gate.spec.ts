import {
  Client,
  type ClientReadableStream,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { afterEach, describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '#domain/clock';
import { createLog } from '#telemetry/log';
import { ApiKeys } from './api-keys.js';
import { CallGate } from './call-gate.js';
import { healthService } from './grpc-server.js';

const key = 'k'.repeat(32);
const path = '/things.v1.Things/Get';
const identity = (bytes: Buffer) => bytes;
const [serialize, deserialize] = [identity, identity];
const method = { path, requestStream: false, responseStream: false } as const;
const bytes = { requestSerialize: serialize, requestDeserialize: deserialize } as const;
const definition = { ...method, ...bytes, responseSerialize: serialize, responseDeserialize: deserialize };

describe('the gate of the admin API', () => {
  let ends: (() => void)[] = [];

  afterEach(() => {
    for (const end of ends) end();
    ends = [];
  });

  /** A method that never answers, and the health service, behind a gate whose waits the test ends. */
  async function setup() {
    const waits: { readonly ms: number; readonly pass: () => void }[] = [];
    const clock: Clock = {
      ...systemClock,
      wait: (ms) => new Promise((resolve) => waits.push({ ms, pass: resolve })),
    };
    const log = createLog({ app: 'test', level: 'error' });
    const gate = new CallGate({ keys: ApiKeys.ofBootstrap(key), openServices: [healthService], clock, log });
    const server = new Server({ interceptors: [gate.interceptor] });
    const asked = new Promise<void>((resolve) => server.addService({ Get: definition }, { Get: () => resolve() }));
    new HealthImplementation({ '': 'SERVING' }).addToServer(server);
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      ),
    );
    const open = () => {
      const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
        'grpc.use_local_subchannel_pool': 1,
      });
      ends.push(() => client.close());
      return client;
    };
    ends.push(() => server.forceShutdown());
    return { open, waits, asked };
  }

  function get(client: Client, deadlineMs: number | null): Promise<ServiceError | null> {
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${key}`);
    const options = deadlineMs === null ? {} : { deadline: systemClock.nowMs() + deadlineMs };
    return new Promise((resolve) =>
      client.makeUnaryRequest(path, serialize, deserialize, Buffer.alloc(0), metadata, options, resolve),
    );
  }

  it.each([
    ['30 s when it names no deadline', null, 30_000],
    ['two minutes when it names a later one', 3_600_000, 120_000],
  ] as const)('gives a call %s', async (_, deadlineMs, ms) => {
    const { open, waits, asked } = await setup();
    const answered = get(open(), deadlineMs);
    await asked;
    expect(waits.map((wait) => wait.ms)).toEqual([ms]);
    waits[0]?.pass();
    expect(await answered).toMatchObject({ code: status.DEADLINE_EXCEEDED, details: `no answer within ${ms} ms` });
  });

  it('keeps an earlier deadline of the caller', async () => {
    const { open } = await setup();
    expect(await get(open(), 50)).toMatchObject({ code: status.DEADLINE_EXCEEDED });
  });

  it('lets a hundred watch the health without a key, one more only when one has ended', async () => {
    const { open, waits } = await setup();
    const clients = [open(), open()];
    const watch = (n: number) => watcher(clients[n % 2] ?? open());
    const watchers = Array.from({ length: 100 }, (_, n) => watch(n));
    await Promise.all(watchers.map(({ told }) => told));
    expect(waits).toHaveLength(100);
    const refused = watch(0);
    expect(await refused.ended).toBe(status.RESOURCE_EXHAUSTED);
    waits[0]?.pass();
    expect(await Promise.race(watchers.map(({ ended }) => ended))).toBe(status.DEADLINE_EXCEEDED);
    await watch(1).told;
    expect(new Set(waits.map(({ ms }) => ms))).toEqual(new Set([600_000]));
  });

  it('reads at most 8 KiB of metadata, with a key or without', async () => {
    const { open } = await setup();
    const metadata = new Metadata();
    metadata.set('x-loud', 'x'.repeat(9_000));
    expect(await watcher(open(), metadata).ended).toBe(status.RESOURCE_EXHAUSTED);
  });
});

interface Watcher {
  /** The first answer; rejects when the call ends before one. */
  readonly told: Promise<unknown>;
  readonly ended: Promise<number>;
}

function watcher(client: Client, metadata = new Metadata()): Watcher {
  const call: ClientReadableStream<Buffer> = client.makeServerStreamRequest(
    ...([`${healthService}Watch`, serialize, deserialize, Buffer.alloc(0), metadata] as const),
  );
  const ended = new Promise<number>((resolve) => call.on('error', (error) => resolve(Object(error).code)));
  const told = new Promise((resolve, reject) => {
    call.on('data', resolve);
    void ended.then((code) => reject(new Error(status[code])));
  });
  told.catch(() => undefined);
  return { told, ended };
}
