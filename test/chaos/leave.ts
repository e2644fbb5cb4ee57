import { renameSync } from 'node:fs';
import path from 'node:path';
import type { Teardown } from '../../deploy/local/demo/teardown.js';
import { killEverything } from '../../deploy/local/local-process.js';
import { keepRunFolder, madeRunFolder, removeRunFolder } from '../../deploy/local/run-folder.js';

const failedExit = 1;

/** What a process ends with. */
export interface Leaving {
  readonly exitCode: number;
  readonly teardown: Teardown;
  readonly say: (line: string) => void;
  /** Where the logs of a run that failed go; without it they stay where they are until the next start. */
  readonly logsFolder?: string;
  /** Done before the exit. */
  readonly last?: () => void;
}

/** Ends everything that was started, and this process. */
export async function leave({ exitCode, teardown, say, logsFolder, last }: Leaving): Promise<never> {
  const isClean = await teardown.run();
  killEverything();
  const folder = madeRunFolder();
  if (folder !== null && exitCode === failedExit) {
    keepRunFolder();
    say(`the logs are in ${keptIn(folder, logsFolder)}`);
  } else removeRunFolder();
  last?.();
  process.exit(isClean || exitCode !== 0 ? exitCode : failedExit);
}

function keptIn(folder: string, logsFolder: string | undefined): string {
  const until = `${path.relative(process.cwd(), folder)}/ until the next start`;
  if (logsFolder === undefined) return until;
  try {
    renameSync(folder, logsFolder);
    return `${logsFolder}/`;
  } catch {
    return until; // another disk
  }
}
