import { mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readApplyFile } from './apply-file.js';
import { CliFault } from './cli-fault.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'hookline-apply-'));

function read(text: string, options: { readonly tenant?: string; readonly env?: Record<string, string> } = {}) {
  const source = { file: path.join(folder, 'h.yaml'), name: 'h.yaml', bytes: Buffer.from(text) };
  return readApplyFile([source], { tenant: 'default', env: {}, ...options });
}

async function faultsOf(text: string, options: Parameters<typeof read>[1] = {}): Promise<readonly string[]> {
  const fault = await read(text, options).then(
    () => null,
    (error: unknown) => error,
  );
  if (!(fault instanceof CliFault)) throw new Error(`no fault: ${String(fault)}`);
  return fault.more.map((line) => line.trim());
}

const design = `
templates:
  - id: order-created
    tenant: acme
    endpoint: orders
    eventTypes: [order.created, "order.line.*"]
    method: POST
    contentType: application/json
    body: |
      {"orderId": {{ event.data.id }}}
endpoints:
  - { id: orders, tenant: acme, url: "https://hooks.example.com/in", signingSecret: { fromEnv: ORDERS }, concurrency: 10 }
tenants:
  - id: acme
`;

describe('readApplyFile', () => {
  it('reads the file of the design: tenants before endpoints before templates, absent fields absent', async () => {
    const { requests, warnings } = await read(design, { env: { ORDERS: 'whsec_x' } });
    expect(warnings).toEqual([]);
    expect(requests).toEqual([
      { tenant: { name: 'tenants/acme' } },
      {
        endpoint: {
          name: 'tenants/acme/endpoints/orders',
          url: 'https://hooks.example.com/in',
          signingSecret: 'whsec_x',
          concurrency: 10,
        },
      },
      {
        template: {
          name: 'tenants/acme/templates/order-created',
          endpoint: 'orders',
          eventTypes: ['order.created', 'order.line.*'],
          method: 'POST',
          contentType: 'application/json',
          body: '{"orderId": {{ event.data.id }}}\n',
        },
      },
    ]);
  });

  it('gives a resource without a tenant the one of --tenant', async () => {
    const { requests } = await read('endpoints: [{ id: a, url: u }]', { tenant: 'beta' });
    expect(requests).toEqual([{ endpoint: { name: 'tenants/beta/endpoints/a', url: 'u' } }]);
    expect(await faultsOf('endpoints: [{ id: a, url: u }]', { tenant: '-' })).toEqual([
      'h.yaml:1: tenant is missing, and --tenant names none',
    ]);
  });

  it('keeps false, and reads several documents, aliases and empty ones', async () => {
    const text = 'tenants: [{ id: a, webhooksEnabled: false }]\n---\n---\ntenants: [&t { id: b }]\n';
    expect((await read(text)).requests).toEqual([
      { tenant: { name: 'tenants/a', webhooksEnabled: false } },
      { tenant: { name: 'tenants/b' } },
    ]);
    const timed =
      'tenants: [{ id: a, retrySchedule: [1h] }]\ntemplates: [{ id: t, tenant: a, endpoint: e, eventTypes: [x], retrySchedule: [2h] }]';
    expect((await read(timed)).requests).toMatchObject([
      { tenant: { retrySchedule: ['1h'] } },
      { template: { retrySchedule: ['2h'] } },
    ]);
    const alias = 'endpoints: [{ id: a, url: u, retrySchedule: &r [5s, 5m] }, { id: b, url: u, retrySchedule: *r }]';
    expect((await read(alias)).requests[1]?.endpoint?.retrySchedule).toEqual(['5s', '5m']);
  });

  it('reads a secret from a file beside the YAML file, and warns of one that stands in it', async () => {
    writeFileSync(path.join(folder, 'secret'), 'whsec_file\n');
    const { requests, warnings } = await read(
      'endpoints:\n  - { id: a, url: u, signingSecret: { fromFile: secret } }\n  - { id: b, url: u, signingSecret: whsec_b }',
    );
    expect(requests.map(({ endpoint }) => endpoint?.signingSecret)).toEqual(['whsec_file', 'whsec_b']);
    expect(warnings).toEqual([expect.stringContaining('h.yaml:3: the secret stands in the file')]);
    expect(warnings[0]).not.toContain('whsec_b');
  });

  it('names every fault at once, each with its line', async () => {
    const text = [
      'tenantz: []',
      'endpoints:',
      '  - id: A_B',
      '    concurrency: 1.5',
      '    attemptTimeoutMs: 99999999999',
      '    enabled: "yes"',
      '    signingSecret: { fromEnv: NO_SUCH }',
      'templates:',
      '  - { id: t, endpoint: e, eventTypes: [a, 5], conditions: {} }',
      '  - { id: t, endpoint: e, eventTypes: x, body: }',
      '  - nothing',
    ].join('\n');
    expect(await faultsOf(text)).toEqual([
      'h.yaml:1: the field "tenantz" is not known, or not there yet; did you mean tenants?',
      'h.yaml:3: id must be a slug: a-z, 0-9 and -, at most 63 characters',
      'h.yaml:3: url is missing',
      'h.yaml:7: signingSecret is taken from the variable NO_SUCH, which is not set',
      'h.yaml:4: concurrency must be a whole number',
      'h.yaml:5: attemptTimeoutMs must be a whole number',
      'h.yaml:6: enabled must be true or false',
      'h.yaml:9: the field "conditions" is not known, or not there yet',
      'h.yaml:9: eventTypes must be a list of texts; entry 2 is none',
      'h.yaml:10: tenants/default/templates/t is described twice, first at h.yaml:9',
      'h.yaml:10: eventTypes must be a list of texts',
      'h.yaml:10: body has no value: give it one or leave the field out',
      expect.stringMatching(/^h.yaml:11: must be a mapping with id, tenant/),
    ]);
  });

  it.each([
    ['a: 1\na: 2', /h.yaml:2: Map keys must be unique/],
    ['endpoints: [', /h.yaml:1: /],
    ['endpoints: {}', /h.yaml:1: endpoints must be a list/],
    ['- a', /h.yaml:1: must be a mapping/],
    [`a: &a [x]\nb: [${'*a,'.repeat(101)}]`, /101 aliases, at most 100/],
    ['['.repeat(20_000), /nested too deeply|h.yaml:1/],
    ['tenants: [!!js/function x]', /h.yaml:1: /],
    ['endpoints: [{ id: a, url: u, signingSecret: { fromEnv: A, fromFile: b } }]', /one of the two/],
    ['endpoints: [{ id: a, url: u, signingSecret: { fromFile: none } }]', /no such file/],
  ])('refuses %.40s', async (text, said) => {
    expect((await faultsOf(text)).join('\n')).toMatch(said);
  });
});
