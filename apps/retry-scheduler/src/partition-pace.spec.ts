import { describe, expect, it } from 'vitest';
import { PartitionPace } from './partition-pace.js';

const nowMs = 1_000_000;

function readTo(...readToMs: readonly number[]) {
  return readToMs.map((ms, partition) => ({ topic: 'deliveries', partition, readToMs: ms, begunToMs: ms }));
}

describe('the pace of a partition', () => {
  it('has room only while the partition is read within five seconds', () => {
    const round = new PartitionPace().round(readTo(nowMs, nowMs - 5_001), nowMs);
    expect([0, 1, 2].map((partition) => round.room(partition))).toEqual([500, 0, 0]);
    expect([...round.readMs.keys()]).toEqual([0]);
  });

  it('has room for 500 together, and for more once those were read', () => {
    const pace = new PartitionPace();
    const round = pace.round(readTo(nowMs), nowMs);
    round.take(0, 200);
    expect(round.room(0)).toBe(300);
    expect(pace.round(readTo(nowMs), nowMs + 1_000).room(0)).toBe(0);
    expect(pace.round(readTo(nowMs + 1), nowMs + 1_000).room(0)).toBe(500);
  });

  it('goes by what has begun: work that lasts is no reason to write nothing', () => {
    const slow = [{ topic: 'deliveries', partition: 0, readToMs: nowMs - 14_000, begunToMs: nowMs }];
    expect(new PartitionPace().round(slow, nowMs).room(0)).toBe(500);
  });

  it('is not used up by nothing', () => {
    const pace = new PartitionPace();
    pace.round(readTo(nowMs), nowMs).take(0, 0);
    expect(pace.round(readTo(nowMs), nowMs + 1).room(0)).toBe(500);
  });
});
