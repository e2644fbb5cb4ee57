import type { NotificationId } from '#domain/ids';
import { notificationId } from '#domain/notification-id';
import { type PartitionedTable, partitionName, widestRangeOf } from '#domain/table-partition';
import { createLog, type Log } from '#telemetry/log';
import { type AuditWorld, aNotification } from './audit-world.js';

const dayMs = 86_400_000;

/** The first instant (UTC) of the day so many days ago; of a day to come with less than zero. */
export function daysAgo(days: number): number {
  return Math.floor(Date.now() / dayMs - days) * dayMs;
}

/** The partition an instant lies in where nothing else has a part of its week. */
export function placeOf(table: PartitionedTable, ms: number): string {
  return partitionName(table, widestRangeOf(table, ms).fromMs);
}

/** Makes the partitions an instant lies in, as an installation of that time has them. */
export async function makeDay({ database }: AuditWorld, firstMs: number): Promise<void> {
  const day = 'to_timestamp($1::float8 / 1000)';
  await database.query(`SELECT hookline_ensure_partitions(${day}, ${day})`, [firstMs]);
}

/** Stores a pending notification whose id is of noon of that day. */
export function insertOn(world: AuditWorld, firstMs: number): Promise<NotificationId> {
  const base = aNotification();
  return world.insert({ ...base, id: notificationId({ ...base, timeMs: firstMs + dayMs / 2 }) });
}

/** A line of a log. */
export interface Line {
  readonly event: string;
  readonly partition?: string;
  readonly cause?: string;
  readonly inUse?: object;
  readonly partitions?: readonly string[];
  readonly [field: string]: unknown;
}

/** A log, and the lines that were written to it. */
export function keptLog(): { readonly log: Log; readonly lines: readonly Line[] } {
  const lines: Line[] = [];
  const sink = { write: (line: string) => lines.push(JSON.parse(line)) };
  return { log: createLog({ app: 'test', level: 'info', sink }), lines };
}

/** The lines of one event. */
export function linesOf(lines: readonly Line[], event: string): readonly Line[] {
  return lines.filter((line) => line.event === event);
}
