import { describe, expect, it } from 'vitest';
import type { JudgedPartition, Judgement } from '#audit/retention';
import type { PartitionedTable } from '#domain/table-partition';
import { partitionsJson, partitionsReport } from './partitions-report.js';

const firstMs = Date.UTC(2026, 0, 31);

function judged(table: PartitionedTable, name: string, judgement: Judgement): JudgedPartition {
  const isDay = /\d{8}$/.test(name);
  const dayMs = isDay && judgement.kind !== 'foreign' ? firstMs : null;
  const partition = { table, name, sqlName: name, bound: isDay ? 'FOR VALUES' : 'DEFAULT', dayMs };
  return { partition: { ...partition, rows: isDay ? 1_000 : null, bytes: isDay ? 65_536 : null }, judgement };
}

const inUse = { pending: 2, resendItems: 1, claims: 0 };
const report = {
  judged: [
    judged('notification_payloads', 'notification_payloads_20260131', { kind: 'over' }),
    judged('notification_payloads', 'notification_payloads_default', { kind: 'default' }),
    judged('notifications', 'notifications_20260131', { kind: 'kept', because: { cause: 'IN_USE', inUse } }),
    judged('notifications', 'notifications_default', { kind: 'default' }),
    judged('notifications', 'theirs_20260131', { kind: 'foreign' }),
    judged('attempts', 'attempts_20260131', { kind: 'kept', because: { cause: 'NOTIFICATIONS_KEPT' } }),
    judged('attempts', 'attempts_20260201', { kind: 'young' }),
  ],
  defaultRows: { notification_payloads: 0, notifications: 3, attempts: 0 },
};

describe('the list of partitions', () => {
  it('says of each what becomes of it and why, and sums up', () => {
    const lines = partitionsReport(report).trimEnd().split('\n');
    const words = lines.slice(1, -1).map((line) => line.split(/ {2,}/));
    expect(words.map(([name, , , , said = '']) => [name, said])).toEqual([
      ['notification_payloads_20260131', 'would be dropped'],
      ['notification_payloads_default', ''],
      ['notifications_20260131', 'kept: 2 pending, 1 resend items, 0 claims'],
      ['notifications_default', ''],
      ['theirs_20260131', ''],
      ['attempts_20260131', 'kept: its notifications are kept'],
      ['attempts_20260201', 'stays'],
    ]);
    expect(lines[2]).toMatch(/ {2}\? +\? {2}stays; empty$/);
    expect(lines[4]).toMatch(/stays; must be empty and holds 3 rows$/);
    expect(lines[5]).toMatch(/left alone: not made by Hookline$/);
    expect(lines.at(-1)).toBe('7 tables; 1 would be dropped (65536 bytes), 2 are old and kept');
  });

  it('says the same to programs', () => {
    const { partitions, defaultRows } = JSON.parse(partitionsJson(report));
    expect(defaultRows).toEqual(report.defaultRows);
    expect(partitions[0]).toEqual({
      ...{ table: 'notification_payloads', name: 'notification_payloads_20260131', bound: 'FOR VALUES' },
      ...{ from: '2026-01-31T00:00:00.000Z', to: '2026-02-01T00:00:00.000Z' },
      ...{ rows: 1_000, bytes: 65_536, wouldBeDropped: true },
    });
    expect(partitions[2]).toMatchObject({ wouldBeDropped: false, kept: { cause: 'IN_USE', inUse } });
    expect(partitions[4]).toMatchObject({ wouldBeDropped: false, kept: { cause: 'NOT_OURS' } });
  });
});
