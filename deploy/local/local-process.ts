import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { watchedByGuard } from './process-guard.js';

/** A server that runs on this machine for a demo or a test run. */
export interface LocalServer {
  /** `host:port` list of brokers, or the URL of a database. */
  readonly address: string;
  /** Ends it and removes its data; does nothing to a server that was there before. */
  stop(): Promise<void>;
  /** Ends the process as an outage does; its port and data stay. Undefined for a server that was there before. */
  readonly crash?: () => Promise<void>;
  /** Starts it again on the same port and data. */
  readonly revive?: () => Promise<void>;
}

const running = new Set<ChildProcess>();

/** What is started. */
export interface SpawnRequest {
  readonly command: string;
  readonly args: readonly string[];
  readonly logFile: string;
  /** All of its environment; ours when absent. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** User and group to run as; only root may choose. */
  readonly identity?: { readonly uid: number; readonly gid: number };
}

/** Starts a process whose output goes to a file. It never outlives this process, however this one ends. */
export function startProcess({ command, args, logFile, env = process.env, identity }: SpawnRequest): ChildProcess {
  mkdirSync(path.dirname(logFile), { recursive: true });
  const output = openSync(logFile, 'a');
  const child = spawn(command, [...args], {
    stdio: ['ignore', output, output],
    detached: true, // Ctrl-C in the terminal reaches us first, and we stop things in order
    env: { ...env },
    ...identity,
  });
  closeSync(output);
  running.add(child);
  const unwatch = watchedByGuard(child.pid);
  const ended = () => {
    running.delete(child);
    unwatch();
  };
  child.once('exit', ended).once('error', ended);
  return child;
}

/** Process ids of everything that was started here and still runs. */
export function runningPids(): readonly number[] {
  return [...running].flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
}

/** Whether a process has ended, or never began. */
export function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

/** Ends a process and waits for it; SIGKILL after `patienceMs`. */
export async function stopProcess(child: ChildProcess, signal: NodeJS.Signals, patienceMs = 15_000): Promise<void> {
  if (hasEnded(child)) return;
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  child.kill(signal);
  const impatient = setTimeout(() => killGroup(child), patienceMs);
  await ended;
  clearTimeout(impatient);
}

/** Ends everything that was started here and still runs, at once and without waiting. */
export function killEverything(): void {
  for (const child of running) killGroup(child);
}

/** Every process is the leader of a group of its own: what it started itself ends with it. */
function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL'); // the group is gone already
  }
}

/** The last lines of a log, for an error's text. */
export function tailOf(logFile: string): string {
  return existsSync(logFile) ? readFileSync(logFile, 'utf8').split('\n').slice(-20).join('\n') : '(no output)';
}

/** Below what systems give to outgoing connections, one of which could take a port before its server listens. */
const [firstPort, lastPort] = [15_000, 32_000] as const;
const portTriesMax = 50;

/** A port of the loopback interface that nobody listens on now. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < portTriesMax; tries++) {
    const port = randomInt(firstPort, lastPort);
    if (await canListen(port)) return port;
  }
  throw new Error(`no free port was found from ${firstPort} to ${lastPort}`);
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

// Whatever ends this process ends what it started.
process.once('exit', killEverything);
