import type { ChildProcess } from 'node:child_process';
import path from 'node:path';
import type { Environment } from '#runtime/config';
import { freePort, hasEnded, startProcess, stopProcess, tailOf } from '../local-process.js';
import { topFolder } from '../run-folder.js';
import { waitFor } from '../wait-for.js';

const appNames = ['renderer', 'dispatcher', 'retry-scheduler', 'admin'] as const;

export type DemoAppName = (typeof appNames)[number];

const readyMsMax = 60_000;
/** Longer than a drain takes when everything answers. */
const stopMsMax = 20_000;

/** One of the four apps as a process of its own. */
export interface DemoApp {
  readonly name: DemoAppName;
  readonly child: ChildProcess;
  readonly logFile: string;
  readonly httpPort: number;
}

/** The four apps and where the admin's API listens. */
export interface DemoApps {
  readonly apps: readonly DemoApp[];
  /** `host:port`. */
  readonly adminAddress: string;
}

/** Starts the four apps; their output goes to a file each. `onLost` hears of one that ends without being asked. */
export async function startApps(folder: string, env: Environment, onLost: (app: DemoApp) => void): Promise<DemoApps> {
  const grpcPort = await freePort();
  const apps = await Promise.all(
    appNames.map(async (name) => {
      const [httpPort, logFile] = [await freePort(), path.join(folder, `${name}.log`)];
      const listen = { HTTP_LISTEN: `127.0.0.1:${httpPort}`, GRPC_LISTEN: `127.0.0.1:${grpcPort}` };
      const main = path.join(topFolder, 'dist/apps', name, 'src/main.js');
      const child = startProcess({ command: process.execPath, args: [main], logFile, env: { ...env, ...listen } });
      const app = { name, child, logFile, httpPort };
      child.once('exit', () => onLost(app));
      return app;
    }),
  );
  return { apps, adminAddress: `127.0.0.1:${grpcPort}` };
}

/** Resolves when the app's probe says that it is ready; throws with the end of its log. */
export async function appReady({ name, child, logFile, httpPort }: DemoApp): Promise<void> {
  let cause = '';
  const isReady = async () => {
    const probe = await readiness(httpPort);
    cause = probe.cause;
    return probe.ready;
  };
  const detail = () => `${cause}\n${tailOf(logFile)}\n(all of it: ${logFile})`;
  await waitFor(isReady, { what: `the ${name}`, limitMs: readyMsMax, child, detail });
}

/** Ends the apps together: each drains what it has under way. */
export async function stopApps(apps: readonly DemoApp[]): Promise<void> {
  await Promise.all(apps.map(({ child }) => stopProcess(child, 'SIGTERM', stopMsMax)));
}

/** What is said of an app that ended by itself. */
export function lostText({ name, child, logFile }: DemoApp): string {
  const how = hasEnded(child) ? `exit ${child.exitCode ?? child.signalCode}` : 'still running';
  return `the ${name} ended by itself (${how}); the end of ${logFile}:\n${tailOf(logFile)}`;
}

async function readiness(port: number): Promise<{ readonly ready: boolean; readonly cause: string }> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(3_000) });
    return { ready: response.status === 200, cause: await response.text() };
  } catch (error) {
    return { ready: false, cause: `it does not answer: ${error instanceof Error ? error.message : String(error)}` };
  }
}
