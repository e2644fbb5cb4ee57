import { readdirSync, readFileSync } from 'node:fs';

/** What one component has used since its processes began. */
export interface ProcFigures {
  /** User and system time of its processes and of those they have reaped, seconds. */
  readonly cpuSeconds: number;
  /** Calls of write and its kin (files and Node's and Java's sockets; Postgres' socket writes are sends, which are not counted). */
  readonly writes: number;
  /** Most memory that was resident at once, MiB; of Postgres the sum over its live processes, shared pages counted each time. */
  readonly residentMiBMax: number;
}

/** Linux counts process time in hundredths of a second, whatever the kernel's own tick is. */
const ticksPerSecond = 100;
/** Fields of /proc/<pid>/stat after the name: `man 5 proc`. */
const field = { parent: 1, userTicks: 11, systemTicks: 12, reapedUserTicks: 13, reapedSystemTicks: 14 } as const;

/** Sums a process and, where it keeps children for its work as Postgres does, these. Throws when the process is gone. */
export function figuresOf(pid: number, withChildren = false): ProcFigures {
  const own = statOf(pid);
  if (own === null) throw new Error(`process ${pid} is gone`);
  const children = withChildren ? childrenOf(pid) : [];
  const childTicks = children.map((child) => {
    const stat = statOf(child);
    return stat === null ? 0 : at(stat, field.userTicks) + at(stat, field.systemTicks);
  });
  const { userTicks, systemTicks, reapedUserTicks, reapedSystemTicks } = field;
  const ownTicks = [userTicks, systemTicks, reapedUserTicks, reapedSystemTicks].map((place) => at(own, place));
  const all = [pid, ...children];
  return {
    cpuSeconds: sum([...ownTicks, ...childTicks]) / ticksPerSecond,
    writes: sum(all.map((one) => numberIn(`/proc/${one}/io`, /^syscw: (\d+)$/m))),
    residentMiBMax: Math.round(sum(all.map((one) => numberIn(`/proc/${one}/status`, /^VmHWM:\s+(\d+) kB$/m))) / 1_024),
  };
}

function statOf(pid: number): readonly string[] | null {
  const text = textOf(`/proc/${pid}/stat`);
  // The name stands in brackets and may hold spaces and brackets itself.
  return text === null ? null : text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function childrenOf(pid: number): readonly number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((other) => {
    const stat = statOf(other);
    return stat !== null && at(stat, field.parent) === pid;
  });
}

function at(stat: readonly string[], place: number): number {
  return Number(stat[place] ?? 0);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** 0 where the process has gone or the file is not ours to read. */
function numberIn(file: string, pattern: RegExp): number {
  return Number(pattern.exec(textOf(file) ?? '')?.[1] ?? 0);
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null; // processes come and go while they are looked at
  }
}
