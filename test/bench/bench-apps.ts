import path from 'node:path';
import type { Environment } from '#runtime/config';
import { type DemoApp, type DemoAppName, lostText, stopApps } from '../../deploy/local/demo/demo-apps.js';
import type { Teardown } from '../../deploy/local/demo/teardown.js';
import { freePort, startProcess } from '../../deploy/local/local-process.js';
import { topFolder } from '../../deploy/local/run-folder.js';

/** How apps are started. */
export interface AppStart {
  readonly folder: string;
  readonly env: Environment;
  /** Options of Node for single apps, e.g. an inspector. */
  readonly nodeOptions: Readonly<Partial<Record<DemoAppName, readonly string[]>>>;
  readonly teardown: Teardown;
  readonly onLost: (reason: Error) => void;
}

/** Starts one built app; what it logs goes to a file, as to any collector's pipe. */
export async function startApp(name: DemoAppName, start: AppStart): Promise<DemoApp> {
  const { folder, env, nodeOptions, teardown, onLost } = start;
  const httpPort = await freePort();
  const logFile = path.join(folder, `${name}.log`);
  const main = path.join(topFolder, 'dist/apps', name, 'src/main.js');
  const listen = { HTTP_LISTEN: `127.0.0.1:${httpPort}` };
  const args = [...(nodeOptions[name] ?? []), main];
  const child = startProcess({ command: process.execPath, args, logFile, env: { ...env, ...listen } });
  const app = { name, child, logFile, httpPort };
  let isWanted = true;
  child.once('exit', () => {
    if (isWanted) onLost(new Error(lostText(app)));
  });
  teardown.add(`the ${name}`, async () => {
    isWanted = false;
    await stopApps([app]);
  });
  return app;
}
