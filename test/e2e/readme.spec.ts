import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canInstall, installMissing } from '../../deploy/local/install-missing.js';
import { allPages, readPage, snippetsOf, tableRows } from '../support/markdown.js';
import { ReadmeWorld } from '../support/readme-world.js';
import { until } from '../support/until.js';
import type { ReceivedRequest, WebhookReceiver } from '../support/webhook-receiver.js';

/** Snippets that are not run here, and why. */
const notRunHere: Readonly<Record<string, string>> = {
  demo: 'stays up until it is stopped; it has a test of its own',
  test: 'is what runs this',
  'start-receiver': 'is started as a process of the test, which ends it',
  'signed-example': 'is no command; test/rules/docs.spec.ts computes it again',
};

let world: ReadmeWorld;
let receiver: WebhookReceiver | undefined;
let firstReceiver: ChildProcess | undefined;
let secret = '';
/** The notification of order 1. */
let firstId = '';
const firstBody = '{"orderId": 1, "total": 12.50, "note": "for Zoë \\"Zed\\" Müller"}';

beforeAll(async () => {
  world = await ReadmeWorld.make();
  await world.startApps('own-start', 'own-stop');
  writeFileSync(path.join(world.folder, 'hookline.yaml'), world.snippet('own-configuration'));
  const applied = await world.shell(world.snippet('own-apply'));
  expect(applied, applied.output).toMatchObject({ exitCode: 0 });
  secret = readFileSync(path.join(world.folder, 'orders-secret'), 'utf8').trim();
}, 300_000);

afterAll(async () => {
  firstReceiver?.kill();
  await world.stop();
  await receiver?.stop();
});

const viewNames = [
  'v1_notifications',
  'v1_attempts',
  'v1_parked_events',
  'v1_endpoint_circuits',
  'v1_endpoint_minutes',
];

describe('the README', () => {
  it('publishes with the command line to a receiver on this machine', async () => {
    writeFileSync(path.join(world.folder, 'verify.mjs'), world.snippet('verify-node'));
    const file = path.join(world.folder, 'receiver.mjs');
    writeFileSync(file, world.snippet('receiver'));
    const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
    firstReceiver = child;
    let received = '';
    child.stdout.on('data', (chunk: Buffer) => {
      received += chunk.toString();
    });
    const { exitCode, output } = await world.shell(world.snippet('publish-cli'));
    expect(exitCode, output).toBe(0);
    expect(output).toContain('matched 1 template');
    await until(() => received.endsWith('\n'), { what: 'the request arrives', limitMs: 60_000 });
    firstId = /^\S+ (\S+)/.exec(received)?.[1] ?? '';
    expect(received.split('\n')[0]).toMatch(new RegExp(`^verified ${firstId} \\{"orderId"`));
    expect(received).toContain(firstBody);
    expect(output).toContain(firstId);

    const shown = await until(
      async () => {
        const looked = await world.shell(world.snippet('first-delivery'));
        expect(looked.exitCode, looked.output).toBe(0);
        return /accepted .*204/.test(looked.output) && looked.output;
      },
      { what: 'the history has the attempt', limitMs: 60_000 },
    );
    expect(shown).toContain(firstId);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill();
    await ended;
    receiver = await world.startReceiver();
    receiver.on('/orders', secret);
  });

  it('publishes with kcat', async ({ skip }) => {
    const snippet = world.snippet('publish-kcat');
    skip(!(await hasKcat()), 'kcat is not there and may not be installed');
    const { exitCode, output } = await world.shell(snippet);
    expect(exitCode, output).toBe(0);
    expect((await arrivalOf(2)).signatureValid).toBe(true);
  });

  it('publishes with kafkajs, structured and binary', async () => {
    runModule('publish.mjs', world.snippet('publish-kafkajs'));
    expect((await arrivalOf(3)).signatureValid).toBe(true);
    expect((await arrivalOf(4)).signatureValid).toBe(true);
  });

  it.each(['verify-standardwebhooks', 'verify-node'])('shows with %s how to verify', async (name) => {
    const request = await arrivalOf(3);
    writeFileSync(path.join(world.folder, `${name}.mjs`), world.snippet(name));
    const said = runModule(
      `run-${name}.mjs`,
      `import { verify } from './${name}.mjs';
       import { readFileSync } from 'node:fs';
       const { secret, cases } = JSON.parse(readFileSync(0, 'utf8'));
       console.log(JSON.stringify(cases.map((one) => ({ ...one, said: verify(secret, one.headers, one.body) }))));`,
      JSON.stringify({ secret, cases: casesOf(request) }),
    );
    expectTruth(said);
  });

  it('shows in Python how to verify', async ({ skip }) => {
    const snippet = world.snippet('verify-python');
    skip(spawnSync('python3', ['--version']).status !== 0, 'python3 is not there');
    const request = await arrivalOf(3);
    const script = `${snippet}
import json, sys
asked = json.load(sys.stdin)
print(json.dumps([{**one, "said": verify(asked["secret"], one["headers"], one["body"].encode())} for one in asked["cases"]]))`;
    const input = JSON.stringify({ secret, cases: casesOf(request) });
    const { status, stdout, stderr } = spawnSync('python3', ['-c', script], { input, encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    expectTruth(stdout);
  });
});

describe('the pages in docs', () => {
  it('balance the books', async () => {
    const [read, notifications] = world.snippet('books').split(';');
    const partitions: readonly Readonly<Record<string, string>>[] = await world.store.query(read ?? '');
    const [row]: readonly Readonly<Record<string, string>>[] = await world.store.query(notifications ?? '');
    const matched = partitions.reduce((sum, partition) => sum + Number(partition['matched']), 0);
    expect(matched).toBe(Number(row?.['created']));
    expect(matched).toBeGreaterThan(0);
  });

  it('show commands that work, a re-send among them', async () => {
    const { exitCode, output } = await world.shell(world.snippet('operators-cli'));
    expect(exitCode, output).toBe(0);
    expect(output).toContain('order.created');
    expect(output).toContain(firstBody);
    const resent = await until(
      () => receiver?.of('/orders').find((one) => one.webhookId === firstId && one.attempt === 2),
      { what: 'the notification is sent again' },
    );
    expect(resent.body.toString()).toContain(firstBody);
    expect(resent.signatureValid).toBe(true);
  });

  it('show how unmatched events are asked for', async ({ skip }) => {
    const event = '{"id":"order-9","source":"/shop","type":"order.lost","tenant":"acme"}';
    const asked = world.snippet('unmatched');
    skip(spawnSync('psql', ['--version']).status !== 0, 'psql is not there');
    const { exitCode, output } = await world.shell(`echo '${event}' | npx hookline events publish -f -\n${asked}`);
    expect(exitCode, output).toBe(0);
    expect(output).toContain('matched none');
    expect(output).toMatch(/order\.lost +\| \/shop +\|.*\n\(1 row\)/);
  });

  it('serve the admin API with certificates on both sides', async () => {
    const snippets = [world.snippet('admin-certificates'), world.snippet('admin-tls')];
    const others = [
      'npx hookline doctor --insecure',
      'HOOKLINE_CERT_FILE= HOOKLINE_CERT_KEY_FILE= npx hookline doctor',
    ];
    const refused = others.map((command) => `if ${command}; then echo let in; exit 9; fi`);
    const { exitCode, output } = await world.shell([...snippets, ...refused].join('\n'));
    expect(exitCode, output).toBe(0);
    expect(output).toContain('ok       the admin at localhost:');
    expect(output).toContain('certificate required');
  });

  it('list every column of the views, with its type, and no other', async () => {
    const page = readPage('docs/views.md');
    for (const view of viewNames) {
      const columns: readonly { name: string; type: string }[] = await world.store.query(
        `SELECT attname AS name, replace(format_type(atttypid, NULL), 'timestamp with time zone', 'timestamptz') AS type
           FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 ORDER BY attnum`,
        [view],
      );
      const documented = tableRows(page, view).map(([name, type]) => ({ name, type }));
      expect(documented, view).toEqual(columns);
    }
  });

  it('stop the four apps as they say', async () => {
    expect(await world.stopApps()).toBe(0);
    for (const app of ['renderer', 'dispatcher', 'retry-scheduler', 'admin'])
      expect(world.logOf(app)).toMatch(/"drained":true.*"process\.stopped"/);
    expect(world.logOf('retry-scheduler')).not.toContain('duty.failed');
  });

  it('have no snippet that is left unrun', () => {
    const names = allPages()
      .flatMap(snippetsOf)
      .flatMap(({ language, name }) => (language === 'mermaid' ? [] : [name]));
    expect(names.toSorted()).toEqual([...world.ran, ...Object.keys(notRunHere)].toSorted());
    expect(world.unusedReplacements()).toEqual([]);
  });
});

/** The request that an order's event became. */
function arrivalOf(orderId: number): Promise<ReceivedRequest> {
  const isIts = ({ body, status }: ReceivedRequest) =>
    status === 200 && body.toString().includes(`"orderId": ${orderId},`);
  return until(() => receiver?.of('/orders').find(isIts), { what: `order ${orderId} arrives`, limitMs: 60_000 });
}

/** A request that a receiver may get, and whether it is to be taken. */
interface VerifyCase {
  readonly what: string;
  readonly isGenuine: boolean;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** The request as it came, and what is made of it by whoever does not know the secret, or comes late. */
function casesOf({ headers, body, webhookId }: ReceivedRequest): readonly VerifyCase[] {
  const text = body.toString();
  const timestamp = Number(headers['webhook-timestamp']);
  const signature = String(headers['webhook-signature']);
  const old = new Date((timestamp - 3_600) * 1_000);
  const refused: Readonly<Record<string, VerifyCase['headers']>> = {
    'another time': { 'webhook-timestamp': String(timestamp + 1) },
    'signed an hour ago': {
      'webhook-timestamp': String(timestamp - 3_600),
      'webhook-signature': new Webhook(secret).sign(webhookId, old, text),
    },
    'no id': { 'webhook-id': undefined },
    'no timestamp': { 'webhook-timestamp': undefined },
    'no signature': { 'webhook-signature': undefined },
    'an empty signature': { 'webhook-signature': '' },
    'a timestamp in words': { 'webhook-timestamp': 'yesterday' },
    'a timestamp of other digits': { 'webhook-timestamp': '\u0661\u0662\u00b2' },
    'a timestamp of 5,000 digits': { 'webhook-timestamp': '1'.repeat(5_000) },
    'an id outside ASCII': { 'webhook-id': 'Zo\u00eb\ud800' },
    'a signature outside ASCII': { 'webhook-signature': 'v1,Zo\u00eb\ud800' },
    'a signature cut short': { 'webhook-signature': signature.slice(0, -1) },
    'another version': { 'webhook-signature': signature.replace('v1,', 'v1a,') },
  };
  return [
    { what: 'as it came', isGenuine: true, headers, body: text },
    {
      what: 'one signature of several',
      isGenuine: true,
      headers: { ...headers, 'webhook-signature': `v1,AAAA v1a,\u00eb ${signature}` },
      body: text,
    },
    { what: 'another body', isGenuine: false, headers, body: `${text} ` },
    ...Object.entries(refused).map(([what, changed]) => ({
      ...{ what, isGenuine: false, body: text },
      headers: { ...headers, ...changed },
    })),
  ];
}

/** `said` holds the cases with what a verifier answered to each. */
function expectTruth(said: string): void {
  const answered = JSON.parse(said) as readonly (VerifyCase & { readonly said: unknown })[];
  expect(answered.map(({ what, said: answer }) => ({ what, answer }))).toEqual(
    answered.map(({ what, isGenuine }) => ({ what, answer: isGenuine })),
  );
  expect(answered.length).toBeGreaterThan(10);
}

/** Runs a module in a place from where it finds the packages; answers what it prints. */
function runModule(file: string, source: string, input = ''): string {
  const at = path.join(world.folder, file);
  writeFileSync(at, source);
  const { status, stdout, stderr } = spawnSync(process.execPath, [at], { input, encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  return stdout;
}

async function hasKcat(): Promise<boolean> {
  const isThere = () => spawnSync('kcat', ['-V']).status === 0;
  if (isThere() || !canInstall()) return isThere();
  await installMissing([{ what: 'kcat', packages: ['kcat'] }], (line) => process.stdout.write(`${line}\n`));
  return isThere();
}
