import { spawnSync } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { freePort } from '../../deploy/local/local-process.js';
import { Stack } from '../support/stack.js';
import { TestApp } from '../support/start-app.js';
import { adminQuery, databaseUrlOf } from '../support/test-database.js';
import { until } from '../support/until.js';

/** What the newcomer's first start says when something is not there yet. */
describe('a first start', () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await Stack.start([]);
  });

  afterAll(() => stack?.stop());

  const runMain = (file: string, env: Readonly<Record<string, string>>) =>
    spawnSync(process.execPath, [`dist/apps/${file}`], {
      ...{ env: { PATH: process.env['PATH'], ...stack.env, ...env }, encoding: 'utf8', timeout: 60_000 },
    });

  it.each([
    ['a schema', true, /the schema is missing: npm run migrate/],
    ['a database', false, /there is no such database: create the database first/],
  ])('without %s says in the probe and in the log what to do', async (_, exists, words) => {
    const name = `hookline_empty_${process.pid}`;
    const server = inject('postgresUrl');
    if (exists) await adminQuery(server, `CREATE DATABASE ${name}`);
    const app = await TestApp.start('retry-scheduler', { ...stack.env, DATABASE_URL: databaseUrlOf(server, name) });
    try {
      const said = async () =>
        words.test((await app.probe('/readyz')).body) && app.lines.some((line) => words.test(line));
      await until(said, { what: 'the cause is said', limitMs: 60_000 });
    } finally {
      await app.kill('SIGTERM');
      await adminQuery(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    }
  });

  it('is told by migrate to create the database', () => {
    const DATABASE_URL = databaseUrlOf(inject('postgresUrl'), 'hookline_nowhere');
    const { status, stderr } = runMain('admin/src/migrate/main.js', { DATABASE_URL });
    expect(stderr).toMatch(
      /^Postgres cannot do it now \(3D000\): there is no such database: create the database first.*\n$/,
    );
    expect(status).toBe(1);
  });

  it('is told by topics how to do with one broker', ({ skip }) => {
    skip(inject('kafkaBrokers').includes(','), 'there are several brokers');
    const prefix = { TOPIC_PREFIX: `first${process.pid}.`, TOPIC_PROFILE: 'production' };
    const { status, stderr } = runMain('admin/src/topics/main.js', prefix);
    expect(stderr.trimEnd().split('\n').at(-1)).toBe('only one broker? TOPIC_PROFILE=development');
    expect(status).toBe(1);
  });

  describe('on a port that is taken', () => {
    let neighbour: Server;
    let taken: string;

    beforeAll(async () => {
      neighbour = createServer();
      const port = await freePort();
      await new Promise<void>((resolve) => neighbour.listen(port, '127.0.0.1', resolve));
      taken = `127.0.0.1:${port}`;
    });

    afterAll(() => void neighbour?.close());

    it.each(['HTTP_LISTEN', 'GRPC_LISTEN'])('names %s and shows no stack', async (variable) => {
      const listen = { HTTP_LISTEN: `127.0.0.1:${await freePort()}`, [variable]: taken };
      const { status, stderr } = runMain('admin/src/main.js', listen);
      const words = `${variable} ${taken} cannot be opened: it is taken; stop what listens there or choose another`;
      expect(stderr).toBe(`${words}\n`);
      expect(status).toBe(1);
    });
  });
});
