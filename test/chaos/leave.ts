import path from 'node:path';
import type { Teardown } from '../../deploy/local/demo/teardown.js';
import { killEverything } from '../../deploy/local/local-process.js';
import { keepRunFolder, madeRunFolder, removeRunFolder } from '../../deploy/local/run-folder.js';

const failedExit = 1;

/** Ends everything that was started, and this process. The logs of a run that failed stay; `last` is done before the exit. */
export async function leave(
  exitCode: number,
  teardown: Teardown,
  say: (line: string) => void,
  last: () => void = () => undefined,
): Promise<never> {
  const isClean = await teardown.run();
  killEverything();
  const folder = madeRunFolder();
  if (folder !== null && exitCode === failedExit) {
    keepRunFolder();
    say(`the logs are in ${path.relative(process.cwd(), folder)}/ until the next start`);
  } else removeRunFolder();
  last();
  process.exit(isClean || exitCode !== 0 ? exitCode : failedExit);
}
