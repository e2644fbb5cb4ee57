import type { BenchStage } from './bench-stage.js';
import { figuresOf, type ProcFigures } from './proc-figures.js';

/** What each component has used, by its name. */
export type Usage = Readonly<Record<string, ProcFigures>>;

/** What does not belong to the system that is measured. */
const outside: ReadonlySet<string> = new Set(['generator', 'receiver', 'bare']);
/** Before the name of a component that only idles while another is measured. */
export const idlePrefix = 'idle ';

/** Looks at every component at once. */
export function usageOf(stage: BenchStage): Usage {
  const { servers, apps, generator, receiver, bare } = stage;
  return {
    ...Object.fromEntries(apps.map(({ name, child }) => [name, figuresOf(child.pid ?? 0)])),
    kafka: figuresOf(servers.kafkaPid),
    postgres: figuresOf(servers.postgresPid, true),
    generator: figuresOf(generator.pid),
    receiver: figuresOf(receiver.pid),
    bare: figuresOf(bare.pid),
  };
}

/** What was used between two looks; memory is the most since the process began. */
export function usedBetween(before: Usage, after: Usage): Usage {
  return Object.fromEntries(
    Object.entries(after).map(([name, { cpuSeconds, writes, residentMiBMax }]) => [
      name,
      {
        cpuSeconds: cpuSeconds - (before[name]?.cpuSeconds ?? 0),
        writes: writes - (before[name]?.writes ?? 0),
        residentMiBMax,
      },
    ]),
  );
}

/** CPU of the apps, Kafka and Postgres together, seconds. */
export function systemCpuSeconds(used: Usage): number {
  return Object.entries(used)
    .filter(([name]) => !outside.has(name) && !name.startsWith(idlePrefix))
    .reduce((sum, [, { cpuSeconds }]) => sum + cpuSeconds, 0);
}

/** What each component uses in a second of doing nothing. */
export function subtractIdle(used: Usage, idlePerSecond: Usage, seconds: number): Usage {
  return Object.fromEntries(
    Object.entries(used).map(([name, figures]) => {
      const idle = idlePerSecond[name];
      const rest = (value: number, idleValue: number) => Math.max(0, value - idleValue * seconds);
      const cpuSeconds = rest(figures.cpuSeconds, idle?.cpuSeconds ?? 0);
      return [name, { ...figures, cpuSeconds, writes: rest(figures.writes, idle?.writes ?? 0) }];
    }),
  );
}
