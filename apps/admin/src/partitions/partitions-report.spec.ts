import { describe, expect, it } from 'vitest';
import type { JudgedPartition, Judgement } from '#audit/retention';
import type { PartitionedTable } from '#domain/table-partition';
import { partitionsJson, partitionsReport } from './partitions-report.js';

const firstMs = Date.UTC(2026, 0, 31);

function judged(table: PartitionedTable, name: string, judgement: Judgement): JudgedPartition {
  const isDay = /\d{8}$/.test(name);
  const days = table === 'notification_payloads' ? 1 : 7;
  const range = isDay && judgement.kind !== 'foreign' ? { fromMs: firstMs, toMs: firstMs + days * 86_400_000 } : null;
  const partition = { table, name, sqlName: name, bound: isDay ? 'FOR VALUES' : 'DEFAULT', range };
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
    judged('notifications', 'notifications_20260119', { kind: 'kept', because: { cause: 'PAYLOADS_KEPT' } }),
    judged('notifications', 'notifications_20260112', { kind: 'kept', because: { cause: 'MAY_BE_REPEATED' } }),
  ],
  defaultRows: { notification_payloads: 0, notifications: 3, attempts: 0 },
  oldRows: [
    { table: 'unmatched_events', keptMs: 7 * 86_400_000, rows: 100_000 },
    { table: 'operator_log', keptMs: 400 * 86_400_000, rows: 0 },
    { table: 'parked_events', keptMs: 90 * 86_400_000, rows: 'LOCKED' },
  ],
} as const;

describe('the list of partitions', () => {
  it('says of each what becomes of it and why, and sums up', () => {
    const lines = partitionsReport(report).trimEnd().split('\n');
    const words = lines.slice(1, -5).map((line) => line.split(/ {2,}/));
    expect(words.map(([name, , , , , said = '']) => [name, said])).toEqual([
      ['notification_payloads_20260131', 'would be dropped'],
      ['notification_payloads_default', ''],
      ['notifications_20260131', 'kept: 2 pending, 1 resend items, 0 claims'],
      ['notifications_default', ''],
      ['theirs_20260131', ''],
      ['attempts_20260131', 'kept: its notifications are kept'],
      ['attempts_20260201', 'stays'],
      ['notifications_20260119', 'kept: payloads of its time are kept'],
      ['notifications_20260112', 'kept: its events may come again for DEDUPE_WINDOW after their payloads went'],
    ]);
    expect(words[0]?.slice(1, 3)).toEqual(['2026-01-31', '1']);
    expect(words[2]?.slice(1, 3)).toEqual(['2026-01-31', '7']);
    expect(lines[2]).toMatch(/ {2}\? +\? {2}stays; empty$/);
    expect(lines[4]).toMatch(/stays; must be empty and holds 3 rows$/);
    expect(lines[5]).toMatch(/left alone: not made by Hookline$/);
    expect(lines.slice(-5)).toEqual([
      '9 tables; 1 would be dropped (65536 bytes), 4 are old and kept',
      '',
      'unmatched_events, kept for 7d: at least 100000 rows would be removed',
      'operator_log, kept for 400d: 0 rows would be removed',
      'parked_events, kept for 90d: ? (LOCKED) rows would be removed',
    ]);
  });

  it('says the same to programs', () => {
    const { partitions, defaultRows, oldRows } = JSON.parse(partitionsJson(report));
    expect(defaultRows).toEqual(report.defaultRows);
    expect(oldRows).toEqual(report.oldRows);
    expect(partitions[0]).toEqual({
      ...{ table: 'notification_payloads', name: 'notification_payloads_20260131', bound: 'FOR VALUES' },
      ...{ from: '2026-01-31T00:00:00.000Z', to: '2026-02-01T00:00:00.000Z' },
      ...{ rows: 1_000, bytes: 65_536, wouldBeDropped: true },
    });
    expect(partitions[2]).toMatchObject({ wouldBeDropped: false, kept: { cause: 'IN_USE', inUse } });
    expect(partitions[4]).toMatchObject({ wouldBeDropped: false, kept: { cause: 'NOT_OURS' } });
  });
});
