import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** A program that is not there. */
export interface MissingProgram {
  readonly what: string;
  /** Debian's packages that bring it, the best first; none where it is no package. */
  readonly packages: readonly string[];
}

const installMsMax = 10 * 60_000;
/** Debian makes and starts a database of its own with the package, unless this says no; ours only needs the programs. */
const noOwnCluster = '/etc/postgresql-common/createcluster.d/hookline.conf';

/** Whether installing has been forbidden. */
export function mayInstall(): boolean {
  return process.env['HOOKLINE_NO_INSTALL'] !== '1';
}

/** Whether `installMissing` would install and not fail. */
export function canInstall(): boolean {
  return (
    mayInstall() && process.getuid?.() === 0 && existsSync('/etc/debian_version') && existsSync('/usr/bin/apt-get')
  );
}

/** On Debian as root installs the programs by apt-get; elsewhere throws one error that names the ways out. */
export async function installMissing(missing: readonly MissingProgram[], say: (line: string) => void): Promise<void> {
  if (missing.length === 0) return;
  if (!canInstall()) throw new Error(waysOut(missing));
  say('refreshing the list of packages (apt-get update)');
  await apt(['update'], say);
  const packages = missing.map(({ packages: candidates }) => candidates.find(isKnown) ?? candidates[0] ?? '');
  say(`installing ${packages.join(', ')} on this machine (apt-get install)`);
  const isConfigured = existsSync(noOwnCluster);
  mkdirSync(path.dirname(noOwnCluster), { recursive: true });
  if (!isConfigured) writeFileSync(noOwnCluster, 'create_main_cluster = false\n');
  try {
    await apt(['install', '-y', '--no-install-recommends', ...packages], say);
  } finally {
    if (!isConfigured) rmSync(noOwnCluster, { force: true });
  }
}

/** What is missing and every way to go on, in words. */
export function waysOut(missing: readonly MissingProgram[]): string {
  const packages = missing.map(({ packages: [first = ''] }) => first).filter((name) => name !== '');
  const apt = `  - Debian, Ubuntu: apt-get install ${packages.join(' ')} (run as root this is done for you)`;
  const brew = '  - macOS: brew install openjdk@17 maven postgresql@16; elsewhere the same from your package manager';
  const forbidden = mayInstall() ? '' : ' HOOKLINE_NO_INSTALL=1 forbids installing it.';
  return [
    `Missing: ${missing.map(({ what }) => what).join('; ')}.${forbidden}`,
    'Ways out, any one of them:',
    ...(mayInstall() ? [] : ['  - unset HOOKLINE_NO_INSTALL']),
    ...(packages.length === 0 ? [] : [apt, brew]),
    '  - servers you have: set KAFKA_BROKERS=host:port and DATABASE_URL=postgres://user:password@host:port/database',
    '  - Docker: docker compose -f deploy/compose.yaml up -d --wait, then export the two lines at the top of that file',
  ].join('\n');
}

function isKnown(name: string): boolean {
  const { stdout } = spawnSync('apt-cache', ['policy', name], { encoding: 'utf8' });
  return /Candidate: (?!\(none\))/.test(stdout);
}

/** Runs apt-get and repeats what it fetches and sets up; throws with the end of its output when it fails. */
async function apt(args: readonly string[], say: (line: string) => void): Promise<void> {
  const child = spawn('apt-get', ['-o', 'Dpkg::Use-Pty=0', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    timeout: installMsMax,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      for (const line of chunk.toString().split('\n'))
        if (/^(Get:|Setting up|Need to get)/.test(line)) say(`  ${line.trim()}`);
    });
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('exit', resolve);
  });
  if (exitCode !== 0)
    throw new Error(`apt-get ${args[0]} failed (exit ${exitCode ?? 'by the time limit'}):\n${output.slice(-1_500)}`);
}
