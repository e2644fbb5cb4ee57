import { describe, expect, it } from 'vitest';
import { appParts, chaosPlan, type PlannedFault, soakFaults } from './chaos-plan.js';

const seeds = Array.from({ length: 50 }, (_, i) => i * 7_919);

function names(plan: readonly PlannedFault[]): ReadonlySet<string> {
  return new Set(plan.map(({ kind, part }) => `${kind} ${part}`));
}

describe('the plan of a chaos run', () => {
  it('kills the renderer and a dispatcher while Postgres is slow, within 90 seconds', () => {
    for (const seed of seeds) {
      const plan = chaosPlan(seed, 90);
      const slow = plan.filter(({ kind, part }) => kind === 'slow' && part === 'postgres');
      const isWithin = (atMs: number) => slow.some((fault) => fault.atMs < atMs && atMs <= fault.atMs + fault.forMs);
      const killed = plan.filter(({ kind, atMs }) => kind === 'kill' && isWithin(atMs)).map(({ part }) => part);
      expect(killed, `seed ${seed}`).toContain('renderer');
      expect(
        killed.some((part) => part.startsWith('dispatcher')),
        `seed ${seed}`,
      ).toBe(true);
    }
  });

  it('is the same for the same seed and seconds, and another one for another seed', () => {
    expect(chaosPlan(7, 600)).toEqual(chaosPlan(7, 600));
    expect(chaosPlan(7, 600)).not.toEqual(chaosPlan(8, 600));
  });

  it('begins as a longer one of the same seed does', () => {
    for (const lane of ['apps', 'servers'] as const) {
      const of = (seconds: number) => chaosPlan(7, seconds).filter((fault) => fault.lane === lane);
      expect(of(600).slice(0, of(90).length)).toEqual(of(90));
    }
  });

  it('never has more than two faults under way, one of them to an app and one to a server or the machine', () => {
    for (const seed of seeds)
      for (const lane of ['apps', 'servers'] as const) {
        const plan = chaosPlan(seed, 600).filter((fault) => fault.lane === lane);
        for (const [i, fault] of plan.entries())
          expect(fault.atMs + fault.forMs, `seed ${seed}`).toBeLessThan(plan[i + 1]?.atMs ?? Number.POSITIVE_INFINITY);
      }
  });

  it('ends with everything healed', () => {
    for (const seed of seeds)
      for (const { atMs, forMs } of chaosPlan(seed, 90)) expect(atMs + forMs).toBeLessThanOrEqual(88_000);
  });

  it('kills and freezes a dispatcher, loses answers and restarts both servers within 90 seconds', () => {
    for (const seed of seeds) {
      const found = names(chaosPlan(seed, 90));
      const ofDispatchers = (kind: string) => found.has(`${kind} dispatcher-1`) || found.has(`${kind} dispatcher-2`);
      expect([ofDispatchers('kill'), ofDispatchers('freeze')], `seed ${seed}`).toEqual([true, true]);
      for (const fault of ['kill renderer', 'lose-answers kafka', 'restart kafka', 'restart postgres'])
        expect(found, `seed ${seed}`).toContain(fault);
    }
  });

  it('leads to each dangerous state twice at least within 90 seconds, whatever the seed', () => {
    for (const seed of seeds) {
      const plan = chaosPlan(seed, 90);
      const countOf = (kind: string, part: string) =>
        plan.filter((fault) => fault.kind === kind && fault.part.startsWith(part)).length;
      // In flight and out of lease: dispatchers that are killed with requests out. Written twice: answers that are lost.
      expect(countOf('kill', 'dispatcher'), `seed ${seed}`).toBeGreaterThanOrEqual(2);
      expect(countOf('lose-answers', 'kafka'), `seed ${seed}`).toBeGreaterThanOrEqual(2);
    }
  });

  it('of a soak run goes on for ever, does everything to everything in each round, and is the same for the same seed', () => {
    const first = (seed: number, count: number) => {
      const faults = soakFaults(seed);
      return Array.from({ length: count }, () => faults.next().value);
    };
    const round = first(7, 31);
    expect(names(first(8, 4))).toEqual(names(round.slice(0, 4)));
    const found = names(round);
    for (const part of appParts)
      for (const kind of ['kill', 'freeze', 'stop']) expect(found).toContain(`${kind} ${part}`);
    for (const part of ['kafka', 'postgres'])
      for (const kind of ['restart', 'cut', 'slow']) expect(found).toContain(`${kind} ${part}`);
    expect(first(7, 100)).toEqual(first(7, 100));
    expect(first(7, 100)).not.toEqual(first(8, 100));
  });

  it('does everything to everything within ten minutes', () => {
    for (const seed of seeds) {
      const found = names(chaosPlan(seed, 600));
      for (const part of appParts)
        for (const kind of ['kill', 'freeze', 'stop']) expect(found, `seed ${seed}`).toContain(`${kind} ${part}`);
      for (const part of ['kafka', 'postgres'])
        for (const kind of ['restart', 'cut', 'slow']) expect(found, `seed ${seed}`).toContain(`${kind} ${part}`);
      expect(found, `seed ${seed}`).toContain('starve cpu');
    }
  });
});
