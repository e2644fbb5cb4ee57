import { describe, expect, it } from 'vitest';
import { LaneQueue } from './lane-queue.js';

function setup() {
  const queue = new LaneQueue<string>();
  const told: string[] = [];
  const add = (name: string, isFresh: boolean) => queue.add((turn) => void told.push(`${name} ${turn}`), isFresh);
  const takeAll = () => {
    for (let next = queue.next(); next !== undefined; next = queue.next()) {
      queue.delete(next);
      next('in');
    }
    return told.splice(0);
  };
  return { queue, add, takeAll, told };
}

describe('who waits in a lane', () => {
  it('comes in its order', () => {
    const { add, takeAll } = setup();
    for (const name of ['a', 'b', 'c']) add(name, false);
    expect(takeAll()).toEqual(['a in', 'b in', 'c in']);
  });

  it('comes three fresh ones to one of the others while there are both', () => {
    const { add, takeAll } = setup();
    for (const name of ['o1', 'o2', 'o3']) add(name, false);
    for (const name of ['f1', 'f2', 'f3', 'f4', 'f5']) add(name, true);
    expect(takeAll()).toEqual(['f1', 'f2', 'f3', 'o1', 'f4', 'f5', 'o2', 'o3'].map((name) => `${name} in`));
  });

  it('is too many from the youngest of the others on', () => {
    const { queue, add, told } = setup();
    for (const name of ['o1', 'o2']) add(name, false);
    for (const name of ['f1', 'f2']) add(name, true);
    for (const waiter of queue.tooMany(1)) waiter('out');
    expect(told).toEqual(['o2 out', 'o1 out', 'f2 out']);
    expect(queue.size).toBe(4);
  });
});
