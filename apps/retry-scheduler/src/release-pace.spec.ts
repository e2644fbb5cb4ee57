import { describe, expect, it } from 'vitest';
import { ReleasePace } from './release-pace.js';

/** A partition whose log grows with each write; its reader says how far it is when a test lets it. */
function setup() {
  const nextOffsets = new Map<number, bigint>();
  const ends = new Map<number, bigint>();
  const written: number[] = [];
  let looks = 0;
  const pace = new ReleasePace(async () => {
    looks++;
    return nextOffsets;
  });
  const closing = new AbortController();
  const write = (name: number, partition = 0) =>
    pace.write(
      partition,
      async () => {
        written.push(name);
        const offset = ends.get(partition) ?? 0n;
        ends.set(partition, offset + 1n);
        return { partition, offset };
      },
      closing.signal,
    );
  return { pace, nextOffsets, ends, written, closing, write, looks: () => looks };
}

/** Everything that can go on has gone on. */
async function settled(): Promise<void> {
  for (let turns = 0; turns < 50; turns++) await new Promise((resolve) => setImmediate(resolve));
}

describe('ReleasePace', () => {
  it('writes at most 500 of a partition that are not read, and the others in their order as it is read', async () => {
    const { pace, nextOffsets, written, write } = setup();
    const all = Array.from({ length: 1_200 }, (_, n) => write(n));
    await settled();
    expect(written).toHaveLength(500);
    await pace.look();
    expect(written, 'nothing is known of its reader').toHaveLength(500);

    nextOffsets.set(0, 300n);
    await pace.look();
    await settled();
    expect(written).toHaveLength(800);
    await pace.look();
    await settled();
    expect(written, 'it was not read any further').toHaveLength(800);
    nextOffsets.set(0, 800n);
    await pace.look();
    await Promise.all(all);
    expect(written).toEqual(Array.from({ length: 1_200 }, (_, n) => n));
  });

  it('lets a partition that is not read hold up only what is for it', async () => {
    const { written, write } = setup();
    for (let n = 0; n < 600; n++) void write(n).catch(() => undefined);
    await write(9_999, 1);
    expect(written.at(-1)).toBe(9_999);
  });

  it('goes on when a partition is read from further back', async () => {
    const { pace, nextOffsets, ends, written, write } = setup();
    ends.set(0, 1_000n);
    nextOffsets.set(0, 1_000n);
    const all = Array.from({ length: 500 }, (_, n) => write(n));
    await Promise.all(all);
    await pace.look();
    nextOffsets.set(0, 0n); // the topic was made anew
    const next = write(500);
    await pace.look();
    await next;
    expect(written).toHaveLength(501);
  });

  it('asks the readers only when somebody waits, or soon may', async () => {
    const { pace, nextOffsets, write, looks } = setup();
    nextOffsets.set(0, 0n);
    for (let n = 0; n < 249; n++) await write(n);
    await pace.look();
    expect(looks()).toBe(0);
    await write(249);
    await pace.look();
    expect(looks()).toBe(1);
  });

  it('gives records back that wait when their partition is revoked, and what fails to be written counts no more', async () => {
    const { pace, closing, write } = setup();
    const refused = pace.write(0, () => Promise.reject(new Error('no broker')), closing.signal);
    await expect(refused).rejects.toThrow('no broker');
    const all = Array.from({ length: 501 }, (_, n) => write(n));
    await settled();
    expect(pace.size).toEqual({ unread: 500, waiting: 1 });
    closing.abort();
    await expect(all[500]).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE', retryable: true });
    await expect(write(502)).rejects.toMatchObject({ retryable: true });
    expect(pace.size).toEqual({ unread: 500, waiting: 0 });
  });
});
