import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** What the figures are of. */
export interface MeasuredOn {
  /** Abbreviated, with `+` behind it when the tree differs from it; null where there is no repository. */
  readonly commit: string | null;
  /** `v20.11.0` */
  readonly node: string;
  readonly cores: number;
}

const gitMsMax = 10_000;

/** Looked at before a run: during a long one somebody may commit. */
export function measuredOn(): MeasuredOn {
  return { commit: commitOf(git), node: process.version, cores: availableParallelism() };
}

/** `run` answers what git prints, or throws where there is no git or no repository. */
export function commitOf(run: (...args: readonly string[]) => string): string | null {
  try {
    const commit = run('rev-parse', '--short', 'HEAD').trim();
    return `${commit}${isChanged(run('status', '--porcelain')) ? '+' : ''}`;
  } catch {
    return null; // an unpacked archive has no commit
  }
}

/** Results of runs before this one may lie about: a new JSON file changes nothing of the product. */
function isChanged(status: string): boolean {
  return status.split('\n').some((line) => line !== '' && !/^\?\? .*\.json$/.test(line));
}

function git(...args: readonly string[]): string {
  const stdio = ['ignore', 'pipe', 'ignore'] as const;
  return execFileSync('git', args, {
    cwd: import.meta.dirname,
    encoding: 'utf8',
    stdio: [...stdio],
    timeout: gitMsMax,
  });
}
