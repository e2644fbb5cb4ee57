import { describe, expect, it } from 'vitest';
import { subtractIdle, systemCpuSeconds, usedBetween } from './components.js';
import { countedOf, noAside } from './programs/aside.js';

const used = (cpuSeconds: number, writes = 0, residentMiBMax = 0) => ({ cpuSeconds, writes, residentMiBMax });

describe('what the components used', () => {
  it('is the difference of two looks, and the most memory of the later one', () => {
    const before = { kafka: used(5, 100, 200) };
    expect(usedBetween(before, { kafka: used(7.5, 130, 210) })).toEqual({ kafka: used(2.5, 30, 210) });
  });

  it('is the system without generator, receiver, bare loop and what only idles', () => {
    const usage = { kafka: used(1), postgres: used(2), dispatcher: used(4), generator: used(8), receiver: used(16) };
    expect(systemCpuSeconds(usage)).toBe(7);
    expect(systemCpuSeconds({ kafka: used(1), 'bare loop': used(2), 'idle dispatcher': used(4) })).toBe(3);
  });

  it('is never less than nothing without the idle use', () => {
    const idle = { kafka: used(0.1, 10), dispatcher: used(0.5) };
    const rest = subtractIdle({ kafka: used(3, 50), dispatcher: used(1) }, idle, 4);
    expect(rest['kafka']?.cpuSeconds).toBeCloseTo(2.6);
    expect(rest['kafka']?.writes).toBe(10);
    expect(rest['dispatcher']?.cpuSeconds).toBe(0);
  });
});

describe('the numbers that are counted', () => {
  it('are all of them unless an endpoint is aside', () => {
    expect(countedOf({ from: 3, count: 17, endpoints: 5 }, noAside)).toBe(17);
  });

  it.each([0, 1, 4, 5, 7])('leave out those of endpoint 0, from %d', (from) => {
    const numbers = Array.from({ length: 23 }, (_, i) => from + i);
    const aside = { path: '/e0', hangs: true };
    expect(countedOf({ from, count: 23, endpoints: 5 }, aside)).toBe(numbers.filter((n) => n % 5 !== 0).length);
  });
});
