import { readFileSync } from 'node:fs';
import { runningPids } from '../../deploy/local/local-process.js';
import { figuresOf } from '../bench/proc-figures.js';
import type { ChaosApp } from './chaos-app.js';

/** CPU and memory of one component over all of its processes. */
export interface ComponentUse {
  readonly cpuSeconds: number;
  /** The most that one process had resident at once, MiB; of Postgres all of its processes together. */
  readonly residentMiBMax: number;
}

const lookMs = 2_000;

/** What each process used until it was looked at last: what one uses in its last two seconds before a kill is not counted. */
export class CpuWatch {
  private readonly last = new Map<number, ComponentUse & { readonly name: string }>();
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly apps: readonly ChaosApp[]) {
    this.timer = setInterval(() => this.look(), lookMs);
  }

  stop(): void {
    clearInterval(this.timer);
    this.look();
  }

  /** By component, with the run's own (generator, receiver, proxies, checker) as `chaos`. */
  get used(): Readonly<Record<string, ComponentUse>> {
    const { user, system } = process.cpuUsage();
    const own = {
      cpuSeconds: (user + system) / 1e6,
      residentMiBMax: Math.round(process.resourceUsage().maxRSS / 1_024),
    };
    const sums = new Map<string, ComponentUse>([['chaos', own]]);
    for (const { name, cpuSeconds, residentMiBMax } of this.last.values()) {
      const sum = sums.get(name) ?? { cpuSeconds: 0, residentMiBMax: 0 };
      sums.set(name, {
        cpuSeconds: sum.cpuSeconds + cpuSeconds,
        residentMiBMax: Math.max(sum.residentMiBMax, residentMiBMax),
      });
    }
    return Object.fromEntries([...sums].sort());
  }

  private look(): void {
    const parts = new Map(this.apps.map(({ pid, name }) => [pid, name as string]));
    for (const pid of runningPids()) {
      const name = parts.get(pid) ?? serverOf(pid);
      if (name === null) continue;
      try {
        this.last.set(pid, { name, ...figuresOf(pid, name === 'Postgres') });
      } catch {
        // It ended meanwhile: what was seen last stands.
      }
    }
  }
}

function serverOf(pid: number): string | null {
  try {
    const name = readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
    if (name === 'java') return 'Kafka';
    return name === 'postgres' ? 'Postgres' : null;
  } catch {
    return null; // it is gone
  }
}
