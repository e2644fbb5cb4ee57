import { connect, createServer, type Server, type Socket } from 'node:net';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../deploy/local/local-process.js';
import { AdminClient, refusal } from '../support/admin-client.js';
import { anEvent } from '../support/builders.js';
import { Stack } from '../support/stack.js';
import { TestApp } from '../support/start-app.js';
import { until } from '../support/until.js';

describe('admin: while servers are away', () => {
  let stack: Stack;
  let app: TestApp;
  let admin: AdminClient;
  const cables: Cable[] = [];

  beforeAll(async () => {
    stack = await Stack.start([]);
    const database = new URL(stack.database.url);
    const [brokerHost = '', brokerPort = ''] = (stack.env['KAFKA_BROKERS'] ?? '').split(':');
    cables.push(await Cable.to(database.hostname, Number(database.port)));
    cables.push(await Cable.to(brokerHost, Number(brokerPort)));
    const [toPostgres, toKafka] = cables;
    database.hostname = '127.0.0.1';
    database.port = String(toPostgres?.port);
    app = await TestApp.start('admin', {
      ...stack.env,
      DATABASE_URL: database.toString(),
      KAFKA_BROKERS: `127.0.0.1:${toKafka?.port}`,
    });
    admin = AdminClient.of(stack);
  });

  afterAll(async () => {
    admin?.close();
    await app?.kill('SIGKILL');
    await Promise.all(cables.map((cable) => cable.cut()));
    await stack?.stop();
  });

  it('starts, says what it misses, refuses calls as UNAVAILABLE, and is ready once they are there', async () => {
    const probe = () => app.probe('/readyz');
    await until(async () => /Postgres/.test((await probe()).body) && /Kafka/.test((await probe()).body), {
      what: 'both causes are named',
    });
    expect((await probe()).status).toBe(503);
    expect((await app.probe('/livez')).status).toBe(200);
    const list = () => admin.call(admin.endpoints, 'listEndpoints', { parent: 'tenants/-' });
    const refused = await refusal(list());
    expect(refused).toMatchObject({ code: status.UNAVAILABLE, details: { reason: 'STORE_UNAVAILABLE' } });
    expect(refused.message).not.toMatch(/127\.0\.0\.1|ECONNREFUSED|Driver/);

    for (const cable of cables) await cable.plug();
    await app.ready();
    await admin.apply([{ tenant: { name: 'tenants/acme' } }]);
    expect((await list()).endpoints).toEqual([]);
  });

  it('says that nobody has read an event yet when no renderer runs', async () => {
    const published = await admin.call(admin.events, 'publishEvent', {
      parent: 'tenants/acme',
      value: Buffer.from(JSON.stringify(anEvent({ tenant: 'acme' }))),
    });
    expect(published).toMatchObject({
      ...{ verdict: 'EVENT_VERDICT_UNSPECIFIED', topic: stack.eventsTopic, notifications: [] },
      detail: expect.stringContaining('the renderer has not read it'),
    });
  });

  it('refuses calls while Postgres is away again, and goes on after it', async () => {
    const [toPostgres] = cables;
    await toPostgres?.cut();
    const list = () => admin.call(admin.endpoints, 'listEndpoints', { parent: 'tenants/acme' });
    expect(await refusal(list())).toMatchObject({ code: status.UNAVAILABLE });
    const change = admin.apply([{ tenant: { name: 'tenants/late' } }]);
    expect(await refusal(change)).toMatchObject({ code: status.UNAVAILABLE });
    await toPostgres?.plug();
    await app.ready();
    expect((await list()).endpoints).toEqual([]);
    expect(await app.kill('SIGTERM')).toBe(0);
  });
});

/** A TCP connection to a server that can be cut and plugged in again. */
class Cable {
  private server: Server | null = null;
  private readonly sockets = new Set<Socket>();

  private constructor(
    readonly port: number,
    private readonly host: string,
    private readonly serverPort: number,
  ) {}

  /** Not plugged in yet. */
  static async to(host: string, serverPort: number): Promise<Cable> {
    return new Cable(await freePort(), host, serverPort);
  }

  async plug(): Promise<void> {
    const server = createServer((near) => {
      const far = connect(this.serverPort, this.host);
      for (const socket of [near, far]) {
        this.sockets.add(socket);
        socket.on('close', () => this.sockets.delete(socket));
        socket.on('error', () => [near, far].map((end) => end.destroy()));
      }
      near.pipe(far).pipe(near);
    });
    this.server = server;
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
  }

  async cut(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    const { server } = this;
    this.server = null;
    if (server !== null) await new Promise((resolve) => server.close(resolve));
  }
}
