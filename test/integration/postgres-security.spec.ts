import { mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { systemClock } from '#domain/clock';
import {
  createDataSource,
  type DataSource,
  databaseTrouble,
  openDataSource,
  storeTrouble,
} from '#postgres/data-source';
import { readConfig } from '#runtime/config';
import { databasePart } from '#runtime/config-parts';
import { createLog } from '#telemetry/log';
import { TestAuthority } from '../support/certificates.js';
import { certificateRole, passwordRole, SecuredPostgres } from '../support/secured-postgres.js';
import { until } from '../support/until.js';

const passwords = { first: 'marker-password-one', second: 'marker-password-two' };
const patienceMs = 45_000;
const dayMs = 86_400_000;

let postgres: SecuredPostgres;
let folder: string;
let files = 0;
const lines: string[] = [];
const open: { readonly dataSource: DataSource; readonly closing: AbortController }[] = [];

beforeAll(async () => {
  postgres = await SecuredPostgres.start();
  folder = mkdtempSync(path.join(os.tmpdir(), 'hookline-secured-client-'));
  await postgres.setPassword(passwords.first);
}, 120_000);

afterEach(async () => {
  await postgres.show(postgres.authority.issue({ name: 'postgres', hosts: ['localhost'] }));
  for (const { closing } of open) closing.abort();
  await Promise.allSettled(open.splice(0).map(({ dataSource }) => dataSource.destroy()));
});

afterAll(async () => {
  await postgres?.stop();
});

function file(text: string): string {
  const name = path.join(folder, `${files++}.pem`);
  writeFileSync(name, text);
  return name;
}

/** A pool as an app makes it from its environment, opening in the background. */
function connect(env: Readonly<Record<string, string>>): DataSource {
  const { DATABASE_URL: url } = readConfig(z.object(databasePart), env);
  const dataSource = createDataSource({ url, poolMax: 2, applicationName: 'hookline.test' });
  const sink = {
    write: (line: string) => {
      lines.push(line);
    },
  };
  const closing = new AbortController();
  void openDataSource(dataSource, createLog({ app: 'test', level: 'debug', sink }), systemClock, closing.signal);
  open.push({ dataSource, closing });
  return dataSource;
}

function urlOf(query: string, host?: string): string {
  return postgres.urlOf(passwordRole, passwords.first, query, host);
}

/** How the connection that answers was made. */
async function connectionOf(dataSource: DataSource): Promise<{ readonly ssl: boolean; readonly user: string }> {
  await until(() => dataSource.isInitialized, { what: 'the pool is open', limitMs: patienceMs });
  const [row] = await dataSource.query<{ ssl: boolean; user: string }[]>(
    'SELECT ssl, current_user AS user FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
  );
  if (row === undefined) throw new Error('no row');
  return row;
}

async function says(dataSource: DataSource, words: RegExp): Promise<void> {
  const said = async () => words.test((await storeTrouble(dataSource)) ?? '');
  await until(said, { what: String(words), limitMs: patienceMs }).catch(async (error: unknown) => {
    throw new Error(`${String(error)}\n${await storeTrouble(dataSource)}`);
  });
  expect(dataSource.isInitialized).toBe(false);
}

describe('a connection to Postgres', () => {
  it('is encrypted and checked with sslmode=verify-full, and with require, which is as strict', async () => {
    for (const mode of ['verify-full', 'require', 'verify-ca'])
      expect(
        await connectionOf(connect({ DATABASE_URL: urlOf(`sslmode=${mode}&sslrootcert=${postgres.caFile}`) })),
      ).toEqual({
        ...{ ssl: true, user: passwordRole },
      });
  });

  it('shows a certificate instead of a password', async () => {
    const { cert, key } = postgres.authority.issue({ name: certificateRole });
    const query = `sslmode=verify-full&sslrootcert=${postgres.caFile}&sslcert=${file(cert)}&sslkey=${file(key)}`;
    const answered = await connectionOf(connect({ DATABASE_URL: postgres.urlOf(certificateRole, '', query) }));
    expect(answered).toEqual({ ssl: true, user: certificateRole });
  });

  it.each(['verify-full', 'require', 'verify-ca'])(
    'is not made to a server of another authority with %s',
    async (mode) => {
      const stranger = file(new TestAuthority('A stranger').cert);
      const url = urlOf(`sslmode=${mode}&sslrootcert=${stranger}`);
      await says(connect({ DATABASE_URL: url }), /no authority we trust .*sslrootcert in DATABASE_URL must/);
      await says(
        connect({ DATABASE_URL: urlOf(`sslmode=${mode === 'verify-ca' ? 'verify-full' : mode}`) }),
        /no authority we trust/,
      );
      // What runs once says it at once: nobody mends it by waiting.
      await expect(databaseTrouble(url)).rejects.toThrow(/no authority we trust/);
    },
  );

  it('is not made to a certificate of another host, unless verify-ca says that the host does not matter', async () => {
    const query = `sslrootcert=${postgres.caFile}`;
    await says(
      connect({ DATABASE_URL: urlOf(`sslmode=verify-full&${query}`, '127.0.0.1') }),
      /for another host .*127\.0\.0\.1/,
    );
    await says(connect({ DATABASE_URL: urlOf(`sslmode=require&${query}`, '127.0.0.1') }), /for another host/);
    const answered = await connectionOf(connect({ DATABASE_URL: urlOf(`sslmode=verify-ca&${query}`, '127.0.0.1') }));
    expect(answered.ssl).toBe(true);
  });

  it('is not made to a certificate that has expired', async () => {
    const past = { notBefore: new Date(Date.now() - 9 * dayMs), notAfter: new Date(Date.now() - dayMs) };
    await postgres.show(postgres.authority.issue({ name: 'postgres', hosts: ['localhost'], ...past }));
    const url = urlOf(`sslmode=verify-full&sslrootcert=${postgres.caFile}`);
    await says(connect({ DATABASE_URL: url }), /has expired \(CERT_HAS_EXPIRED\)/);
  });

  it.each(['verify-full', 'require', 'no-verify'])('never falls back to plain text with %s', async (mode) => {
    const plain = new URL(inject('postgresUrl'));
    plain.searchParams.set('sslmode', mode);
    await says(
      connect({ DATABASE_URL: plain.toString() }),
      /does not support SSL connections: sslmode in DATABASE_URL/,
    );
  });

  it('says that the server wants TLS, and that the password is refused', async () => {
    await says(connect({ DATABASE_URL: urlOf('') }), /28000.*sslmode in DATABASE_URL/);
    const wrong = postgres.urlOf(passwordRole, 'wrong', `sslmode=verify-full&sslrootcert=${postgres.caFile}`);
    await says(connect({ DATABASE_URL: wrong }), /28P01.*password of DATABASE_URL is refused/);
  });

  it('is made with the password its file holds by then', async () => {
    const query = `sslmode=verify-full&sslrootcert=${postgres.caFile}`;
    const urlFile = file(urlOf(query));
    const dataSource = connect({ DATABASE_URL_FILE: urlFile });
    expect((await connectionOf(dataSource)).user).toBe(passwordRole);
    await postgres.setPassword(passwords.second);
    await postgres.endConnections();
    const said = async () => /28P01/.test((await storeTrouble(dataSource)) ?? '');
    await until(said, { what: 'the old password is refused', limitMs: patienceMs });
    // Half a file is no URL: the one before stays.
    writeFileSync(urlFile, 'postg');
    await until(said, { what: 'the old password is refused', limitMs: patienceMs });
    writeFileSync(urlFile, postgres.urlOf(passwordRole, passwords.second, query));
    expect((await connectionOf(dataSource)).user).toBe(passwordRole);
    await postgres.setPassword(passwords.first);
  });

  it('is made with the user, the certificate and the authority that stand in the files by then', async () => {
    const [caFile, certFile, keyFile] = [file(postgres.authority.cert), file(''), file('')];
    const query = `sslmode=verify-full&sslrootcert=${caFile}`;
    const urlFile = file(urlOf(query));
    const dataSource = connect({ DATABASE_URL_FILE: urlFile });
    expect((await connectionOf(dataSource)).user).toBe(passwordRole);
    const renewed = new TestAuthority('A new authority');
    await postgres.show(renewed.issue({ name: 'postgres', hosts: ['localhost'] }));
    await postgres.endConnections();
    const said = async () => /no authority we trust/.test((await storeTrouble(dataSource)) ?? '');
    await until(said, { what: 'the new authority is not trusted yet', limitMs: patienceMs });
    const { cert, key } = postgres.authority.issue({ name: certificateRole });
    writeFileSync(certFile, cert);
    writeFileSync(keyFile, key);
    writeFileSync(caFile, renewed.cert);
    writeFileSync(urlFile, postgres.urlOf(certificateRole, '', `${query}&sslcert=${certFile}&sslkey=${keyFile}`));
    expect((await connectionOf(dataSource)).user).toBe(certificateRole);
  });

  it('is replaced when it is old, however busy it is', async () => {
    const url = urlOf(`sslmode=verify-full&sslrootcert=${postgres.caFile}`);
    const settings = { url, poolMax: 1, applicationName: 'hookline.test', connectionSecondsMax: 1 };
    const dataSource = createDataSource(settings);
    open.push({ dataSource, closing: new AbortController() });
    await dataSource.initialize();
    const backend = async () => (await dataSource.query<{ pid: number }[]>('SELECT pg_backend_pid() AS pid'))[0]?.pid;
    const first = await backend();
    await until(async () => (await backend()) !== first, { what: 'another connection', limitMs: patienceMs });
  });

  it('warns of what is sent in plain text to another machine, and writes no secret into its log', () => {
    const warned: string[] = [];
    const { DATABASE_URL: url } = readConfig(z.object(databasePart), {
      DATABASE_URL: `postgres://u:${passwords.first}@db.test/h`,
    });
    const log = createLog({ app: 'test', level: 'warn', sink: { write: (line) => void warned.push(line) } });
    const ended = new AbortController();
    ended.abort();
    void openDataSource(createDataSource({ url, poolMax: 1, applicationName: 'x' }), log, systemClock, ended.signal);
    expect(warned.join()).toMatch(/plain text.*store\.notSecured/);
    expect(lines.length).toBeGreaterThan(10);
    for (const needle of [...Object.values(passwords), 'PRIVATE KEY'])
      expect([...lines, ...warned].join('\n').includes(needle), needle).toBe(false);
  });
});
