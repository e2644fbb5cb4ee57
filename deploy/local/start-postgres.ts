import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { findPostgres } from './find-programs.js';
import { installMissing } from './install-missing.js';
import { freePort, type LocalServer, startProcess, stopProcess, tailOf } from './local-process.js';
import { missingForPostgres } from './needs.js';
import { type Identity, serverFolder } from './run-folder.js';
import { waitFor } from './wait-for.js';

const startMsMax = 30_000;
const initMsMax = 60_000;
/** A local server may lose its last second with the machine; real ones keep their defaults. TCP only: a socket's path has a limit. */
const settings = [
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'max_connections=300',
  'unix_socket_directories=',
];
const initOptions = ['-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync', '--no-instructions'];
const env = { LC_ALL: 'C', PGUSER: 'postgres' };

/** Uses `DATABASE_URL` when it is set, else starts Postgres on a free loopback port; `ownSettings` come after the launcher's and win. */
export async function startPostgres(
  databaseUrl: string | undefined,
  say: (line: string) => void = () => undefined,
  ownSettings: readonly string[] = [],
): Promise<LocalServer> {
  if (databaseUrl !== undefined && databaseUrl !== '') return { address: databaseUrl, stop: async () => undefined };
  await installMissing(missingForPostgres(), say);
  const programs = findPostgres();
  if (programs === null) throw new Error('Postgres is missing after it was installed');
  const owner = process.getuid?.() === 0 ? nobody() : null;
  const folder = serverFolder('postgres', owner, say);
  const data = path.join(folder, 'data');
  initialize(path.join(programs, 'initdb'), data, owner);
  const port = await freePort();
  const logFile = path.join(folder, 'postgres.log');
  const options = [...settings, ...ownSettings].flatMap((setting) => ['-c', setting]);
  const start = async () => {
    const child = startProcess({
      command: path.join(programs, 'postgres'),
      args: ['-D', data, '-p', String(port), '-h', '127.0.0.1', ...options],
      ...{ logFile, env: { ...process.env, ...env }, ...(owner === null ? {} : { identity: owner }) },
    });
    const ready = () => isReady(data, child.pid);
    await waitFor(ready, { what: 'Postgres', limitMs: startMsMax, child, detail: () => tailOf(logFile) });
    return child;
  };
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

/** Postgres refuses to run as root, so it runs as the user who owns nothing. */
function nobody(): Identity {
  const { stdout } = spawnSync('id', ['-u', 'nobody'], { encoding: 'utf8' });
  const id = Number(stdout?.trim() || 65_534);
  return { uid: id, gid: id };
}

function initialize(initdb: string, data: string, owner: Identity | null): void {
  const { status, stdout, stderr } = spawnSync(initdb, ['-D', data, ...initOptions], {
    ...{ encoding: 'utf8', timeout: initMsMax, cwd: path.dirname(data) },
    ...{ env: { ...process.env, ...env }, ...owner },
  });
  if (status !== 0) throw new Error(`initdb failed (exit ${status}):\n${stdout}${stderr}`);
}

/** Postgres writes its state into its pid file (`postmaster.pid`, line 8), where pg_ctl looks as well. */
function isReady(data: string, pid: number | undefined): boolean {
  const file = path.join(data, 'postmaster.pid');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
}
