import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type ServerDuplexStream, status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { importsOf, sourceFiles } from '../../../test/rules/source-files.js';
import { AdminStandIn, type Answerer, aStatus, testTls } from '../../../test/support/admin-stand-in.js';
import { runCli } from './run-cli.js';

const id = '0190a5b2-7c1e-7a5b-8d3f-0123456789ab';
const folder = mkdtempSync(path.join(os.tmpdir(), 'hookline-run-'));
let admin: AdminStandIn | null = null;

afterEach(() => {
  admin?.stop();
  admin = null;
});

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly bytes: Buffer;
}

async function run(words: readonly string[], env: Readonly<Record<string, string>> = {}, input = ''): Promise<Ran> {
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  const into = (chunks: Buffer[]) => async (data: string | Uint8Array) => void chunks.push(Buffer.from(data));
  const code = await runCli(words, {
    program: 'npx hookline',
    env: { HOOKLINE_ADDR: `127.0.0.1:${admin?.port ?? 1}`, ...env },
    stdin: (async function* () {
      yield Buffer.from(input);
    })(),
    output: { out: into(out), err: into(err), colours: false },
  });
  const bytes = Buffer.concat(out);
  return { code, out: bytes.toString(), err: Buffer.concat(err).toString(), bytes };
}

const notifications = (methods: Readonly<Record<string, Answerer>>) => ({ NotificationService: methods });
const aNotification = (n: number) => ({
  name: `tenants/acme/notifications/${id.slice(0, -2)}${String(n % 100).padStart(2, '0')}`,
});

describe('a list', () => {
  it('asks page after page up to the limit, with tenant, filter and key, and says when there is more', async () => {
    const seen: unknown[] = [];
    admin = await AdminStandIn.start(
      notifications({
        ListNotifications: (request: { pageSize: number; pageToken: string }, metadata) => {
          seen.push([request, metadata.get('authorization')]);
          const rows = Array.from({ length: request.pageSize }, (_, n) => aNotification(n));
          return { notifications: rows, nextPageToken: `${request.pageToken}x` };
        },
      }),
    );
    const argv = ['notifications', 'list', '--limit', '250', '--tenant', 'acme', '--state', 'sent'];
    const { code, out, err } = await run(argv, { HOOKLINE_KEY: 'wh_1' });
    expect(code).toBe(0);
    expect(out.trimEnd().split('\n')).toHaveLength(251);
    expect(err).toBe('there are more than 250 notifications: --limit N or --all shows them\n');
    const common = { parent: 'tenants/acme', filter: 'state = SENT' };
    expect(seen).toEqual([
      [{ ...common, pageSize: 200, pageToken: '' }, ['Bearer wh_1']],
      [{ ...common, pageSize: 50, pageToken: 'x' }, ['Bearer wh_1']],
    ]);
  });

  it('is one JSON array in lower camel case, with states in lower case and nothing that moves a cursor', async () => {
    const row = {
      ...aNotification(1),
      state: 'NOTIFICATION_STATE_FAILED',
      failureReason: 'FAILURE_REASON_HTTP_STATUS',
      subject: 'FAILURE_REASON_GONE\u009b2J\u202e',
      sourceOffset: '9007199254740993',
      createTime: { seconds: '0', nanos: 1_000_000 },
    };
    admin = await AdminStandIn.start(
      notifications({ ListNotifications: () => ({ notifications: [row, aNotification(2)] }) }),
    );
    const { out } = await run(['notifications', 'list', '-o', 'json', '--tenant', '-']);
    expect(out).not.toMatch(/[\u0080-\u009f\u202e]/);
    const rows = JSON.parse(out);
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatchObject({
      id: `${id.slice(0, -2)}01`,
      tenant: 'acme',
      state: 'failed',
      failureReason: 'HTTP_STATUS',
      waitingReason: null,
      subject: 'FAILURE_REASON_GONE\u009b2J\u202e',
      sourceOffset: '9007199254740993',
      createTime: '1970-01-01T00:00:00.001Z',
    });
    admin.stop();
    admin = await AdminStandIn.start(notifications({ ListNotifications: () => ({}) }));
    expect((await run(['notifications', 'list', '-o', 'json'])).out).toBe('[]\n');
  });
});

describe('a payload', () => {
  const body = Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0x00, 0xff, 0x0a]);
  const serve = (sha256: string) =>
    AdminStandIn.start(
      notifications({ GetPayload: () => ({ method: 'POST', contentType: 'application/json', body, sha256 }) }),
    );
  const sha256 = createHash('sha256').update(body).digest('hex');

  it('is written byte for byte, and said on standard error unless quiet', async () => {
    admin = await serve(sha256);
    const { bytes, err } = await run(['notifications', 'payload', id]);
    expect(bytes.equals(body)).toBe(true);
    expect(err).toBe(`POST application/json, 7 bytes, SHA-256 ${sha256}\n`);
    expect((await run(['notifications', 'payload', id, '-q'])).err).toBe('');
    expect(JSON.parse((await run(['notifications', 'payload', id, '-o', 'json'])).out)).toEqual({
      method: 'POST',
      contentType: 'application/json',
      sha256,
      bodyBase64: body.toString('base64'),
    });
  });

  it('is not shown when it is not what its hash says', async () => {
    admin = await serve('0'.repeat(64));
    const { code, bytes, err } = await run(['notifications', 'payload', id]);
    expect([code, bytes.length]).toEqual([1, 0]);
    expect(err).toContain('does not match its SHA-256');
  });
});

describe('apply', () => {
  const resources = (count: number) =>
    `endpoints:\n${Array.from({ length: count }, (_, n) => `  - { id: e${n}, url: "https://h/${'x'.repeat(1_000)}" }`).join('\n')}`;

  it('sends one resource a request, waits for every change, and shows a made secret once', async () => {
    const seen: string[] = [];
    const Apply = (call: ServerDuplexStream<{ endpoint: { name: string } }, object>) => {
      call.on('data', ({ endpoint }) => seen.push(endpoint.name));
      call.on('end', () => {
        for (const [n, name] of seen.entries())
          call.write({
            name,
            change: n === 0 ? 'APPLY_CHANGE_CREATED' : 'APPLY_CHANGE_UNCHANGED',
            signingSecret: n === 0 ? 'whsec_once' : '',
          });
        call.end();
      });
    };
    admin = await AdminStandIn.start({}, { raw: { SystemService: { Apply } } });
    const { code, out } = await run(['apply', '-f', '-', '--tenant', 'acme'], {}, resources(2_000));
    expect(code).toBe(0);
    expect(seen).toHaveLength(2_000);
    expect(seen[1_999]).toBe('tenants/acme/endpoints/e1999');
    expect(out).toContain('tenants/acme/endpoints/e0; it is not shown again:\nwhsec_once\n');
    expect(out).toMatch(/\n1 created, 1999 unchanged\n$/);
  });

  it('names every wrong field when it is refused, though the server stopped reading long before', async () => {
    const violations = [
      { field: 'endpoints[0].url', description: 'plain http is not allowed\u001b[2J' },
      { field: 'templates[9].body', description: 'line 1, column 3: no such filter' },
    ];
    const Apply = (call: ServerDuplexStream<object, object>) => {
      call.once('data', () => call.emit('error', aStatus(status.INVALID_ARGUMENT, 'url: …', { violations })));
    };
    admin = await AdminStandIn.start({}, { raw: { SystemService: { Apply } } });
    const { code, err } = await run(['apply', '-f', '-'], {}, resources(3_000));
    expect(code).toBe(1);
    expect(err).toBe(
      'hookline: the admin refused it for 2 wrong fields:\n' +
        '  standard input:2: url: plain http is not allowedU+001B[2J\n' +
        '  templates[9].body: line 1, column 3: no such filter\n' +
        'nothing was changed\n',
    );
  });
});

describe('a refused file', () => {
  it('is pointed at where the wrong field stands, and at the tenant that is not there', async () => {
    const violations = [
      { field: 'endpoints[0].url', description: 'is not https' },
      { field: 'endpoints[0].retrySchedule.1', description: 'must be a duration' },
      { field: 'endpoints[0].signingSecret', description: 'is not said' },
      { field: 'endpoints[0].name', description: 'there is no tenant acme' },
      { field: 'endpoints[1].name', description: 'there is no tenant default' },
      { field: 'endpoints[1].name', description: 'tenants/default/endpoints/b is described twice' },
    ];
    const Apply = (call: ServerDuplexStream<object, object>) => {
      call.once('data', () => call.emit('error', aStatus(status.INVALID_ARGUMENT, 'url: …', { violations })));
    };
    admin = await AdminStandIn.start({}, { raw: { SystemService: { Apply } } });
    const yaml = `endpoints:
  - id: a
    tenant: acme
    url: http://a
    retrySchedule: [5s, 0s]
  - url: https://b
    id: b
`;
    expect((await run(['apply', '-f', '-'], {}, yaml)).err.split('\n').slice(1, -2)).toEqual([
      '  standard input:4: url: is not https',
      '  standard input:5: retrySchedule.1: must be a duration',
      '  standard input:2: signingSecret: is not said',
      '  standard input:3: tenant: there is no tenant acme',
      '  standard input:6: tenant: there is no tenant default',
      '  standard input:7: id: tenants/default/endpoints/b is described twice',
    ]);
  });

  it('with too many resources is refused before anything is sent, in the words of the admin', async () => {
    const yaml = `tenants: [${Array.from({ length: 20_001 }, (_, n) => `{id: t${n}}`).join(',')}]`;
    const { code, err } = await run(['apply', '-f', '-'], { HOOKLINE_ADDR: 'nobody.example:1' }, yaml);
    expect(code).toBe(1);
    expect(err).toBe(
      'hookline: a file has at most 20000 resources and 16777216 bytes; split it: 20001 resources are described\n',
    );
  });

  it('whose secret is taken from what is no regular file is refused at once', async () => {
    const yaml = 'endpoints: [{ id: a, url: "https://a", signingSecret: { fromFile: /dev/zero } }]';
    const { code, err } = await run(['apply', '-f', '-'], {}, yaml);
    expect([code, err]).toEqual([1, expect.stringContaining('is taken from /dev/zero, which is no regular file')]);
  });
});

describe('events publish', () => {
  const place = { topic: 'hookline.events', partition: 3, offset: '42' };
  const verdicts = (answers: Readonly<Record<string, object>>) => ({
    EventService: {
      PublishEvent: (request: { value: Buffer }) => ({ ...place, ...answers[JSON.parse(request.value.toString()).id] }),
    },
  });
  const answers = {
    m: { verdict: 'EVENT_VERDICT_MATCHED', notifications: [`tenants/a/notifications/${id}`] },
    u: { verdict: 'EVENT_VERDICT_UNMATCHED' },
    d: { verdict: 'EVENT_VERDICT_DUPLICATE' },
    p: { verdict: 'EVENT_VERDICT_PARKED', parkReason: 'MISSING_ATTRIBUTE', detail: 'the attribute type is missing' },
    n: {},
  };
  const events = (ids: string) =>
    [...ids].map((name) => JSON.stringify({ id: name, source: '/s', type: 'x.y' })).join('\n');

  it('says what became of each event, and ends with 0, 1 or 3', async () => {
    admin = await AdminStandIn.start(verdicts(answers));
    const { code, out } = await run(['events', 'publish', '-f', '-'], {}, events('mud'));
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      'hookline.events/3/42: matched 1 template',
      `  notification ${id}`,
      'hookline.events/3/42: matched none: no active template for type x.y',
      'hookline.events/3/42: duplicate of an event read before',
      '',
    ]);
    const parked = await run(['events', 'publish', '-f', '-'], {}, events('mp'));
    expect(parked.code).toBe(1);
    expect(parked.out).toContain('parked: MISSING_ATTRIBUTE the attribute type is missing\n');
    const unread = await run(['events', 'publish', '-f', '-'], {}, events('n'));
    expect([unread.code, unread.out]).toEqual([3, expect.stringContaining('is the renderer running')]);
    expect((await run(['events', 'publish', '-f', '-', '--no-wait'], {}, events('n'))).code).toBe(0);
    const json = JSON.parse((await run(['events', 'publish', '-f', '-', '-o', 'json'], {}, events('mp'))).out);
    expect(json).toMatchObject([
      { ...place, offset: 42, verdict: 'matched', notifications: [id] },
      { verdict: 'parked', parkReason: 'MISSING_ATTRIBUTE' },
    ]);
  });

  it('sends a file byte for byte, the tenant only when it is named, and a key only when it is given', async () => {
    const seen: unknown[] = [];
    admin = await AdminStandIn.start({
      EventService: {
        PublishEvent: (request) => {
          seen.push(request);
          return { ...place, verdict: 'EVENT_VERDICT_UNMATCHED' };
        },
      },
    });
    const text = ' {"id":"1",\r\n"source":"/s","type":"t","data":{"n":1.10}}\n';
    await run(['events', 'publish', '-f', '-'], {}, text);
    await run(['events', 'publish', '-f', '-', '--binary', '--tenant', 'acme', '--key', 'k'], {}, text);
    await run(['events', 'publish', '-f', '-', '--raw', '--no-wait'], {}, 'garbage\n');
    const structured = { 'content-type': 'application/cloudevents+json' };
    expect(seen).toEqual([
      { parent: 'tenants/-', value: Buffer.from(text), headers: structured, key: '', noWait: false },
      {
        parent: 'tenants/acme',
        value: Buffer.from('{"n":1.10}'),
        headers: { ce_id: '1', ce_source: '/s', ce_type: 't', 'content-type': 'application/json' },
        key: 'k',
        noWait: false,
      },
      { parent: 'tenants/-', value: Buffer.from('garbage\n'), headers: structured, key: '', noWait: true },
    ]);
    const refused = await run(['events', 'publish', '-f', '-'], {}, 'garbage\n');
    expect([refused.code, seen.length]).toEqual([1, 3]);
    expect(refused.err).toContain('--raw publishes a file as it is');
  });
});

describe('an event of an unknown tenant', () => {
  const event = { id: '1', source: '/s', type: 't' };
  const namesNone = '(the event names none)';

  it('is told apart from one that names no tenant', async () => {
    const parked = {
      ...{ topic: 'e', partition: 0, offset: '1', verdict: 'EVENT_VERDICT_PARKED' },
      ...{ parkReason: 'UNKNOWN_TENANT', detail: 'there is no tenant x' },
    };
    admin = await AdminStandIn.start({ EventService: { PublishEvent: () => parked } });
    const publish = async (fields: object, ...flags: readonly string[]) =>
      (await run(['events', 'publish', '-f', '-', ...flags], {}, JSON.stringify({ ...event, ...fields }))).out;
    for (const flags of [[], ['--binary']]) {
      expect(await publish({}, ...flags)).toBe(`e/0/1: parked: UNKNOWN_TENANT there is no tenant x ${namesNone}\n`);
      expect(await publish({ tenant: null }, ...flags)).toContain(namesNone);
      expect(await publish({ tenant: 'x', data: {} }, ...flags)).not.toContain(namesNone);
    }
    expect(await publish({ data: { tenant: 'x' } }, '--binary')).toContain(namesNone);
  });
});

describe('events check', () => {
  it('says without a server what would be parked and why', async () => {
    const { code, out } = await run(
      ['events', 'check', '-f', '-', '--addr', 'nobody.example:1'],
      {},
      '{"id":"1","source":"/s","type":"t"}\n{"id":"2","source":"/s"}\n{"half\n',
    );
    expect(code).toBe(1);
    expect(out).toContain('standard input:1: ok: t 1 (tenant not checked)\n');
    expect(out).toContain('standard input:2: parked: MISSING_ATTRIBUTE the attribute type is missing\n');
    expect(out).toContain('standard input:3: parked: NOT_JSON');
    expect(out).toMatch(/1 would be read, 2 would be parked\n$/);
    expect((await run(['events', 'check', '-f', '-'], {}, '{"id":"1","source":"/s","type":"t"}')).code).toBe(0);
  });
});

describe('a fault', () => {
  const failing = (error: Error) =>
    AdminStandIn.start(
      notifications({
        GetNotification: () => {
          throw error;
        },
      }),
    );
  const get = ['notifications', 'get', id];

  it('that nobody listens is 3, and says where it tried', async () => {
    const { code, err } = await run(get, { HOOKLINE_ADDR: '127.0.0.1:1' });
    expect(code).toBe(3);
    expect(err).toContain('cannot reach the admin at 127.0.0.1:1: is it running there?');
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  });

  it('that nobody answers is 3, within the time', async () => {
    admin = await AdminStandIn.start(notifications({ GetNotification: () => new Promise<object>(() => undefined) }));
    const { code, err } = await run([...get, '--timeout', '200ms']);
    expect(code).toBe(3);
    expect(err).toContain('did not answer within 200 ms');
  });

  it('of the key says which variable', async () => {
    admin = await failing(aStatus(status.UNAUTHENTICATED, 'no key'));
    expect((await run(get)).err).toContain('set HOOKLINE_KEY');
    const { code, err } = await run(get, { HOOKLINE_KEY: 'secret-key' });
    expect([code, err]).toEqual([1, expect.stringContaining('does not accept this API key')]);
    expect(err).not.toContain('secret-key');
  });

  it('of the admin behind a connection that works is not called unreachable', async () => {
    admin = await failing(
      aStatus(status.UNAVAILABLE, 'the database cannot answer now', { reason: 'STORE_UNAVAILABLE' }),
    );
    const { code, err } = await run(get);
    expect(code).toBe(3);
    expect(err).toMatch(/^hookline: the admin at \S+ cannot do it now: the database cannot answer now/);
  });

  it('of a state tells its reason, and shows a stack only when asked', async () => {
    admin = await failing(aStatus(status.FAILED_PRECONDITION, 'nothing was rendered', { reason: 'NO_PAYLOAD' }));
    expect((await run(get)).err).toBe('hookline: FAILED_PRECONDITION: nothing was rendered [NO_PAYLOAD]\n');
    expect((await run(get, { HOOKLINE_DEBUG: '1' })).err).toMatch(/\n {4}at /);
  });

  it('shows nothing that a terminal would act on, whatever files and flags are called', async () => {
    const wild = 'a\u001b[2J\nb\u202e';
    for (const argv of [
      ['events', 'check', '-f', wild],
      ['apply', '-f', wild],
      ['events', 'check', `--${wild}`],
      [wild],
      ['notifications', wild],
      [...get, '--addr', wild],
    ]) {
      const { code, err } = await run(argv);
      expect(code, argv.join(' ')).not.toBe(0);
      expect(err).not.toMatch(/[^\n\P{Cc}]|\p{Cf}|\nb/u);
    }
    expect((await run(['events', 'check', '-f', wild], { HOOKLINE_DEBUG: '1' })).err).not.toMatch(
      /[^\n\P{Cc}]|\p{Cf}/u,
    );
  });

  it('is followed by a hint that can be copied, as is the help', async () => {
    expect((await run(['notifications', 'lits'])).err).toContain('\nsee: npx hookline notifications --help\n');
    const { out } = await run(['help']);
    expect(out).toContain('  npx hookline NOUN VERB --help\n');
    expect((await run(['apply', '--help'])).out).toContain('\n  npx hookline apply -f hookline.yaml\n');
    expect((await run(['events', 'check', '--help'])).out).toContain(
      'cat order.json | npx hookline events check -f -\n',
    );
  });

  it('of usage is 2', async () => {
    expect((await run(['notifications', 'get', 'x'])).code).toBe(2);
    expect((await run(['notifications'])).code).toBe(2);
    expect((await run(['notifications', 'get', id, '--tenant', '-'])).err).toContain('--tenant - is for lists');
    expect((await run([])).code).toBe(2);
    expect((await run(['notifications', '--help'])).code).toBe(0);
    expect((await run(['--version'])).out).toMatch(/^hookline \d+\.\d+\.\d+\n$/);
  });
});

describe('TLS', () => {
  it('is spoken with the authority that is named, and with no other', async () => {
    admin = await AdminStandIn.start(notifications({ ListNotifications: () => ({}) }), { tls: true });
    const ca = path.join(folder, 'ca.pem');
    writeFileSync(ca, testTls.certificate);
    expect((await run(['notifications', 'list', '--ca', ca])).code).toBe(0);
    expect((await run(['notifications', 'list'], { HOOKLINE_CA_FILE: ca })).code).toBe(0);
    const plain = await run(['notifications', 'list']);
    expect([plain.code, plain.err]).toEqual([3, expect.stringContaining('if it wants TLS, give --ca FILE')]);
  });
});

describe('the command line', () => {
  it('knows gRPC in one file, and of Kafka and Postgres nothing', () => {
    const files = sourceFiles('apps/cli/src').filter((file) => !file.path.endsWith('.spec.ts'));
    const grpc = files.filter((file) => importsOf(file).some((specifier) => specifier.startsWith('@grpc/')));
    expect(grpc.map((file) => file.path)).toEqual(['apps/cli/src/admin-client.ts']);
    const foreign = files.flatMap(importsOf).filter((name) => !/^(\.\/|node:|#contracts\/|#domain\/)/.test(name));
    expect([...new Set(foreign)].sort()).toEqual(['#runtime/version', '@grpc/grpc-js', '@grpc/proto-loader', 'yaml']);
  });
});
