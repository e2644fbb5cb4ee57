import { describe, expect, it } from 'vitest';
import type { EndpointKey } from '#domain/ids';
import { AskPace, type AskRound, type ReadProgress } from './ask-pace.js';

const graceMs = 30_000;
const nowMs = 1_000_000;
const overdueMs = nowMs - graceMs - 10_000;

/** Partitions 0, 1, ... of `deliveries` read up to these instants; one tier partition, read up to now unless given. */
function progress(readToMs: readonly number[], tierReadToMs = nowMs): ReadProgress {
  const deliveries = readToMs.map((ms, partition) => ({ topic: 'deliveries', partition, readToMs: ms, begunToMs: ms }));
  return {
    deliveries,
    tiers: [{ topic: 'retry.5s', partition: 0, readToMs: tierReadToMs, begunToMs: tierReadToMs }],
    tierPartitions: 1,
  };
}

function take(round: AskRound, partition: number, dueMs: number, isInLane = false, endpoint = 'acme/orders') {
  return round.take({ partition, dueMs, isInLane, endpoint: endpoint as EndpointKey });
}

describe('AskPace', () => {
  it('leaves what waits for its lane to its dispatcher where others wait, but for one that was due ten minutes ago', () => {
    const round = new AskPace(graceMs).round(
      {
        ...progress([0]),
        deliveries: [{ topic: 'deliveries', partition: 0, readToMs: nowMs - 6_000, begunToMs: nowMs }],
      },
      nowMs,
    );
    expect(take(round, 0, nowMs - 599_000, true)).toBe(false);
    expect(take(round, 0, nowMs - 601_000, true)).toBe(true);
    expect(take(round, 0, nowMs - 601_000, true)).toBe(false);
    expect(take(round, 0, nowMs - 601_000, true, 'acme/other')).toBe(true);
    expect(take(round, 0, nowMs - 599_000)).toBe(true);
  });

  it('asks for what its partition and the tiers have read past', () => {
    const round = new AskPace(graceMs).round(progress([nowMs - 100]), nowMs);
    expect(round.dueBeforeMs).toBe(nowMs - 100 - graceMs);
    expect(take(round, 0, overdueMs)).toBe(true);
    expect(take(round, 0, nowMs - graceMs)).toBe(false);
  });

  it('asks for nothing in a partition that nobody reads or that is behind', () => {
    const round = new AskPace(graceMs).round(progress([nowMs - 5_001, nowMs - 100]), nowMs);
    expect(take(round, 0, overdueMs)).toBe(false);
    expect(take(round, 2, overdueMs)).toBe(false);
    expect(take(round, 1, overdueMs)).toBe(true);
    expect(new AskPace(graceMs).round(progress([nowMs - 5_001]), nowMs).dueBeforeMs).toBeNull();
  });

  it('asks in a partition whose work lasts, but for nothing that waits for its lane', () => {
    const finishedMs = nowMs - 9_000;
    const { deliveries, ...rest } = progress([finishedMs]);
    const begun = deliveries.map((one) => ({ ...one, begunToMs: nowMs - 100 }));
    const round = new AskPace(graceMs).round({ ...rest, deliveries: begun }, nowMs);
    expect(take(round, 0, finishedMs - graceMs)).toBe(false);
    expect(take(round, 0, finishedMs - graceMs - 1)).toBe(true);
    expect(take(round, 0, overdueMs, true)).toBe(false);
    expect(take(new AskPace(graceMs).round(progress([nowMs]), nowMs), 0, overdueMs, true)).toBe(true);
  });

  it('asks for nothing that may still stand in a tier', () => {
    const behind = new AskPace(graceMs).round(progress([nowMs], overdueMs), nowMs);
    expect(take(behind, 0, overdueMs)).toBe(false);
    const silent = new AskPace(graceMs).round({ ...progress([nowMs]), tierPartitions: 2 }, nowMs);
    expect(take(silent, 0, overdueMs)).toBe(false);
  });

  it('asks for at most 500 of a partition until they have been read', () => {
    const pace = new AskPace(graceMs);
    const taken = (readMs: number, atMs: number) => {
      const round = pace.round(progress([readMs]), atMs);
      return Array.from({ length: 600 }, (_, n) => take(round, 0, overdueMs, false, `acme/${n}`)).filter(Boolean)
        .length;
    };
    expect(taken(nowMs, nowMs)).toBe(500);
    expect(taken(nowMs, nowMs + 500)).toBe(0);
    expect(taken(nowMs + 1, nowMs + 1_000)).toBe(500);
  });

  it('counts a partition as given to when what was taken is written', () => {
    const pace = new AskPace(graceMs);
    expect(take(pace.round(progress([nowMs]), nowMs), 0, overdueMs)).toBe(true);
    pace.wrote([0], nowMs + 3_000);
    expect(take(pace.round(progress([nowMs + 2_999]), nowMs + 4_000), 0, overdueMs)).toBe(false);
    expect(take(pace.round(progress([nowMs + 3_001]), nowMs + 4_000), 0, overdueMs)).toBe(true);
  });

  it('gives no endpoint more than the half of a round', () => {
    const round = new AskPace(graceMs).round(progress([nowMs]), nowMs);
    const all = Array.from({ length: 600 }, () => take(round, 0, overdueMs));
    expect(all.filter(Boolean)).toHaveLength(250);
    expect(take(round, 0, overdueMs, false, 'acme/other')).toBe(true);
  });
});
