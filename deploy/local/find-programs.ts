import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** The least versions that run what we start. */
export const javaVersionMin = 17;
export const postgresVersionMin = 15;

const javaHomes = ['/usr/lib/jvm', '/Library/Java/JavaVirtualMachines', '/opt/java'];
const homebrewFolders = ['/opt/homebrew/opt', '/usr/local/opt', '/home/linuxbrew/.linuxbrew/opt'];
const probeMsMax = 20_000;
/** What was found stays; what was not is looked for again, for it may have been installed. */
let java: string | null = null;
let postgres: string | null = null;

/** The `java` to run; the one of JAVA_HOME, of the PATH, or of the usual places that is new enough. Null when there is none. */
export function findJava(): string | null {
  java ??= searchJava();
  return java;
}

function searchJava(): string | null {
  const home = process.env['JAVA_HOME'];
  const candidates = [
    ...(home === undefined ? [] : [path.join(home, 'bin/java')]),
    'java',
    ...javaHomes.flatMap((folder) =>
      below(folder).flatMap((one) => [`${one}/bin/java`, `${one}/Contents/Home/bin/java`]),
    ),
    ...homebrew(/^openjdk(@\d+)?$/).map((folder) => `${folder}/bin/java`),
  ];
  return candidates.find((one) => javaVersion(one) >= javaVersionMin) ?? null;
}

/** `mvn`, or null when there is none. */
export function findMaven(): string | null {
  return (
    ['mvn', '/usr/share/maven/bin/mvn', '/opt/homebrew/bin/mvn'].find((mvn) => output(mvn, ['-v']) !== null) ?? null
  );
}

/** The folder of the newest Postgres server programs of at least version 15; null when there are none. */
export function findPostgres(): string | null {
  postgres ??= searchPostgres();
  return postgres;
}

function searchPostgres(): string | null {
  const debian = below('/usr/lib/postgresql').map((folder) => `${folder}/bin`);
  const redHat = below('/usr')
    .filter((folder) => /\/pgsql-\d+$/.test(folder))
    .map((folder) => `${folder}/bin`);
  const brewed = homebrew(/^postgresql(@\d+)?$/).map((folder) => `${folder}/bin`);
  const asked = output('pg_config', ['--bindir'])?.trim();
  const inPath = (process.env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
  const mac = below('/Applications/Postgres.app/Contents/Versions').map((folder) => `${folder}/bin`);
  const folders = [...debian, ...redHat, ...brewed, ...mac, ...(asked === undefined ? [] : [asked]), ...inPath];
  const found = [...new Set(folders)]
    .filter((folder) => existsSync(path.join(folder, 'initdb')))
    .map((folder) => ({ folder, version: postgresVersion(folder) }))
    .filter(({ version }) => version >= postgresVersionMin)
    .sort((a, b) => b.version - a.version);
  return found[0]?.folder ?? null;
}

/** `17` of `openjdk version "17.0.15"`, `8` of `"1.8.0_402"`; 0 when it does not run. */
function javaVersion(program: string): number {
  const match = /version "(?:1\.)?(\d+)/.exec(output(program, ['-version']) ?? '');
  return Number(match?.[1] ?? 0);
}

function postgresVersion(folder: string): number {
  return Number(/\s(\d+)/.exec(output(path.join(folder, 'postgres'), ['--version']) ?? '')?.[1] ?? 0);
}

/** What a program prints; null when it cannot be run or fails. */
function output(command: string, args: readonly string[]): string | null {
  if (path.isAbsolute(command) && !existsSync(command)) return null;
  const { status, stdout, stderr } = spawnSync(command, [...args], { encoding: 'utf8', timeout: probeMsMax });
  return status === 0 ? stdout + stderr : null;
}

function below(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).map((name) => path.join(folder, name)) : [];
}

function homebrew(name: RegExp): readonly string[] {
  return homebrewFolders.flatMap((folder) => below(folder).filter((one) => name.test(path.basename(one))));
}
