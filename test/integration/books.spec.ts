import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readNotificationBooks, readPartitionBooks, type Verdict, verdictAt } from '#audit/books';
import { AuditWorld, accepted } from '../support/audit-world.js';

const verdicts: readonly Verdict[] = ['matched', 'unmatched', 'duplicate', 'parked'];
/** Offsets of one row of the table. */
const pageOffsets = 4_096;

describe('the books', () => {
  let world: AuditWorld;
  let topics = 0;

  beforeAll(async () => {
    world = await AuditWorld.open();
  });

  afterAll(async () => {
    await world?.close();
  });

  /** A topic nobody else writes about. */
  function setup() {
    const topic = `events-${topics++}`;
    const enter = (offset: number, verdict: Verdict, partition = 0) =>
      world.books.enter({ topic, partition, offset: BigInt(offset), verdict });
    const sums = async () => (await readPartitionBooks(world.dataSource)).filter((line) => line.topic === topic);
    return { topic, enter, sums };
  }

  it('keep the first verdict of an offset, whatever is entered later', async () => {
    const { topic, enter, sums } = setup();
    await enter(7, 'matched');
    for (const verdict of verdicts) await enter(7, verdict);
    expect(await sums()).toEqual([{ topic, partition: 0, matched: 1, unmatched: 0, duplicate: 0, parked: 0 }]);
    expect(await verdictAt(world.dataSource, { topic, partition: 0, offset: 7n })).toBe('matched');
    expect(await verdictAt(world.dataSource, { topic, partition: 0, offset: 8n })).toBeNull();
  });

  it('keep the first of two verdicts that meet in one batch', async () => {
    const { topic, enter } = setup();
    await Promise.all([enter(1, 'parked'), enter(1, 'matched')]);
    expect(await verdictAt(world.dataSource, { topic, partition: 0, offset: 1n })).toBe('parked');
  });

  it('balance over page borders and partitions, in any order and entered any number of times', async () => {
    const offsets = fc.oneof(
      fc.integer({ min: pageOffsets - 3, max: pageOffsets + 2 }),
      fc.integer({ min: 3 * pageOffsets - 2, max: 3 * pageOffsets }),
      fc.integer({ min: 0, max: 20 }),
    );
    const entries = fc.array(fc.tuple(offsets, fc.constantFrom(...verdicts), fc.integer({ min: 0, max: 2 })), {
      minLength: 1,
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(entries, async (list) => {
        const { topic, enter, sums } = setup();
        await Promise.all(list.map(([offset, verdict, partition]) => enter(offset, verdict, partition)));
        await Promise.all(list.toReversed().map(([offset, , partition]) => enter(offset, 'matched', partition)));
        const known = new Map<string, Verdict>();
        for (const [offset, verdict, partition] of list)
          if (!known.has(`${partition}/${offset}`)) known.set(`${partition}/${offset}`, verdict);
        const expected = [0, 1, 2].flatMap((partition) => {
          const own = [...known].filter(([at]) => at.startsWith(`${partition}/`)).map(([, verdict]) => verdict);
          const count = (verdict: Verdict) => own.filter((one) => one === verdict).length;
          const [matched, unmatched, duplicate, parked] = verdicts.map(count);
          return own.length === 0 ? [] : [{ topic, partition, matched, unmatched, duplicate, parked }];
        });
        expect(await sums()).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });

  it('hold offsets far beyond 32 bits', async () => {
    const { topic, enter } = setup();
    const offset = 9_007_199_254_740_993n;
    await world.books.enter({ topic, partition: 1, offset, verdict: 'duplicate' });
    await enter(0, 'matched', 1);
    expect(await verdictAt(world.dataSource, { topic, partition: 1, offset })).toBe('duplicate');
  });

  it('of notifications say created = sent + pending + failed + cancelled', async () => {
    const before = await readNotificationBooks(world.dataSource);
    const ids = await Promise.all([world.insert(), world.insert(), world.insert(), world.insert()]);
    await world.finish(await world.claim(ids[0]), accepted);
    await world.refuse(ids[1], 'OTHER', 'x');
    await world.database.query(`UPDATE notifications SET state = 'cancelled', next_attempt_at = NULL WHERE id = $1`, [
      ids[2],
    ]);
    const books = await readNotificationBooks(world.dataSource);
    expect(books).toEqual({
      created: before.created + 4,
      sent: before.sent + 1,
      pending: before.pending + 1,
      failed: before.failed + 1,
      cancelled: before.cancelled + 1,
    });
  });
});
