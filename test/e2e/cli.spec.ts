import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anEvent } from '../support/builders.js';
import { allSeen, aSecret } from '../support/configure.js';
import { Stack } from '../support/stack.js';
import { until } from '../support/until.js';
import { type Behaviour, WebhookReceiver } from '../support/webhook-receiver.js';

const cli = 'dist/apps/cli/src/main.js';
const queryToken = 'what-only-the-receiver-has';
const folder = mkdtempSync(path.join(os.tmpdir(), 'hookline-cli-e2e-'));

interface Ran {
  readonly code: number | null;
  readonly out: Buffer;
  readonly err: string;
}

interface NotificationRow {
  readonly id: string;
  readonly state: string;
  readonly attemptCount: number;
  readonly payloadSha256: string;
}

interface AttemptRow {
  readonly state: string;
  readonly responseBody?: string;
}

describe('the command line', () => {
  let stack: Stack;
  let receiver: WebhookReceiver;
  const secret = aSecret();

  /** An error page that prints the request, and more than that. */
  const echo: Behaviour = (_, response, { headers, url = '' }) => {
    const given = String(headers['webhook-signature']);
    const page = `\u001b[31mno\r\nsecret ${secret}, signature ${given}, query ${url.split('?')[1]}, `;
    response.writeHead(500, {
      ...{ 'set-cookie': 'sid=the-cookie', 'x-auth-token': 'the-token', 'content-type': 'text/plain' },
      ...{ location: '/elsewhere?code=the-token', 'x-echo': given, 'content-length': 20_000 },
    });
    response.end(page.padEnd(20_000, 'x'));
    return 'own';
  };

  const hookline = (words: readonly string[], env: Readonly<Record<string, string>> = {}, input = '') =>
    ranTo(
      spawn(process.execPath, [cli, ...words], {
        env: { HOOKLINE_ADDR: stack.adminAddress, HOOKLINE_KEY: stack.adminKey, HOOKLINE_TENANT: 'acme', ...env },
      }),
      input,
    );
  const json = async <T>(...words: readonly string[]): Promise<T> => {
    const { code, out, err } = await hookline([...words, '-o', 'json']);
    expect([code, err]).toEqual([0, '']);
    return JSON.parse(out.toString()) as T;
  };

  beforeAll(async () => {
    receiver = await WebhookReceiver.start();
    stack = await Stack.start(['renderer', 'dispatcher', 'retry-scheduler', 'admin']);
    const url = receiver.on('/in', secret);
    const file = [
      'tenants: [{ id: acme }]',
      'endpoints:',
      `  - { id: orders, url: "${url}", signingSecret: { fromEnv: ORDERS_SECRET }, retrySchedule: [1s, 2s] }`,
      `  - { id: spare, url: "${url}" }`,
      `  - { id: echo, url: "${receiver.on(`/echo?token=${queryToken}`, secret, echo)}", signingSecret: { fromEnv: ORDERS_SECRET } }`,
      'templates:',
      '  - { id: all, endpoint: orders, eventTypes: ["order.*"] }',
      '  - { id: told, endpoint: echo, eventTypes: [echo] }',
    ];
    writeFileSync(path.join(folder, 'hookline.yaml'), file.join('\n'));
  });

  afterAll(async () => {
    await stack?.stop();
    await receiver?.stop();
  });

  it('applies a file: creates, shows a made secret once, and leaves alone what is as described', async () => {
    const apply = ['apply', '-f', path.join(folder, 'hookline.yaml')];
    const first = await hookline(apply, { ORDERS_SECRET: secret });
    expect([first.code, first.err]).toEqual([0, '']);
    expect(first.out.toString()).toMatch(/tenants\/acme\/endpoints\/spare; it is not shown again:\nwhsec_\S+\n/);
    expect(first.out.toString()).not.toContain(secret);
    expect(first.out.toString()).toMatch(/\n6 created\n$/);
    const again = await hookline(apply, { ORDERS_SECRET: secret });
    expect(again.out.toString()).toMatch(/\n6 unchanged\n$/);
    expect(again.out.toString()).not.toContain('whsec_');
    await allSeen(stack);
    expect(await json<readonly object[]>('endpoints', 'list')).toMatchObject([
      { id: 'echo' },
      { id: 'orders', tenant: 'acme', enabled: true, retrySchedule: ['1s', '2s'] },
      { id: 'spare' },
    ]);
    expect(await json('templates', 'get', 'all')).toMatchObject({ version: 1, endpoint: 'orders', body: null });
  });

  it('names every wrong field at its line, and nothing changes', async () => {
    const yaml = [
      'endpoints:',
      '  - { id: a, url: "ftp://x" }',
      'templates:',
      '  - { id: t, endpoint: nowhere, eventTypes: [x] }',
      '  - { id: u, endpoint: orders, eventTypes: [x], body: "{{ nothing" }',
    ];
    const { code, err } = await hookline(['apply', '-f', '-'], {}, yaml.join('\n'));
    expect(code).toBe(1);
    expect(err).toMatch(/standard input:2: url: /);
    expect(err).toMatch(/standard input:5: body: /);
    expect(await json<readonly object[]>('endpoints', 'list')).toHaveLength(3);
  });

  it('publishes an event byte for byte and follows it to its attempt, its payload and a re-send', async () => {
    const event = anEvent({ type: 'order.created', tenant: 'acme', subject: 'clients/\u202e7' });
    const file = path.join(folder, 'event.json');
    writeFileSync(file, `${JSON.stringify(event, null, 2)}\n`);
    const published = await hookline(['events', 'publish', '-f', file]);
    expect([published.code, published.err]).toEqual([0, '']);
    const [, id = ''] = /matched 1 template\n {2}notification (\S+)\n/.exec(published.out.toString()) ?? [];

    const read = () => json<NotificationRow>('notifications', 'get', id);
    await until(async () => (await read()).state === 'sent', { what: 'the notification is sent' });
    const [request] = receiver.of('/in').filter(({ webhookId }) => webhookId === id);
    expect(request?.signatureValid).toBe(true);
    expect((await hookline(['notifications', 'payload', id, '-q'])).out.equals(request?.body ?? Buffer.alloc(0))).toBe(
      true,
    );
    expect(request?.body.toString()).toBe(`${JSON.stringify(event, null, 2)}\n`);

    const bySubject = await hookline(['notifications', 'list', '--subject', 'clients/\u202e7', '--state', 'sent']);
    expect(bySubject.out.toString()).toContain(id);
    expect(bySubject.out.toString()).toContain('clients/U+202E7');

    const resend = (...flags: readonly string[]) =>
      hookline(['notifications', 'resend', id, '--request-id', 'r1', '--reason', 'lost by the receiver', ...flags]);
    expect((await resend()).out.toString()).toContain('one more attempt is asked for');
    expect((await resend('--tenant', 'acme')).out.toString()).toMatch(
      new RegExp(`nothing new is asked for\\nsee: .* notifications attempts ${id} --tenant acme\\n$`),
    );
    const requests = await until(
      () => {
        const seen = receiver.of('/in').filter(({ webhookId }) => webhookId === id);
        return seen.length === 2 && seen;
      },
      { what: 'the second request' },
    );
    expect(requests[1]?.body).toEqual(requests[0]?.body);
    await until(async () => (await read()).attemptCount === 2, { what: 'two attempts on record' });
    const wire = {
      firstByteMs: expect.any(Number),
      peerAddress: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      dnsMs: null,
    };
    expect(await json('notifications', 'attempts', id)).toMatchObject([
      { number: 1, trigger: 'auto', state: 'finished', outcome: 'accepted', httpStatus: 200, ...wire },
      { number: 2, trigger: 'manual', state: 'finished', outcome: 'accepted', requestedBy: 'bootstrap' },
    ]);
  });

  it('shows what a receiver answered, without the secrets it was asked with and harmless in a terminal', async () => {
    const published = await hookline(
      ['events', 'publish', '-f', '-'],
      {},
      JSON.stringify(anEvent({ type: 'echo', tenant: 'acme' })),
    );
    const [, id = ''] = /\n {2}notification (\S+)\n/.exec(published.out.toString()) ?? [];
    const read = () => json<readonly AttemptRow[]>('notifications', 'attempts', id);
    const [attempt] = await until(
      async () => {
        const seen = await read();
        return seen[0]?.state === 'finished' && seen;
      },
      { what: 'the answer is on record' },
    );
    const signature = receiver.requests.find(({ webhookId }) => webhookId === id)?.headers['webhook-signature'] ?? '';
    expect(attempt).toMatchObject({
      ...{ outcome: 'failed', httpStatus: 500, responseCut: null, responseTotalBytes: 20_000 },
      responseHeaders: {
        ...{
          'set-cookie': '[masked]',
          'x-auth-token': '[masked]',
          'content-type': 'text/plain',
          'content-length': '20000',
        },
        ...{ location: '/elsewhere?code=***', 'x-echo': `v1,${'*'.repeat(43)}=` },
      },
    });
    const body = attempt?.responseBody ?? '';
    expect(body).toHaveLength(16_384);
    expect(body.startsWith('\u001b[31mno\r\n')).toBe(true);
    expect(body).toMatch(/\nsecret whsec_\*{43}=, signature v1,\*{43}=, query token=\*{26}, x{99}/);
    const shown = await hookline(['notifications', 'attempts', id, '--details']);
    const table = await hookline(['notifications', 'attempts', id]);
    expect([shown.code, table.code]).toEqual([0, 0]);
    expect(shown.out.toString()).toMatch(
      /answer: +the first 16384 of 20000 bytes\n {2}U\+001B\[31mno\n {2}secret whsec_\*{43}=/,
    );
    expect(shown.out.toString()).toMatch(/peer: +127\.0\.0\.1:\d+\n/);
    expect(table.out.toString()).toContain('U+001B[31mno');
    for (const text of [JSON.stringify(attempt), shown.out.toString(), table.out.toString()]) {
      for (const hidden of [secret.slice(6, -1), signature.slice(3, -1), queryToken, 'the-cookie', 'the-token'])
        expect(text).not.toContain(hidden);
      expect(text).not.toMatch(/[^\n\P{Cc}]/u);
    }
  });

  it('says of every event what became of it: matched, none, duplicate or parked', async () => {
    const twice = JSON.stringify(anEvent({ type: 'order.paid', tenant: 'acme' }));
    const none = JSON.stringify(anEvent({ type: 'nobody.cares', tenant: 'acme' }));
    const fine = await hookline(['events', 'publish', '-f', '-', '--binary'], {}, `${twice}\n${none}\n${twice}\n`);
    const lines = fine.out.toString();
    expect([fine.code, fine.err]).toEqual([0, '']);
    expect(lines).toMatch(/matched 1 template\n/);
    expect(lines).toContain('matched none: no active template for type nobody.cares');
    expect(lines).toContain('duplicate of an event read before');

    const garbage = '{"half": \u001b[31m';
    const publishRaw = (...flags: readonly string[]) =>
      hookline(['events', 'publish', '-f', '-', '--raw', ...flags], {}, garbage);
    const refused = await publishRaw('--tenant', 'acme');
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('value: is no event: NOT_JSON')]);
    const parked = await publishRaw();
    expect([parked.code, parked.err]).toEqual([1, '']);
    const [, place = ''] = /^(\S+): parked: NOT_JSON /.exec(parked.out.toString()) ?? [];
    expect(await json('parked', 'get', place)).toMatchObject({ reason: 'NOT_JSON', value: garbage });
    expect((await hookline(['parked', 'list'])).out.toString()).toContain(place);
    expect((await hookline(['parked', 'get', place])).out.toString()).toContain('{"half": U+001B[31m');
  });

  it('ends with 1 for what is not there, 1 without a key, 3 when nobody listens, 2 for wrong usage', async () => {
    const nowhere = ['notifications', 'get', '0190a5b2-7c1e-7a5b-8d3f-0123456789ab'];
    const cases = [
      [await hookline(nowhere), 1, /and the tenant \(--tenant\)\?\n$/],
      [await hookline(nowhere, { HOOKLINE_KEY: '' }), 1, /set HOOKLINE_KEY/],
      [await hookline(nowhere, { HOOKLINE_KEY: 'wrong' }), 1, /does not accept this API key/],
      [await hookline(nowhere, { HOOKLINE_ADDR: '127.0.0.1:1' }), 3, /is it running there\?/],
      [await hookline(['notifications', 'list', '--filter', 'colour = red']), 1, /filter: column 1: /],
      [await hookline(['notifications', 'lits']), 2, /did you mean list\?/],
    ] as const;
    for (const [{ code, err, out }, expected, said] of cases) {
      expect(err).toMatch(said);
      expect([code, out.length]).toEqual([expected, 0]);
      expect(err).not.toMatch(/\n\s+at /);
    }
  });

  it('lists every page as one JSON array, and is silent when its reader has read enough', async () => {
    const events = Array.from({ length: 450 }, () => anEvent({ type: 'order.many', tenant: 'acme' }));
    await stack.produce(events);
    const all = () => json<readonly NotificationRow[]>('notifications', 'list', '--event-type', 'order.many', '--all');
    const rows = await until(
      async () => {
        const seen = await all();
        return seen.length === 450 && seen;
      },
      { what: '450 notifications' },
    );
    expect(new Set(rows.map(({ id }) => id)).size).toBe(450);
    const child = spawn(process.execPath, [cli, 'notifications', 'list', '--all'], {
      env: { HOOKLINE_ADDR: stack.adminAddress, HOOKLINE_KEY: stack.adminKey, HOOKLINE_TENANT: 'acme' },
    });
    child.stdout.destroy();
    const { code, err } = await ranTo(child, '');
    expect([code, err]).toEqual([0, '']);
  });
});

/** Feeds a process its input and resolves with what it wrote. */
function ranTo(child: ReturnType<typeof spawn>, input: string): Promise<Ran> {
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
  child.stdin?.on('error', () => undefined).end(input);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, out: Buffer.concat(out), err: Buffer.concat(err).toString() }));
  });
}
