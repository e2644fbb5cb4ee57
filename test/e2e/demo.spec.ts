import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { createDataSource } from '#postgres/data-source';
import { until } from '../support/until.js';

const top = path.resolve(import.meta.dirname, '../..');
const limitMs = 150_000;
const started: ChildProcess[] = [];

/** The demo as `npm run demo` starts it; without the servers of this test run it starts its own. */
function startDemo(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { KAFKA_BROKERS: _, DATABASE_URL: __, ...own } = process.env;
  const main = ['deploy/local/prepare.mjs', 'dist/deploy/local/demo/main.js'];
  const child = spawn(process.execPath, [...main, ...args], { cwd: top, env: { ...own, ...env } });
  started.push(child);
  const said = { out: '', err: '', exitCode: null as number | null };
  child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
  child.once('close', (code) => {
    said.exitCode = code;
  });
  const ended = () =>
    until(() => child.exitCode !== null && said.exitCode !== null, { what: 'the demo has ended', limitMs });
  return { child, said, ended };
}

afterAll(() => {
  for (const child of started) child.kill('SIGKILL');
});

describe('the demo', () => {
  it('stays up for its three commands, which work as printed, and leaves no process behind after Ctrl-C', async () => {
    const { child, said, ended } = startDemo(['--events', '30']);
    await until(() => said.out.includes('Ctrl-C ends it.') || said.exitCode !== null, {
      what: 'the demo is up',
      limitMs,
    });
    expect(said.exitCode, said.out + said.err).toBeNull();
    expect(said.out).toContain('the books balance');
    const envFile = /after `\. (.+)`:/.exec(said.out)?.[1] ?? '';
    const commands = said.out.split('\n').filter((line) => line.startsWith('  hookline '));
    expect(commands).toHaveLength(3);
    const elsewhere = { cwd: os.tmpdir(), encoding: 'utf8', timeout: 60_000 } as const;
    const run = (command: string) => spawnSync('/bin/sh', ['-c', `. ${envFile}; ${command}`], elsewhere);

    const [list = '', attempts = '', resend = ''] = commands;
    const id = /attempts (\S+)/.exec(attempts)?.[1] ?? '';
    const listed = run(list);
    expect(listed.status, listed.stderr).toBe(0);
    expect(listed.stdout).toContain(id);
    expect(listed.stdout).toContain('EXHAUSTED');
    const explained = run(attempts);
    expect(explained.status, explained.stderr).toBe(0);
    expect(explained.stdout.match(/HTTP_STATUS/g)).toHaveLength(4);
    const resent = run(resend);
    expect(resent.status, resent.stderr).toBe(0);
    await until(() => /accepted .*200 .*manual/.test(run(attempts).stdout), { what: 'the re-send is accepted' });

    const pids = readFileSync(path.join(path.dirname(envFile), 'pids'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => Number.parseInt(line, 10));
    expect(pids.length).toBeGreaterThanOrEqual(6);
    expect(pids.every(isAlive)).toBe(true);
    child.kill('SIGINT');
    await ended();
    expect(said.exitCode, said.out).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(existsSync(envFile)).toBe(false);
  });

  it('leaves no process behind when it is killed itself', async () => {
    const { child, said } = startDemo(['--events', '30']);
    await until(() => said.out.includes('producing') || said.exitCode !== null, { what: 'the demo produces', limitMs });
    const folder = path.join(top, '.local', `demo-${child.pid}`);
    const pids = readFileSync(path.join(folder, 'pids'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => Number.parseInt(line, 10));
    expect(pids.every(isAlive)).toBe(true);
    child.kill('SIGKILL');
    await until(() => !pids.some(isAlive), { what: 'every process has ended' });
    await until(() => !existsSync(folder), { what: 'its folder is removed' });
  });

  it('ends by itself with balanced books, and removes what it made on servers that were given', async () => {
    const servers = { KAFKA_BROKERS: inject('kafkaBrokers'), DATABASE_URL: inject('postgresUrl') };
    const { said, ended } = startDemo(['--events', '120', '--exit', '--json'], servers);
    await ended();
    expect(said.exitCode, said.err).toBe(0);
    const result = JSON.parse(said.out) as {
      readonly balanced: boolean;
      readonly figures: {
        readonly produced: number;
        readonly inTopic: number;
        readonly duplicates: number;
        readonly requests: number;
        readonly signaturesValid: number;
        readonly verdicts: Readonly<Record<'matched' | 'unmatched' | 'duplicate' | 'parked', number>>;
        readonly notifications: Readonly<Record<'created' | 'sent' | 'pending' | 'failed' | 'cancelled', number>>;
      };
    };
    const { verdicts, notifications, ...figures } = result.figures;
    expect(result.balanced).toBe(true);
    expect(figures).toMatchObject({ produced: 120, inTopic: 120, duplicates: 0, signaturesValid: figures.requests });
    expect(verdicts.matched + verdicts.unmatched + verdicts.duplicate + verdicts.parked).toBe(120);
    for (const count of Object.values(verdicts)) expect(count).toBeGreaterThan(0);
    expect(notifications.sent + notifications.failed).toBe(notifications.created);
    expect(await databasesLeft(servers.DATABASE_URL)).toEqual([]);
  });

  it('refuses wrong options with its usage and starts nothing', async () => {
    const { said, ended } = startDemo(['--events', 'many']);
    await ended();
    expect(said.exitCode).toBe(2);
    expect(said.err).toContain('--events "many" is no whole number');
    expect(said.err).toContain('npm run demo');
  });
});

async function databasesLeft(url: string): Promise<readonly unknown[]> {
  const store = createDataSource({ url, poolMax: 1, applicationName: 'hookline.test' });
  await store.initialize();
  const rows: readonly unknown[] = await store.query(
    `SELECT datname FROM pg_database WHERE datname LIKE 'hookline_demo_%'`,
  );
  await store.destroy();
  return rows;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false; // there is no such process
  }
}
