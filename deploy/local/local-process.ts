import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';

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

/** Everything that is downloaded or written lies here; git ignores it. */
export const localFolder = path.resolve(
  import.meta.dirname.replace(/([/\\])dist[/\\]deploy[/\\]local$/, '$1deploy$1local'),
  '../../.local',
);

const running = new Set<ChildProcess>();

/** What is started. */
export interface SpawnRequest {
  readonly command: string;
  readonly args: readonly string[];
  readonly logFile: string;
  readonly env?: Readonly<Record<string, string>>;
  /** User and group to run as; only root may choose. */
  readonly identity?: { readonly uid: number; readonly gid: number };
}

/** Starts a process whose output goes to a file; it never outlives this process. */
export function startProcess({ command, args, logFile, env = {}, identity }: SpawnRequest): ChildProcess {
  mkdirSync(path.dirname(logFile), { recursive: true });
  const child = spawn(command, [...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // Ctrl-C in the terminal reaches us first, and we stop things in order
    env: { ...process.env, ...env },
    ...identity,
  });
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => appendFileSync(logFile, chunk));
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** Ends a process and waits for it; SIGKILL after `patienceMs`. */
export async function stopProcess(child: ChildProcess, signal: NodeJS.Signals, patienceMs = 15_000): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  child.kill(signal);
  const impatient = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  await ended;
  clearTimeout(impatient);
}

/** The last lines of a log, for an error's text. */
export function tailOf(logFile: string): string {
  return existsSync(logFile) ? readFileSync(logFile, 'utf8').split('\n').slice(-20).join('\n') : '(no output)';
}

/** A port of the loopback interface that nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

// Whatever ends this process ends what it started.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
