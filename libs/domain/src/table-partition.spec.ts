import { describe, expect, it } from 'vitest';
import {
  firstCommonMs,
  isOver,
  leastIdOf,
  type PartitionedTable,
  partitionName,
  partitionRange,
  type TimeRange,
  widestRangeOf,
} from './table-partition.js';

const dayMs = 86_400_000;
/** A Saturday. */
const firstMs = Date.UTC(2026, 0, 31);
const monday = Date.UTC(2026, 0, 26);
const boundOf = (fromMs: number, days: number) =>
  `FOR VALUES FROM ('${leastIdOf(fromMs)}') TO ('${leastIdOf(fromMs + days * dayMs)}')`;
const bound = boundOf(firstMs, 1);

describe('the range of a partition', () => {
  it('is known of what Hookline makes: days of all tables, weeks and parts of weeks of all but payloads', () => {
    expect(leastIdOf(firstMs)).toBe('019c1159-7000-0000-0000-000000000000');
    const range = (fromMs: number, days: number) => ({ fromMs, toMs: fromMs + days * dayMs });
    expect(partitionRange({ table: 'attempts', name: 'attempts_20260131', bound })).toEqual(range(firstMs, 1));
    for (const [name, fromMs, days] of [
      ['attempts_20260131', firstMs, 2],
      ['attempts_20260126', monday, 7],
      ['attempts_20260126', monday, 3],
    ] as const)
      expect(partitionRange({ table: 'attempts', name, bound: boundOf(fromMs, days) })).toEqual(range(fromMs, days));
  });

  it.each<[string, PartitionedTable, string, string]>([
    ['another table', 'attempts', 'notifications_20260131', bound],
    ['DEFAULT', 'attempts', 'attempts_default', 'DEFAULT'],
    ['a name that says DEFAULT is a day', 'attempts', 'attempts_20260131', 'DEFAULT'],
    ['a day that is none', 'attempts', 'attempts_20260230', bound],
    ['a month that is none', 'attempts', 'attempts_99999999', bound],
    ['another day', 'attempts', 'attempts_20260130', bound],
    ['a name that goes on', 'attempts', 'attempts_old_20260131', bound],
    ['two days of payloads', 'notification_payloads', 'notification_payloads_20260131', boundOf(firstMs, 2)],
    ['days of two weeks', 'attempts', 'attempts_20260131', boundOf(firstMs, 3)],
    ['half a day', 'attempts', 'attempts_20260131', boundOf(firstMs, 0.5)],
    ['no time at all', 'attempts', 'attempts_20260131', boundOf(firstMs, 0)],
    ['a time that goes back', 'attempts', 'attempts_20260131', boundOf(firstMs, -1)],
    ['an open end', 'attempts', 'attempts_20260131', `FOR VALUES FROM ('${leastIdOf(firstMs)}') TO (MAXVALUE)`],
    ['an open begin', 'attempts', 'attempts_20260131', bound.replace(/\('[^']+'\) TO/, '(MINVALUE) TO')],
  ])('is not said of %s', (_, table, name, given) => {
    expect(partitionRange({ table, name, bound: given })).toBeNull();
  });

  it('is at most a day for payloads, and from Monday to Sunday for the others', () => {
    for (const ms of [monday, firstMs + 1, monday + 7 * dayMs - 1])
      expect(widestRangeOf('attempts', ms)).toEqual({ fromMs: monday, toMs: monday + 7 * dayMs });
    expect(widestRangeOf('notifications', 0)).toEqual({ fromMs: -3 * dayMs, toMs: 4 * dayMs });
    expect(widestRangeOf('notification_payloads', firstMs + 1)).toEqual({ fromMs: firstMs, toMs: firstMs + dayMs });
  });

  it('makes some 60 partitions of 400 days behind and 14 ahead', () => {
    const begins = Array.from({ length: 415 }, (_, n) => widestRangeOf('attempts', firstMs + n * dayMs).fromMs);
    expect(new Set(begins).size).toBe(60);
  });
});

describe('a partition is over', () => {
  const retention = { payloadMs: 30 * dayMs, notificationMs: 400 * dayMs, repeatMs: dayMs };

  it.each<[PartitionedTable, number, number]>([
    ['notification_payloads', 1, 30],
    ['notifications', 7, 400],
    ['attempts', 2, 400],
  ])('of %s with %i days when its last instant is %i days old, not before', (table, width, days) => {
    const range = { fromMs: monday, toMs: monday + width * dayMs };
    expect(isOver(table, range, range.toMs + days * dayMs, retention)).toBe(true);
    expect(isOver(table, range, range.toMs + days * dayMs - 1, retention)).toBe(false);
  });
});

describe('the first instant with a place in every table', () => {
  const nowMs = firstMs + dayMs / 2;
  const span = (fromBehind: number, days: number): TimeRange => {
    const fromMs = firstMs - fromBehind * dayMs;
    return { fromMs, toMs: fromMs + days * dayMs };
  };
  const days = (...behind: readonly number[]) => behind.map((n) => span(n, 1));

  it('is the first of an unbroken row up to now', () => {
    const all = days(-1, 0, 1, 2, 3, 5);
    const tables = { notifications: all, attempts: all, notification_payloads: all };
    expect(firstCommonMs(tables, nowMs)).toBe(firstMs - 3 * dayMs);
    expect(firstCommonMs({ ...tables, notification_payloads: days(-1, 0, 1) }, nowMs)).toBe(firstMs - dayMs);
    expect(firstCommonMs({ ...tables, attempts: days(0, 1) }, nowMs)).toBe(firstMs - dayMs);
  });

  it('is the same whatever the widths are, and never lies before a partition of the narrowest', () => {
    const payloads = days(-1, 0, 1, 2, 3, 4, 6);
    const weeks = [span(12, 7), span(5, 7)];
    const mixed = [...days(12, 11, 10, 9, 8, 7, 6, 5, 4, 3), span(2, 4)];
    const tables = { notifications: weeks, attempts: mixed, notification_payloads: payloads };
    expect(firstCommonMs(tables, nowMs)).toBe(firstMs - 4 * dayMs);
    expect(firstCommonMs({ ...tables, notification_payloads: days(0, 1, 2, 3, 4, 5, 6, 7, 13) }, nowMs)).toBe(
      firstMs - 7 * dayMs,
    );
    expect(firstCommonMs({ ...tables, attempts: [span(2, 4)] }, nowMs)).toBe(firstMs - 2 * dayMs);
  });

  it('is the first of the last row when none has been made up to now, and null when there is none at all', () => {
    const old = days(10, 11, 13);
    const tables = { notifications: old, attempts: old, notification_payloads: old };
    expect(firstCommonMs(tables, nowMs)).toBe(firstMs - 11 * dayMs);
    expect(firstCommonMs({ ...tables, attempts: [] }, nowMs)).toBeNull();
    expect(firstCommonMs({ ...tables, attempts: days(-1) }, nowMs)).toBeNull();
    expect(partitionName('attempts', firstMs - dayMs)).toBe('attempts_20260130');
  });
});
