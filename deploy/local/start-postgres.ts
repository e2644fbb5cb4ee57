import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { freePort, type LocalServer, startProcess, stopProcess, tailOf } from './local-process.js';
import { waitFor } from './wait-for.js';

const binariesFolder = '/usr/lib/postgresql';
const versionMin = 15;
/** `nobody`: Postgres refuses to run as root. */
const nobody = { uid: 65_534, gid: 65_534 };
const startMsMax = 30_000;
/** A local server may lose its last second with the machine; real ones keep their defaults. */
const settings = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=300'];

/** The folder of the newest Postgres binaries of at least version 15; null when there are none. */
export function postgresBinaries(): string | null {
  const versions = existsSync(binariesFolder) ? readdirSync(binariesFolder) : [];
  const usable = versions
    .filter((version) => Number(version) >= versionMin && existsSync(path.join(binariesFolder, version, 'bin/initdb')))
    .sort((a, b) => Number(b) - Number(a));
  return usable[0] === undefined ? null : path.join(binariesFolder, usable[0], 'bin');
}

/** Uses `DATABASE_URL` when it is set, else starts Postgres on a free loopback port with its data in a temporary folder. */
export async function startPostgres(databaseUrl: string | undefined): Promise<LocalServer> {
  if (databaseUrl !== undefined && databaseUrl !== '') return { address: databaseUrl, stop: async () => undefined };
  const binaries = postgresBinaries();
  if (binaries === null)
    throw new Error(`no Postgres >= ${versionMin} in ${binariesFolder}; set DATABASE_URL to use another one`);
  const isRoot = process.getuid?.() === 0;
  const folder = mkdtempSync(path.join(os.tmpdir(), 'hookline-postgres-'));
  if (isRoot) chownSync(folder, nobody.uid, nobody.gid);
  const identity = isRoot ? { identity: nobody } : {};
  const data = path.join(folder, 'data');
  const init = [
    '-D',
    data,
    '-U',
    'postgres',
    '-A',
    'trust',
    '-E',
    'UTF8',
    '--locale=C',
    '--no-sync',
    '--no-instructions',
  ];
  const env = { LC_ALL: 'C', PGUSER: 'postgres' };
  execFileSync(path.join(binaries, 'initdb'), init, {
    stdio: 'pipe',
    env: { ...process.env, ...env },
    ...identity.identity,
  });
  const port = await freePort();
  const logFile = path.join(os.tmpdir(), path.basename(folder), 'postgres.log');
  const options = settings.flatMap((setting) => ['-c', setting]);
  const start = async () => {
    const child = startProcess({
      command: path.join(binaries, 'postgres'),
      args: ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', folder, ...options],
      ...{ logFile, env, ...identity },
    });
    const isReady = () =>
      existsSync(logFile) && readFileSync(logFile, 'utf8').trimEnd().endsWith('ready to accept connections');
    await waitFor(isReady, { what: 'Postgres', limitMs: startMsMax, child, detail: () => tailOf(logFile) });
    return child;
  };
  mkdirSync(path.dirname(logFile), { recursive: true });
  let child = await start();
  return {
    address: `postgres://postgres@127.0.0.1:${port}/postgres`,
    crash: () => stopProcess(child, 'SIGQUIT'),
    revive: async () => {
      child = await start();
    },
    stop: async () => {
      await stopProcess(child, 'SIGINT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
