import { describe, expect, it } from 'vitest';
import type { KafkaRecord } from '#domain/kafka-record';
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
  const put = (name: number, partition: number) => async () => {
    written.push(name);
    const offset = ends.get(partition) ?? 0n;
    ends.set(partition, offset + 1n);
    return { partition, offset };
  };
  const paced = (name: number, partition: number, mayBeLeft: boolean, bytes = 10) => {
    const writeNow = put(name, partition);
    return { record: aRecord(bytes), write: writeNow, toWriteLater: () => (mayBeLeft ? writeNow : null) };
  };
  /** One that must wait itself. */
  const write = (name: number, partition = 0) => pace.write(partition, paced(name, partition, false), closing.signal);
  /** One whose record need not be kept. */
  const leave = (name: number, bytes?: number) => pace.write(0, paced(name, 0, true, bytes), closing.signal);
  return { pace, nextOffsets, ends, written, closing, write, leave, looks: () => looks };
}

function aRecord(bytes: number): KafkaRecord {
  const value = Buffer.alloc(bytes);
  return { topic: 'retry.5s', partition: 0, offset: 0n, timestampMs: 0, key: null, value, headers: {} };
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
    const refusing = {
      record: aRecord(1),
      write: () => Promise.reject(new Error('no broker')),
      toWriteLater: () => null,
    };
    const refused = pace.write(0, refusing, closing.signal);
    await expect(refused).rejects.toThrow('no broker');
    const all = Array.from({ length: 501 }, (_, n) => write(n));
    await settled();
    expect(pace.size).toEqual({ unread: 500, waiting: 1 });
    closing.abort();
    await expect(all[500]).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE', retryable: true });
    await expect(write(502)).rejects.toMatchObject({ retryable: true });
    expect(pace.size).toEqual({ unread: 500, waiting: 0 });
  });

  it('lets go of records of which 200 wait already, and writes what they ask for in its turn', async () => {
    const { pace, nextOffsets, written, leave } = setup();
    const all = Array.from({ length: 1_500 }, (_, n) => leave(n));
    expect(await Promise.all(all.slice(700))).toEqual(Array.from({ length: 800 }, () => false));
    expect(pace.size).toEqual({ unread: 500, waiting: 1_000 });
    for (const read of [500n, 1_000n]) {
      nextOffsets.set(0, read);
      await pace.look();
      await settled();
    }
    expect(written).toEqual(Array.from({ length: 1_500 }, (_, n) => n));
    expect(await Promise.all(all.slice(0, 700))).toEqual(Array.from({ length: 700 }, () => true));
    expect(pace.size.waiting).toBe(0);
  });

  it('lets go of large records sooner, and of what comes behind them', async () => {
    const { leave, closing } = setup();
    for (let n = 0; n < 500; n++) await leave(n);
    const large = [leave(500, 300_000), leave(501, 300_000)];
    expect(await leave(502), 'behind 600,000 bytes').toBe(false);
    expect(await leave(503, 1)).toBe(false);
    closing.abort();
    await expect(Promise.all(large)).rejects.toMatchObject({ retryable: true });
  });

  it('keeps the place in its tier of what is beyond 10,000, in its order', async () => {
    const { pace, nextOffsets, written, leave } = setup();
    const first = Array.from({ length: 700 }, (_, n) => leave(n));
    await settled();
    for (let n = 700; n < 10_700; n++) expect(await leave(n)).toBe(false);
    const beyond = leave(10_700);
    await settled();
    expect(pace.size.waiting).toBe(10_201);
    for (let read = 500n; pace.size.waiting > 0; read += 500n) {
      nextOffsets.set(0, read);
      await pace.look();
      await settled();
    }
    expect(written).toEqual([...first.keys(), ...Array.from({ length: 10_001 }, (_, n) => 700 + n)]);
    expect(await beyond).toBe(true);
  });

  it('says which records only wait', async () => {
    const { pace, nextOffsets, closing } = setup();
    const records = Array.from({ length: 501 }, () => aRecord(1));
    const write = async () => ({ partition: 0, offset: 0n });
    const all = records.map((record) => pace.write(0, { record, write, toWriteLater: () => null }, closing.signal));
    await settled();
    expect(records.filter((record) => pace.isWaiting(record))).toEqual([records[500]]);
    nextOffsets.set(0, 1n);
    await pace.look();
    await Promise.all(all);
    expect(records.some((record) => pace.isWaiting(record))).toBe(false);
  });
});
