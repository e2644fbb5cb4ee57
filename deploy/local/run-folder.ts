import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { guardFolder } from './process-guard.js';

/** The repository's top, from the source as well as from `dist`. */
export const topFolder = path.resolve(
  import.meta.dirname.replace(/([/\\])dist[/\\]deploy[/\\]local$/, '$1deploy$1local'),
  '../..',
);

/** Everything that is downloaded or written lies here; git ignores it. */
export const localFolder = path.join(topFolder, '.local');

/** A user and a group. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

const fallbackFolder = path.join(os.tmpdir(), `hookline-${process.getuid?.() ?? 0}`);
const runName = /^(?:run|demo)-(\d+)$/;
let made: string | null = null;

/**
 * The folder of this process, `.local/<kind>-<pid>`, made at the first call; every server has a folder in it. What dead
 * processes left behind is removed first. Where `.local` cannot be written, the temporary folder takes its place.
 */
export function runFolder(kind: 'run' | 'demo' = 'run', say: (line: string) => void = () => undefined): string {
  if (made !== null) return made;
  for (const parent of [localFolder, fallbackFolder]) removeStale(parent);
  const name = `${kind}-${process.pid}`;
  try {
    made = path.join(localFolder, name);
    mkdirSync(made, { recursive: true });
  } catch (error) {
    made = path.join(fallbackFolder, name);
    say(`${localFolder} cannot be written (${String(error)}): data goes to ${made}`);
    mkdirSync(made, { recursive: true });
  }
  guardFolder(made);
  return made;
}

/** The folder of this process; null before it was made and after it was removed. */
export function madeRunFolder(): string | null {
  return made;
}

/** Removes the folder of this process. */
export function removeRunFolder(): void {
  if (made === null) return;
  rmSync(made, { recursive: true, force: true });
  made = null;
  guardFolder(null);
}

/** Leaves the folder of this process behind: the next start removes it. */
export function keepRunFolder(): void {
  guardFolder(null);
}

/** A folder that `owner` can enter and write; below the run's folder, or, where the owner cannot reach that, a temporary one. */
export function serverFolder(name: string, owner: Identity | null, say: (line: string) => void): string {
  const folder = mkdtempSync(path.join(runFolder('run', say), `${name}-`));
  if (owner === null) return folder;
  chownSync(folder, owner.uid, owner.gid);
  const reached = spawnSync('/bin/sh', ['-c', 'cd "$1" && test -w .', 'sh', folder], { ...owner, cwd: '/' });
  if (reached.status === 0) return folder;
  rmSync(folder, { recursive: true });
  const elsewhere = mkdtempSync(path.join(os.tmpdir(), `hookline-${name}-`));
  chownSync(elsewhere, owner.uid, owner.gid);
  say(`the user who runs ${name} cannot reach ${localFolder}: its data goes to ${elsewhere}`);
  return elsewhere;
}

function removeStale(parent: string): void {
  for (const name of existsSync(parent) ? readdirSync(parent) : []) {
    const pid = Number(runName.exec(name)?.[1] ?? 0);
    if (pid === 0 || pid === process.pid || isAlive(pid)) continue;
    rmSync(path.join(parent, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'; // alive, but another user's
  }
}
