import { credentials, loadPackageDefinition, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { protoPath as healthProto } from 'grpc-health-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AdminClient, type Refusal, refusal } from '../support/admin-client.js';
import { aSecret } from '../support/configure.js';
import { Stack } from '../support/stack.js';
import { until } from '../support/until.js';

describe('admin: what is configured', () => {
  let stack: Stack;
  let admin: AdminClient;
  const secret = aSecret();
  const parent = 'tenants/acme';
  const orders = `${parent}/endpoints/orders`;
  const toOrders = `${parent}/templates/to-orders`;

  beforeAll(async () => {
    stack = await Stack.start(['admin']);
    admin = AdminClient.of(stack);
    await admin.apply([{ tenant: { name: parent } }, { tenant: { name: 'tenants/other' } }]);
  });

  afterAll(async () => {
    admin?.close();
    await stack?.stop();
  });

  it('makes, changes, lists and deletes an endpoint, and never answers its secret', async () => {
    const { endpoints } = admin;
    const url = 'https://hooks.example.com/in';
    const given = { url, signingSecret: secret, retrySchedule: ['5s', '30m'], concurrency: 3, attemptTimeoutMs: 900 };
    const created = await admin.call(endpoints, 'createEndpoint', { parent, endpointId: 'orders', endpoint: given });
    expect(created.signingSecret).toBe('');
    expect(created.endpoint).toMatchObject({
      ...{ name: orders, url, enabled: true, concurrency: 3, attemptTimeoutMs: 900, retrySchedule: ['5s', '30m'] },
      ...{ signingSecret: '', urlVersion: 1, etag: '1' },
    });
    const again = admin.call(endpoints, 'createEndpoint', { parent, endpointId: 'orders', endpoint: given });
    expect(await refusal(again)).toMatchObject({ code: status.ALREADY_EXISTS });

    const other = 'https://hooks.example.com/other';
    const update = { endpoint: { name: orders, url: other, etag: '1' }, updateMask: { paths: ['url', 'concurrency'] } };
    const updated = await admin.call(endpoints, 'updateEndpoint', update);
    expect(updated.endpoint).toMatchObject({ url: other, urlVersion: 2, etag: '2', attemptTimeoutMs: 900 });
    expect(updated.endpoint).not.toHaveProperty('concurrency');
    expect(await refusal(admin.call(endpoints, 'updateEndpoint', update))).toMatchObject({
      code: status.ABORTED,
      details: { reason: 'ETAG_MISMATCH', fields: [{ field: 'etag' }] },
    });
    const off = await admin.call(endpoints, 'updateEndpoint', { endpoint: { name: orders, enabled: false } });
    expect(off.endpoint).toMatchObject({ enabled: false, disabledReason: 'OPERATOR', url: other, urlVersion: 2 });
    const same = await admin.call(endpoints, 'updateEndpoint', { endpoint: { name: orders, enabled: false } });
    expect(same.endpoint?.etag).toBe(off.endpoint?.etag);

    const found = await admin.call(endpoints, 'getEndpoint', { name: orders });
    expect(found.endpoint).toEqual(off.endpoint);
    expect(JSON.stringify([created, updated, found])).not.toContain(secret);
    const { etag = '' } = found.endpoint ?? {};
    expect(await refusal(admin.call(endpoints, 'deleteEndpoint', { name: orders, etag: '1' }))).toMatchObject({
      code: status.ABORTED,
    });
    await admin.call(endpoints, 'deleteEndpoint', { name: orders, etag });
    expect(await codeOf(admin.call(endpoints, 'getEndpoint', { name: orders }))).toBe(status.NOT_FOUND);
    expect(await codeOf(admin.call(endpoints, 'deleteEndpoint', { name: orders }))).toBe(status.NOT_FOUND);
    expect((await admin.call(endpoints, 'listEndpoints', { parent })).endpoints).toEqual([]);
    expect(await stack.database.query('SELECT * FROM endpoint_secrets')).toEqual([]);

    const revived = await admin.call(endpoints, 'createEndpoint', { parent, endpointId: 'orders', endpoint: { url } });
    expect(revived.endpoint).toMatchObject({ urlVersion: 3, enabled: true, disabledReason: '' });
    expect(revived.signingSecret).toMatch(/^whsec_/);
  });

  it('makes a version of a template for every change of it, and none when nothing changes', async () => {
    const { templates, endpoints } = admin;
    const template = { endpoint: 'orders', eventTypes: ['order.*'], body: '{"id": {{ event.data.id }}}' };
    const created = await admin.call(templates, 'createTemplate', { parent, templateId: 'to-orders', template });
    expect(created.template).toMatchObject({
      ...{ name: toOrders, method: 'POST', contentType: 'application/json', active: true, strict: false },
      ...{ version: 1, etag: '1', body: template.body },
    });
    const again = admin.call(templates, 'createTemplate', { parent, templateId: 'to-orders', template });
    expect(await codeOf(again)).toBe(status.ALREADY_EXISTS);
    expect(await refusal(admin.call(endpoints, 'deleteEndpoint', { name: orders }))).toMatchObject({
      code: status.FAILED_PRECONDITION,
      message: expect.stringContaining('to-orders'),
    });

    const update = (fields: object, paths: string[] = []) =>
      admin.call(templates, 'updateTemplate', { template: { name: toOrders, ...fields }, updateMask: { paths } });
    expect((await update({ method: 'PUT' })).template).toMatchObject({ method: 'PUT', version: 2, etag: '2' });
    expect((await update({ method: 'PUT' })).template).toMatchObject({ version: 2, etag: '2' });
    expect((await update({ active: false })).template).toMatchObject({ active: false, version: 2, etag: '3' });
    const bare = await update({}, ['body']);
    expect(bare.template).toMatchObject({ version: 3, contentType: 'application/cloudevents+json' });
    expect(bare.template).not.toHaveProperty('body');
    expect(await refusal(update({ etag: '1', strict: true }))).toMatchObject({ code: status.ABORTED });
    const versions = await stack.database.query<{ version: number; method: string; body: string | null }>(
      'SELECT version, method, body FROM webhook_template_versions ORDER BY version',
    );
    expect(versions).toEqual([
      { version: 1, method: 'POST', body: template.body },
      { version: 2, method: 'PUT', body: template.body },
      { version: 3, method: 'PUT', body: null },
    ]);

    await admin.call(templates, 'deleteTemplate', { name: toOrders });
    expect(await codeOf(admin.call(templates, 'getTemplate', { name: toOrders }))).toBe(status.NOT_FOUND);
    expect(await codeOf(update({ active: true }))).toBe(status.NOT_FOUND);
    expect((await admin.call(templates, 'listTemplates', { parent })).templates).toEqual([]);
    const revived = await admin.call(templates, 'createTemplate', { parent, templateId: 'to-orders', template });
    expect(revived.template).toMatchObject({ version: 4, etag: '6' });
    await admin.call(templates, 'deleteTemplate', { name: toOrders });
  });

  it('says which retry schedule holds and whose it is, also one longer than a notification may live', async () => {
    const tenant = { name: 'tenants/timed' };
    const endpoint = { name: `${tenant.name}/endpoints/e`, url: 'https://hooks.example.com/in' };
    const template = { name: `${tenant.name}/templates/t`, endpoint: 'e', eventTypes: ['a'] };
    const said = async (file: Parameters<AdminClient['apply']>[0]) => {
      const changes = await admin.apply(file);
      const got = await admin.call(admin.endpoints, 'getEndpoint', { name: endpoint.name });
      const listed = await admin.call(admin.templates, 'listTemplates', { parent: tenant.name });
      const both = [got.endpoint?.effectiveRetrySchedule, listed.templates[0]?.effectiveRetrySchedule];
      return [...changes.map(({ fields }) => fields), ...both.map((one) => [one?.source, one?.total])];
    };
    const of = (source: string, total: string) => [`RETRY_SCHEDULE_SOURCE_${source}`, total];
    const first = await said([{ tenant }, { endpoint }, { template }]);
    expect(first.slice(3)).toEqual([of('DEFAULT', '4s'), of('DEFAULT', '4s')]);
    expect(await said([{ tenant: { ...tenant, retrySchedule: ['1h', '1h'] } }])).toEqual([
      ['retrySchedule'],
      ...[of('TENANT', '2h'), of('TENANT', '2h')],
    ]);
    expect(await said([{ endpoint: { ...endpoint, retrySchedule: ['90s'] } }])).toEqual([
      ['retrySchedule'],
      ...[of('ENDPOINT', '90s'), of('ENDPOINT', '90s')],
    ]);
    expect(await said([{ template: { ...template, retrySchedule: ['5d', '3d'] } }])).toEqual([
      ['retrySchedule'],
      ...[of('ENDPOINT', '90s'), of('TEMPLATE', '8d')],
    ]);
    const { template: long } = await admin.call(admin.templates, 'getTemplate', { name: template.name });
    expect(long).toMatchObject({ version: 1, etag: '2', retrySchedule: ['5d', '3d'] });
    expect(long?.effectiveRetrySchedule).toMatchObject({ delays: ['5d', '3d'], exceedsMaxAge: true });
    const { differences } = await admin.call(admin.system, 'checkTopics', {});
    expect(differences.filter(({ subject }) => subject === 'TOPIC_DIFFERENCE_SUBJECT_RETRY_SCHEDULE')).toMatchObject([
      { subjectName: template.name, severity: 'DIFFERENCE_SEVERITY_WARNING', currentValue: '8d' },
    ]);
    const masked = { template: { name: template.name }, updateMask: { paths: ['retry_schedule'] } };
    expect((await admin.call(admin.templates, 'updateTemplate', masked)).template).toMatchObject({
      ...{
        version: 1,
        etag: '3',
        retrySchedule: [],
        effectiveRetrySchedule: { source: 'RETRY_SCHEDULE_SOURCE_ENDPOINT' },
      },
    });
    expect(await said([{ tenant }, { endpoint }])).toEqual([
      ...[['retrySchedule'], ['retrySchedule']],
      ...[of('DEFAULT', '4s'), of('DEFAULT', '4s')],
    ]);
    const wrong = admin.apply([{ tenant: { ...tenant, retrySchedule: ['soon'] } }]);
    expect((await refusal(wrong)).details?.fields.map(({ field }) => field)).toEqual(['tenants[0].retrySchedule.0']);
  });

  it('names every field that is wrong', async () => {
    const endpoint = (fields: object) =>
      admin.call(admin.endpoints, 'createEndpoint', { parent, endpointId: 'wrong', endpoint: fields });
    const template = (fields: object) =>
      admin.call(admin.templates, 'createTemplate', {
        ...{ parent, templateId: 'wrong' },
        template: { endpoint: 'orders', eventTypes: ['a'], ...fields },
      });
    const url = 'https://hooks.example.com';
    const wrong: readonly (readonly [() => Promise<unknown>, string])[] = [
      [() => endpoint({}), 'url'],
      [() => endpoint({ url: 'http://hooks.example.com' }), 'url'],
      [() => endpoint({ url: 'https://10.0.0.1/' }), 'url'],
      [() => endpoint({ url, signingSecret: 'whsec_short' }), 'signingSecret'],
      [() => endpoint({ url, concurrency: 1_001 }), 'concurrency'],
      [() => endpoint({ url, concurrency: 100, shards: 65 }), 'shards'],
      [() => endpoint({ url, concurrency: 3, shards: 4 }), 'shards'],
      [() => endpoint({ url, shards: 2 }), 'shards'],
      [() => endpoint({ url, attemptTimeoutMs: 99 }), 'attemptTimeoutMs'],
      [() => endpoint({ url, retrySchedule: ['5s', 'soon'] }), 'retrySchedule.1'],
      [() => template({ endpoint: 'nowhere' }), 'endpoint'],
      [() => template({ eventTypes: [] }), 'eventTypes'],
      [() => template({ method: 'GET' }), 'method'],
      [() => template({ contentType: 'image/png' }), 'contentType'],
      [() => template({ body: '{"id": {{ event.data.id }' }), 'body'],
      [
        () => admin.call(admin.endpoints, 'createEndpoint', { parent, endpointId: 'A B', endpoint: { url } }),
        'endpointId',
      ],
      [() => admin.call(admin.endpoints, 'createEndpoint', { parent }), 'endpoint'],
      [() => admin.call(admin.endpoints, 'getEndpoint', { name: 'orders' }), 'name'],
      [() => admin.call(admin.endpoints, 'getEndpoint', { name: 'tenants/-/endpoints/orders' }), 'name'],
      [() => admin.call(admin.endpoints, 'listEndpoints', { parent, pageSize: -1 }), 'pageSize'],
      [() => admin.call(admin.endpoints, 'listEndpoints', { parent, pageToken: 'x' }), 'pageToken'],
      [
        () =>
          admin.call(admin.endpoints, 'updateEndpoint', {
            endpoint: { name: orders },
            updateMask: { paths: ['etag'] },
          }),
        'updateMask',
      ],
      [
        () =>
          admin.call(admin.endpoints, 'updateEndpoint', {
            endpoint: { name: orders },
            updateMask: { paths: ['signing_secret'] },
          }),
        'signingSecret',
      ],
    ];
    for (const [call, field] of wrong) {
      const said: Refusal = await refusal(call());
      expect(said, `${field}: ${said.message}`).toMatchObject({ code: status.INVALID_ARGUMENT });
      expect(said.details?.fields.map((fault) => fault.field)).toEqual([field]);
    }
    const broken = await refusal(template({ body: '\n  {{ event.data.id }' }));
    expect(broken.message).toMatch(/line \d+, column \d+/);
    const many = await refusal(endpoint({ url, concurrency: 0, attemptTimeoutMs: 1 }));
    expect(many.details?.fields.map(({ field }) => field)).toEqual(['concurrency', 'attemptTimeoutMs']);
    const stranger = { parent: 'tenants/nobody', endpointId: 'a', endpoint: { url } };
    expect(await codeOf(admin.call(admin.endpoints, 'createEndpoint', stranger))).toBe(status.NOT_FOUND);
    expect(await codeOf(admin.call(admin.endpoints, 'listEndpoints', { parent: 'tenants/nobody' }))).toBe(
      status.NOT_FOUND,
    );
  });

  it('applies a file once and finds nothing to change the second time', async () => {
    const file = [
      { tenant: { name: 'tenants/filed' } },
      {
        endpoint: {
          ...{ name: 'tenants/filed/endpoints/a', url: 'https://a.example.com/', signingSecret: secret },
          ...{ concurrency: 5, retrySchedule: ['60s', '24h'] },
        },
      },
      { endpoint: { name: 'tenants/filed/endpoints/b', url: 'https://b.example.com/' } },
      { template: { name: 'tenants/filed/templates/t', endpoint: 'a', eventTypes: ['x', 'y.*'], body: '{}' } },
    ];
    const first = await admin.apply(file);
    expect(first.map(({ change }) => change)).toEqual(Array.from({ length: 4 }, () => 'APPLY_CHANGE_CREATED'));
    expect(first.map(({ name }) => name)).toEqual(file.map((one) => Object.values(one)[0]?.name));
    expect(first.map(({ signingSecret }) => signingSecret !== '')).toEqual([false, false, true, false]);
    expect(first[1]?.fields).toEqual(['url', 'signingSecret', 'enabled', 'concurrency', 'retrySchedule']);

    const state = () =>
      stack.database.query('SELECT version, (SELECT max(id) FROM operator_log) FROM registry_version');
    const before = await state();
    const second = await admin.apply(file);
    expect(second.map(({ change }) => change)).toEqual(Array.from({ length: 4 }, () => 'APPLY_CHANGE_UNCHANGED'));
    expect(second.map(({ signingSecret }) => signingSecret)).toEqual(['', '', '', '']);
    expect(await state()).toEqual(before);

    const third = await admin.apply([
      { tenant: { name: 'tenants/filed', webhooksEnabled: false } },
      { endpoint: { name: 'tenants/filed/endpoints/a', url: 'https://a.example.com/', signingSecret: aSecret() } },
      { template: { name: 'tenants/filed/templates/t', endpoint: 'b', eventTypes: ['x', 'y.*'], body: '{}' } },
    ]);
    expect(third.map(({ change, fields }) => [change, fields])).toEqual([
      ['APPLY_CHANGE_UPDATED', ['webhooksEnabled']],
      ['APPLY_CHANGE_UPDATED', ['signingSecret', 'concurrency', 'retrySchedule']],
      ['APPLY_CHANGE_UPDATED', ['endpoint']],
    ]);
  });

  it('changes nothing when anything of a file is wrong, and names all of it', async () => {
    const before = await stack.database.query('SELECT version FROM registry_version');
    const good = { endpoint: { name: 'tenants/filed/endpoints/good', url: 'https://good.example.com/' } };
    const said = await refusal(
      admin.apply([
        good,
        { endpoint: { name: 'tenants/filed/endpoints/bad', url: 'ftp://x', concurrency: 2_000 } },
        { endpoint: { name: 'tenants/nobody/endpoints/c', url: 'https://c.example.com/' } },
        { template: { name: 'tenants/filed/templates/u', endpoint: 'nowhere', eventTypes: ['x'] } },
        { template: { name: 'templates/u', endpoint: 'a', eventTypes: ['x'] } },
        good,
      ]),
    );
    expect(said.code).toBe(status.INVALID_ARGUMENT);
    expect(said.details?.fields.map(({ field }) => field).sort()).toEqual([
      'endpoints[1].concurrency',
      'endpoints[2].name',
      'endpoints[3].name',
      'templates[0].endpoint',
      'templates[1].name',
    ]);
    expect(await stack.database.query('SELECT version FROM registry_version')).toEqual(before);
    expect(await codeOf(admin.apply([{}]))).toBe(status.INVALID_ARGUMENT);
    const huge = { template: { name: 'x', body: 'x'.repeat(1_000_000) } };
    expect(await codeOf(admin.apply(Array.from({ length: 20 }, () => huge)))).toBe(status.RESOURCE_EXHAUSTED);
  });

  it('changes nothing when the caller goes away in the middle of a file', async () => {
    const stream = admin.system.apply();
    const ended = new Promise<number>((resolve) => stream.on('error', (error) => resolve(Object(error).code)));
    stream.on('data', () => undefined);
    await new Promise((resolve) => stream.write({ tenant: { name: 'tenants/half' } }, resolve));
    stream.cancel();
    expect(await ended).toBe(status.CANCELLED);
    await admin.apply([{ tenant: { name: 'tenants/whole' } }]);
    const rows = await stack.database.query("SELECT id FROM tenants WHERE id IN ('half', 'whole')");
    expect(rows).toEqual([{ id: 'whole' }]);
  });

  it('loses no update of twenty that come at once', async () => {
    const name = 'tenants/acme/endpoints/busy';
    const url = 'https://busy.example.com/';
    await admin.call(admin.endpoints, 'createEndpoint', { parent, endpointId: 'busy', endpoint: { url } });
    const update = (i: number, etag: string) =>
      admin.call(admin.endpoints, 'updateEndpoint', { endpoint: { name, concurrency: i + 1, etag } });
    await Promise.all(Array.from({ length: 20 }, (_, i) => update(i, '')));
    const { endpoint } = await admin.call(admin.endpoints, 'getEndpoint', { name });
    expect(endpoint?.etag).toBe('21');
    const raced = await Promise.allSettled(Array.from({ length: 5 }, (_, i) => update(i + 100, '21')));
    expect(raced.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
    const lines = await stack.database.query<{ n: string }>(
      "SELECT count(*) AS n FROM operator_log WHERE target = $1 AND action = 'endpoints.update' AND principal = 'bootstrap'",
      [name],
    );
    expect(Number(lines[0]?.n)).toBe(21);
  });

  it('lists every endpoint once in pages, also those of all tenants', async () => {
    const made = Array.from({ length: 23 }, (_, i) => `e${String(i).padStart(2, '0')}`);
    const resources = made.flatMap((id) =>
      ['paged', 'paged-too'].map((tenant) => ({
        endpoint: { name: `tenants/${tenant}/endpoints/${id}`, url: 'https://e.example.com/' },
      })),
    );
    await admin.apply([{ tenant: { name: 'tenants/paged' } }, { tenant: { name: 'tenants/paged-too' } }, ...resources]);
    const read = async (list: string) => {
      const names: string[] = [];
      for (let pageToken = ''; ; ) {
        const page = await admin.call(admin.endpoints, 'listEndpoints', { parent: list, pageSize: 5, pageToken });
        names.push(...page.endpoints.map(({ name }) => name));
        pageToken = page.nextPageToken;
        if (pageToken === '') return names;
      }
    };
    expect(await read('tenants/paged')).toEqual(made.map((id) => `tenants/paged/endpoints/${id}`));
    const all = await read('tenants/-');
    expect(new Set(all).size).toBe(all.length);
    expect(all.filter((name) => name.startsWith('tenants/paged'))).toHaveLength(46);
    const page = await admin.call(admin.endpoints, 'listEndpoints', { parent: 'tenants/paged', pageSize: 5 });
    const elsewhere = { parent: 'tenants/paged-too', pageToken: page.nextPageToken };
    expect(await refusal(admin.call(admin.endpoints, 'listEndpoints', elsewhere))).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: { fields: [{ field: 'pageToken' }] },
    });
  });

  it('opens to nobody without the key, but tells its health', async () => {
    for (const key of [null, 'wrong', `${stack.adminKey}x`]) {
      const stranger = new AdminClient(stack.adminAddress, key);
      const calls: readonly (() => Promise<unknown>)[] = [
        () => stranger.call(stranger.endpoints, 'getEndpoint', { name: orders }),
        () => stranger.call(stranger.templates, 'listTemplates', { parent }),
        () => stranger.call(stranger.notifications, 'listNotifications', { parent }),
        () => stranger.call(stranger.parkedEvents, 'listParkedEvents', {}),
        () => stranger.call(stranger.events, 'publishEvent', { parent, value: Buffer.from('x') }),
        () => stranger.apply([{ tenant: { name: 'tenants/stolen' } }]),
      ];
      for (const call of calls) expect(await codeOf(call())).toBe(status.UNAUTHENTICATED);
      stranger.close();
    }
    expect(await stack.database.query("SELECT id FROM tenants WHERE id = 'stolen'")).toEqual([]);
    await until(async () => (await healthOf(stack.adminAddress)) === 'SERVING', { what: 'the health service says so' });
  });

  it('refuses a message over 1.25 MiB and metadata over 8 KiB', async () => {
    const value = Buffer.alloc(2 * 1_048_576, 'x');
    const publish = admin.call(admin.events, 'publishEvent', { parent: 'tenants/-', value });
    expect(await codeOf(publish)).toBe(status.RESOURCE_EXHAUSTED);
    const loud = new AdminClient(stack.adminAddress, 'k'.repeat(9_000));
    expect(await refusal(loud.call(loud.endpoints, 'getEndpoint', { name: orders }))).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details: { reason: 'METADATA_SIZE' },
    });
    loud.close();
  });

  it('writes neither keys nor secrets to its log', () => {
    const lines = stack.app('admin').lines.join('\n');
    expect(lines).toContain('call.finished');
    expect(lines).not.toContain(stack.adminKey);
    expect(lines).not.toContain('whsec_');
    expect(lines).not.toContain(secret.slice(10, 30));
  });

  it('ends well when it is told to', async () => {
    expect(await stack.app('admin').kill('SIGTERM')).toBe(0);
  });
});

async function codeOf(call: Promise<unknown>): Promise<number> {
  return (await refusal(call)).code;
}

function healthOf(address: string): Promise<string> {
  const loaded = loadPackageDefinition(loadSync(healthProto, { enums: String })) as unknown as {
    grpc: { health: { v1: { Health: new (address: string, credentials: object) => HealthClient } } };
  };
  const client = new loaded.grpc.health.v1.Health(address, credentials.createInsecure());
  return new Promise((resolve, reject) => {
    client.check({ service: '' }, (error, answer) => {
      client.close();
      if (error !== null) reject(error);
      else resolve(answer?.status ?? '');
    });
  });
}

interface HealthClient {
  check(request: object, done: (error: Error | null, answer?: { readonly status: string }) => void): void;
  close(): void;
}
