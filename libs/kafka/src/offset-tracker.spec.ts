import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KafkaRecord } from '#domain/kafka-record';
import { OffsetTracker } from './offset-tracker.js';

function aRecord(offset: bigint): KafkaRecord {
  return { topic: 't', partition: 0, offset, timestampMs: 0, key: null, value: null, headers: {} };
}

describe('OffsetTracker', () => {
  it('never passes an unfinished record, in whatever order they finish, and ends after the last', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(5_000), { minLength: 1, maxLength: 60 }),
        fc.infiniteStream(fc.nat()),
        (offsets, picks) => {
          const tracker = new OffsetTracker();
          const open = offsets.toSorted((a, b) => a - b).map((offset) => aRecord(BigInt(offset)));
          for (const record of open) expect(tracker.add(record)).toBe(true);
          const last = open.at(-1);
          while (open.length > 0) {
            const [finished] = open.splice((picks.next().value ?? 0) % open.length, 1);
            if (finished !== undefined) tracker.finish(finished);
            expect(tracker.watermark()).toBe(open[0]?.offset ?? (last?.offset ?? 0n) + 1n);
          }
          expect(tracker.size()).toEqual({ records: 0, bytes: 0, span: 0 });
        },
      ),
    );
  });

  it('takes an offset once', () => {
    const tracker = new OffsetTracker();
    expect([tracker.add(aRecord(5n)), tracker.add(aRecord(5n)), tracker.add(aRecord(4n))]).toEqual([
      true,
      false,
      false,
    ]);
  });
});
