import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { systemClock } from '#domain/clock';
import type { RunCounts } from '../chaos/progress.js';
import type { SoakOptions } from './options.js';

/** Where a run stands, for whoever looks from outside, also after its end. Times are milliseconds since the epoch. */
export interface SoakState {
  readonly pid: number;
  readonly phase: 'starting' | 'loading' | 'draining' | 'judging' | 'ended';
  readonly startedMs: number;
  readonly updatedMs: number;
  readonly events: number;
  readonly seed: number;
  readonly counts: RunCounts | null;
  /** Until the last event is produced, seconds. */
  readonly leftSeconds: number | null;
  /** Once it has ended. */
  readonly exitCode: number | null;
  readonly reportFile: string | null;
}

/** Of one folder the state, replaced as a whole each time, and the log, which only grows. */
export class SoakFolder {
  private constructor(private readonly folder: string) {}

  /** An empty one. Throws in words when a run in it is under way. */
  static begin(folder: string): SoakFolder {
    const before = readState(folder);
    if (before !== null && isUnderWay(before))
      throw new Error(
        `a run (process ${before.pid}) is under way in ${folder}: npm run soak -- --watch, or take another --dir`,
      );
    mkdirSync(folder, { recursive: true });
    for (const name of ['state.json', 'soak.log', 'report.md', 'report.json', 'logs'])
      rmSync(path.join(folder, name), { recursive: true, force: true });
    return new SoakFolder(folder);
  }

  get reportFile(): string {
    return path.join(this.folder, 'report.md');
  }

  /** Of a run that failed. */
  get logsFolder(): string {
    return path.join(this.folder, 'logs');
  }

  log(line: string): void {
    appendFileSync(path.join(this.folder, 'soak.log'), `${line}\n`);
  }

  write(state: Omit<SoakState, 'pid' | 'updatedMs'>): void {
    const file = path.join(this.folder, 'state.json');
    const whole: SoakState = { ...state, pid: process.pid, updatedMs: systemClock.nowMs() };
    writeFileSync(`${file}.next`, `${JSON.stringify(whole, null, 2)}\n`);
    renameSync(`${file}.next`, file); // whoever reads sees one or the other
  }

  writeReport(name: 'report.md' | 'report.json', text: string): void {
    writeFileSync(path.join(this.folder, name), text);
  }
}

/** What the state file of this process' run says. */
export class Standing {
  private readonly startedMs = systemClock.nowMs();
  phase: SoakState['phase'] = 'starting';
  counts: RunCounts | null = null;
  exitCode: number | null = null;

  constructor(
    private readonly folder: SoakFolder,
    private readonly options: SoakOptions,
  ) {}

  write(): void {
    const { phase, counts, exitCode, startedMs } = this;
    const { events, seed } = this.options;
    const leftSeconds = phase === 'loading' && counts !== null ? counts.leftSeconds : null;
    const reportFile = phase === 'ended' ? this.folder.reportFile : null;
    this.folder.write({ phase, startedMs, events, seed, counts, leftSeconds, exitCode, reportFile });
  }

  enter(phase: SoakState['phase']): void {
    this.phase = phase;
    this.write();
  }
}

/** Null: no run was ever in that folder. */
export function readState(folder: string): SoakState | null {
  try {
    return JSON.parse(readFileSync(path.join(folder, 'state.json'), 'utf8')) as SoakState;
  } catch {
    return null;
  }
}

/** Whether its process is there and has not said its last word. */
export function isUnderWay({ phase, pid }: Pick<SoakState, 'phase' | 'pid'>): boolean {
  if (phase === 'ended') return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'; // alive, but another user's
  }
}
