import { describe, expect, it } from 'vitest';
import { NumberList } from './number-list.js';

describe('a list of numbers', () => {
  it('sorts what it was given and counts what came again, beyond its first size', () => {
    const list = new NumberList();
    expect([list.length, list.repeated()]).toEqual([0, 0]);
    for (let n = 5_000; n > 0; n--) list.push(n * 1e9);
    list.push(1e9);
    list.push(1e9);
    list.push(-3);
    expect(list.repeated()).toBe(2);
    expect([...list.sorted().slice(0, 4)]).toEqual([-3, 1e9, 1e9, 1e9]);
    expect(list.length).toBe(5_003);
  });
});
