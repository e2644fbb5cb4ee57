import { describe, expect, it } from 'vitest';
import {
  firstCommonDayMs,
  isOver,
  leastIdOf,
  type PartitionedTable,
  partitionDayMs,
  partitionName,
} from './table-partition.js';

const dayMs = 86_400_000;
const firstMs = Date.UTC(2026, 0, 31);
const bound = `FOR VALUES FROM ('${leastIdOf(firstMs)}') TO ('${leastIdOf(firstMs + dayMs)}')`;

describe('the day of a partition', () => {
  it('is known of what Hookline makes', () => {
    expect(leastIdOf(firstMs)).toBe('019c1159-7000-0000-0000-000000000000');
    expect(partitionDayMs({ table: 'attempts', name: 'attempts_20260131', bound })).toBe(firstMs);
  });

  it.each([
    ['another table', 'notifications_20260131', bound],
    ['DEFAULT', 'attempts_default', 'DEFAULT'],
    ['a name that says DEFAULT is a day', 'attempts_20260131', 'DEFAULT'],
    ['a day that is none', 'attempts_20260230', bound],
    ['a month that is none', 'attempts_99999999', bound],
    ['another day', 'attempts_20260130', bound],
    ['a name that goes on', 'attempts_old_20260131', bound],
    ['two days', 'attempts_20260131', bound.replace(leastIdOf(firstMs + dayMs), leastIdOf(firstMs + 2 * dayMs))],
    ['an open end', 'attempts_20260131', `FOR VALUES FROM (MINVALUE) TO ('${leastIdOf(firstMs + dayMs)}')`],
  ])('is not said of %s', (_, name, given) => {
    expect(partitionDayMs({ table: 'attempts', name, bound: given })).toBeNull();
  });
});

describe('a partition is over', () => {
  const retention = { payloadMs: 30 * dayMs, notificationMs: 400 * dayMs };

  it.each<[PartitionedTable, number]>([
    ['notification_payloads', 30],
    ['notifications', 400],
    ['attempts', 400],
  ])('of %s when its last instant is %i days old, not before', (table, days) => {
    const endMs = firstMs + dayMs;
    expect(isOver(table, firstMs, endMs + days * dayMs, retention)).toBe(true);
    expect(isOver(table, firstMs, endMs + days * dayMs - 1, retention)).toBe(false);
  });
});

describe('the first day with a place in every table', () => {
  const nowMs = firstMs + dayMs / 2;
  const days = (...behind: readonly number[]) => new Set(behind.map((n) => firstMs - n * dayMs));

  it('is the first of an unbroken row up to now', () => {
    const all = days(-1, 0, 1, 2, 3, 5);
    const tables = { notifications: all, attempts: all, notification_payloads: all };
    expect(firstCommonDayMs(tables, nowMs)).toBe(firstMs - 3 * dayMs);
    expect(firstCommonDayMs({ ...tables, notification_payloads: days(-1, 0, 1) }, nowMs)).toBe(firstMs - dayMs);
    expect(firstCommonDayMs({ ...tables, attempts: days(0, 1) }, nowMs)).toBe(firstMs - dayMs);
  });

  it('is the first of the last row when none has been made up to now, and null when there is none at all', () => {
    const old = days(10, 11, 13);
    const tables = { notifications: old, attempts: old, notification_payloads: old };
    expect(firstCommonDayMs(tables, nowMs)).toBe(firstMs - 11 * dayMs);
    expect(firstCommonDayMs({ ...tables, attempts: new Set() }, nowMs)).toBeNull();
    expect(partitionName('attempts', firstMs - dayMs)).toBe('attempts_20260130');
  });
});
