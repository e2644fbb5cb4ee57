import { describe, expect, it } from 'vitest';
import { decodeEvent } from '#contracts/event-record';
import { createLendingRecords, type DemoRecord } from './lending-events.js';

const startMs = Date.UTC(2026, 10, 24);

function records(seed: number, count: number): readonly DemoRecord[] {
  const next = createLendingRecords(seed);
  return Array.from({ length: count }, (_, i) => next(startMs + i));
}

function decoded({ value, headers }: DemoRecord) {
  const buffers = Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)]));
  return decodeEvent({ value, headers: buffers });
}

describe('lending records', () => {
  it('are the same for the same seed and differ for another', () => {
    expect(records(7, 300)).toEqual(records(7, 300));
    expect(records(8, 300)).not.toEqual(records(7, 300));
  });

  it('are events, but for the garbage, which is parked', () => {
    for (const record of records(1, 500)) {
      const kind = decoded(record).kind;
      expect(kind).toBe(record.eventId === null ? 'parked' : 'event');
    }
  });

  it('show every kind within the first twelve: matched, unmatched, sent twice, garbage', () => {
    const first = records(3, 12);
    const ids = first.map(({ eventId }) => eventId);
    expect(ids.filter((id) => id === null)).toHaveLength(1);
    expect(new Set(ids).size).toBe(11);
    expect(ids.filter((id) => id?.startsWith('collateral.'))).toHaveLength(1);
    expect(ids.filter((id) => id?.startsWith('repayment.'))).toHaveLength(3);
  });

  it('carry amounts as strings with two decimals and names beyond ASCII', () => {
    const text = records(5, 400).map(({ value }) => value.toString('utf8'));
    expect(text.join('\n')).toMatch(/王小明|Müller/);
    const amounts = text.flatMap((one) =>
      [...one.matchAll(/"(?:amount|value)":([^,}]+)/g)].map(([, amount]) => amount),
    );
    expect(amounts.length).toBeGreaterThan(100);
    for (const amount of amounts) expect(amount).toMatch(/^"\d+\.\d{2}"$/);
  });
});
