import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '#domain/clock';
import { createDataSource } from '#postgres/data-source';
import { changeRegistry } from '#registry/registry-change';
import { AdminClient, refusal } from '../support/admin-client.js';
import { anEvent } from '../support/builders.js';
import { allSeen } from '../support/configure.js';
import { Stack } from '../support/stack.js';
import { until } from '../support/until.js';

const tenants = ['left', 'right'] as const;
const url = 'https://hooks.example.com/in';
const structured = { 'content-type': 'application/cloudevents+json' };

describe('admin: changes and what they leave', () => {
  let stack: Stack;
  let admin: AdminClient;

  beforeAll(async () => {
    stack = await Stack.start(['renderer', 'admin']);
    admin = AdminClient.of(stack);
    await admin.apply([
      ...tenants.map((tenant) => ({ tenant: { name: `tenants/${tenant}` } })),
      ...tenants.map((tenant) => ({ endpoint: { name: `tenants/${tenant}/endpoints/in`, url } })),
      ...tenants.map((tenant) => ({
        template: { name: `tenants/${tenant}/templates/all`, endpoint: 'in', eventTypes: ['*'] },
      })),
    ]);
    await allSeen(stack);
  });

  afterAll(async () => {
    admin?.close();
    await stack?.stop();
  });

  it('shows a tenant nothing of another in any list', async () => {
    for (const tenant of tenants) await publish(tenant);
    for (const tenant of tenants) {
      const request = { parent: `tenants/${tenant}` };
      const { endpoints } = await admin.call(admin.endpoints, 'listEndpoints', request);
      const { templates } = await admin.call(admin.templates, 'listTemplates', request);
      const { notifications } = await admin.call(admin.notifications, 'listNotifications', request);
      for (const rows of [endpoints, templates, notifications]) {
        expect(rows).not.toEqual([]);
        expect(rows.filter(({ name }) => !name.startsWith(`tenants/${tenant}/`))).toEqual([]);
      }
    }
    const all = await admin.call(admin.notifications, 'listNotifications', { parent: 'tenants/-' });
    expect(new Set(all.notifications.map(({ name }) => name.split('/')[1]))).toEqual(new Set(tenants));
  });

  it('writes one line to the operator log for every change, and none for what changes nothing', async () => {
    const parent = 'tenants/logged';
    const endpoint = { name: `${parent}/endpoints/e`, url };
    const template = { name: `${parent}/templates/t`, endpoint: 'e', eventTypes: ['x'] };
    const { endpoints, templates } = admin;
    for (let times = 0; times < 2; times++) await admin.apply([{ tenant: { name: parent } }]);
    await admin.call(endpoints, 'createEndpoint', { parent, endpointId: 'e', endpoint: { url } });
    for (let times = 0; times < 2; times++)
      await admin.call(endpoints, 'updateEndpoint', { endpoint: { ...endpoint, concurrency: 2 } });
    await admin.call(templates, 'createTemplate', { parent, templateId: 't', template });
    for (let times = 0; times < 2; times++)
      await admin.call(templates, 'updateTemplate', { template: { ...template, method: 'PUT' } });
    await admin.apply([{ endpoint: { ...endpoint, concurrency: 3 } }, { template: { ...template, method: 'PUT' } }]);
    await admin.call(templates, 'deleteTemplate', { name: template.name });
    await admin.call(endpoints, 'deleteEndpoint', { name: endpoint.name });
    const lines = await stack.database.query(
      `SELECT action, target, reason, detail->'fields' AS fields FROM operator_log
        WHERE tenant_id = 'logged' AND principal = 'bootstrap' ORDER BY id`,
    );
    const [ofEndpoint, ofTemplate] = [endpoint.name, template.name];
    const madeOfTemplate = ['endpoint', 'eventTypes', 'method', 'contentType', 'body', 'strict', 'active'];
    expect(lines).toEqual([
      { action: 'tenants.create', target: parent, reason: 'apply', fields: ['webhooksEnabled'] },
      { action: 'endpoints.create', target: ofEndpoint, reason: null, fields: ['url', 'signingSecret', 'enabled'] },
      { action: 'endpoints.update', target: ofEndpoint, reason: null, fields: ['concurrency'] },
      {
        ...{ action: 'templates.create', target: ofTemplate, reason: null },
        fields: madeOfTemplate.filter((field) => field !== 'body'),
      },
      { action: 'templates.update', target: ofTemplate, reason: null, fields: ['method'] },
      { action: 'endpoints.update', target: ofEndpoint, reason: 'apply', fields: ['concurrency'] },
      { action: 'templates.delete', target: ofTemplate, reason: null, fields: null },
      { action: 'endpoints.delete', target: ofEndpoint, reason: null, fields: null },
    ]);
  });

  it('writes a line to the operator log for a re-send, once for a request id', async () => {
    const [name = ''] = (await publish('left')).notifications;
    const request = { name, requestId: 'r1', reason: 'asked' };
    for (let times = 0; times < 2; times++) await admin.call(admin.notifications, 'resendNotification', request);
    const lines = await stack.database.query(
      "SELECT principal, target, reason, request_id FROM operator_log WHERE action = 'notifications.resend'",
    );
    expect(lines).toEqual([{ principal: 'bootstrap', target: name, reason: 'asked', request_id: 'r1' }]);
  });

  it('leaves off what answered 410, and a tenant that was switched off, when a file says nothing of it', async () => {
    const endpoint = { name: 'tenants/left/endpoints/gone', url };
    const tenant = { name: 'tenants/quiet' };
    await admin.apply([{ endpoint }, { tenant: { ...tenant, webhooksEnabled: false } }]);
    await stack.database.query(
      "UPDATE endpoints SET enabled = false, disabled_reason = 'GONE', disabled_at = now() WHERE id = 'gone'",
    );
    const again = await admin.apply([{ endpoint }, { tenant }]);
    expect(again.map(({ change }) => change)).toEqual(['APPLY_CHANGE_UNCHANGED', 'APPLY_CHANGE_UNCHANGED']);
    const get = async () => (await admin.call(admin.endpoints, 'getEndpoint', { name: endpoint.name })).endpoint;
    expect(await get()).toMatchObject({ enabled: false, disabledReason: 'GONE' });
    const on = [{ endpoint: { ...endpoint, enabled: true } }, { tenant: { ...tenant, webhooksEnabled: true } }];
    expect((await admin.apply(on)).map(({ fields }) => fields)).toEqual([['enabled'], ['webhooksEnabled']]);
    expect(await get()).toMatchObject({ enabled: true, disabledReason: '' });
  });

  it('still changes what is stored and would not be taken any more, but not to anything of the kind', async () => {
    const name = 'tenants/left/endpoints/old';
    const old = 'http://10.1.2.3/in';
    await admin.apply([{ endpoint: { name, url } }]);
    await stack.database.query("UPDATE endpoints SET url = $1 WHERE id = 'old'", [old]);
    const off = await admin.call(admin.endpoints, 'updateEndpoint', { endpoint: { name, enabled: false } });
    expect(off.endpoint).toMatchObject({ url: old, enabled: false });
    const [applied] = await admin.apply([{ endpoint: { name, url: old, enabled: true } }]);
    expect(applied).toMatchObject({ fields: ['enabled'] });
    for (const call of [
      admin.call(admin.endpoints, 'updateEndpoint', { endpoint: { name, url: `${old}/2` } }),
      admin.apply([{ endpoint: { name, url: `${old}/2` } }]),
    ])
      expect(await refusal(call)).toMatchObject({
        code: status.INVALID_ARGUMENT,
        message: expect.stringContaining('e.g. EGRESS_ALLOW=10.1.2.3:80, for dispatcher and admin'),
      });

    const template = 'tenants/left/templates/old';
    const body = '{"id" {{ event.data.id }}}';
    await admin.apply([{ template: { name: template, endpoint: 'in', eventTypes: ['old'], body: '{}' } }]);
    await stack.database.query("UPDATE webhook_template_versions SET body = $1 WHERE template_id = 'old'", [body]);
    const update = (fields: object) =>
      admin.call(admin.templates, 'updateTemplate', { template: { name: template, ...fields } });
    expect((await update({ active: false })).template).toMatchObject({ body, active: false });
    expect(await refusal(update({ strict: true }))).toMatchObject({
      details: { fields: [{ field: 'body', said: expect.stringMatching(/not be JSON.*\(line 1, column 7\)/) }] },
    });
  });

  it('refuses text that Postgres cannot keep, and tokens it did not give out, as the fault of the caller', async () => {
    const body = (text: string) =>
      admin.call(admin.templates, 'createTemplate', {
        ...{ parent: 'tenants/left', templateId: 'nul' },
        template: { endpoint: 'in', eventTypes: ['x'], contentType: 'text/plain', body: text },
      });
    const forged = Buffer.from(JSON.stringify(['x', 'a\0', '2147483648'])).toString('base64url');
    const list = (pageToken: string) =>
      admin.call(admin.endpoints, 'listEndpoints', { parent: 'tenants/left', pageToken });
    for (const [call, field] of [
      [body('a\0b'), 'body'],
      [list(forged), 'pageToken'],
      [list('\0'), 'pageToken'],
    ] as const)
      expect(await refusal(call)).toMatchObject({ code: status.INVALID_ARGUMENT, details: { fields: [{ field }] } });
  });

  it('goes on with a page token that another admin gave out', async () => {
    const page = await admin.call(admin.endpoints, 'listEndpoints', { parent: 'tenants/-', pageSize: 1 });
    await stack.app('admin').kill('SIGTERM');
    const [again] = await stack.launch(['admin']);
    await again?.ready();
    const fresh = AdminClient.of(stack);
    const { nextPageToken: pageToken } = page;
    const next = await fresh.call(fresh.endpoints, 'listEndpoints', { parent: 'tenants/-', pageSize: 1, pageToken });
    expect(next.endpoints).toHaveLength(1);
    expect(next.endpoints[0]?.name).not.toBe(page.endpoints[0]?.name);
    admin.close();
    admin = fresh;
  });

  it('takes two files at once and refuses a third in words until one has ended', async () => {
    const streams = [admin.system.apply(), admin.system.apply()];
    const ended = streams.map(
      (stream) => new Promise<number>((resolve) => stream.on('error', (error) => resolve(Object(error).code))),
    );
    for (const stream of streams) {
      stream.on('data', () => undefined);
      stream.write({ tenant: { name: 'tenants/slow' } });
    }
    const third = () => admin.apply([{ tenant: { name: 'tenants/third' } }]);
    await until(() => third().then(() => false, () => true), { what: 'both files are under way' }); // biome-ignore format: one line
    expect(await refusal(third())).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details: { reason: 'APPLY_BUSY' },
    });
    for (const stream of streams) stream.cancel();
    await Promise.all(ended);
    await until(() => third().then(() => true, () => false), { what: 'a file is taken again' }); // biome-ignore format: one line
  });

  it('stays ready while changes stand behind one another, and says so to those that waited too long', async () => {
    const { url: databaseUrl } = stack.database;
    const store = createDataSource({ url: databaseUrl, poolMax: 1, applicationName: 'hookline.test' });
    await store.initialize();
    let isHeld = false;
    const release = new AbortController();
    const holding = changeRegistry(store, async () => {
      isHeld = true;
      await systemClock.wait(60_000, release.signal);
    });
    await until(async () => isHeld, { what: 'a change is under way' });
    const waiting = [0, 1, 2, 3].map((n) =>
      refusal(
        admin.call(admin.endpoints, 'updateEndpoint', {
          endpoint: { name: 'tenants/left/endpoints/in', concurrency: 5 + n },
        }),
      ),
    );
    const waiters = () =>
      stack.database.query(
        `SELECT pid FROM pg_locks JOIN pg_database d ON d.oid = database
          WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()`,
      );
    await until(async () => (await waiters()).length === 4, { what: 'every connection for changes waits' });
    expect((await stack.app('admin').probe('/readyz')).status).toBe(200);
    for (const said of await Promise.all(waiting))
      expect(said).toMatchObject({
        code: status.UNAVAILABLE,
        message: 'another change is under way; try again',
        details: { reason: 'CHANGE_UNDER_WAY' },
      });
    release.abort();
    await holding;
    await store.destroy();
  });

  function publish(tenant: (typeof tenants)[number]) {
    const value = Buffer.from(JSON.stringify(anEvent({ tenant })));
    return admin.call(admin.events, 'publishEvent', { parent: `tenants/${tenant}`, value, headers: structured });
  }
});
