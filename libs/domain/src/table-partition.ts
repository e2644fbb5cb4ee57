/** The tables that are kept by the day (UTC) their ids begin with. */
export const partitionedTables = ['notification_payloads', 'notifications', 'attempts'] as const;
export type PartitionedTable = (typeof partitionedTables)[number];

/** A table attached to a partitioned one, as Postgres describes it. */
export interface AttachedTable {
  readonly table: PartitionedTable;
  /** Without its schema. */
  readonly name: string;
  /** E.g. `FOR VALUES FROM ('...') TO ('...')` or `DEFAULT`. */
  readonly bound: string;
}

/** How long rows are kept, counted from the time their ids begin with; milliseconds. */
export interface Retention {
  readonly payloadMs: number;
  /** Of notifications and their attempts. */
  readonly notificationMs: number;
}

const dayMs = 86_400_000;
/** The last whole day a name of eight digits can say. */
const lastDayMs = Date.UTC(9_999, 11, 31);

/** The partition of DEFAULT: what has no day of its own. */
export function defaultPartitionOf(table: PartitionedTable): string {
  return `${table}_default`;
}

/** The least id of an instant, milliseconds since the epoch. */
export function leastIdOf(ms: number): string {
  return `${ms
    .toString(16)
    .padStart(12, '0')
    .replace(/(.{8})/, '$1-')}-0000-0000-000000000000`;
}

/** The name of a day's partition, as `hookline_ensure_partitions` makes it. */
export function partitionName(table: PartitionedTable, firstMs: number): string {
  return `${table}_${new Date(firstMs).toISOString().slice(0, 10).replaceAll('-', '')}`;
}

/**
 * The first instant of the day an attached table is the partition of, milliseconds since the epoch; null unless name and
 * bounds are what Hookline makes: DEFAULT, and whatever somebody else attached.
 */
export function partitionDayMs({ table, name, bound }: AttachedTable): number | null {
  const day = /_(\d{4})(\d\d)(\d\d)$/.exec(name);
  if (day === null) return null;
  const firstMs = Date.UTC(Number(day[1]), Number(day[2]) - 1, Number(day[3]));
  if (!(firstMs >= 0 && firstMs <= lastDayMs) || name !== partitionName(table, firstMs)) return null;
  return bound === `FOR VALUES FROM ('${leastIdOf(firstMs)}') TO ('${leastIdOf(firstMs + dayMs)}')` ? firstMs : null;
}

/** Whether a whole day's partition is older than its table's retention. */
export function isOver(table: PartitionedTable, firstMs: number, nowMs: number, retention: Retention): boolean {
  const keptMs = table === 'notification_payloads' ? retention.payloadMs : retention.notificationMs;
  return firstMs + dayMs <= nowMs - keptMs;
}

/**
 * The first instant ids have a place for in every table: the oldest day from which on none is missing in any of them, up
 * to now; null when there is no such day. A day that stands alone behind a gap says nothing of the days in the gap.
 */
export function firstCommonDayMs(
  days: Readonly<Record<PartitionedTable, ReadonlySet<number>>>,
  nowMs: number,
): number | null {
  const isCommon = (firstMs: number) => partitionedTables.every((table) => days[table].has(firstMs));
  const past = [...days.notifications].filter((firstMs) => firstMs <= nowMs && isCommon(firstMs));
  if (past.length === 0) return null;
  let oldestMs = Math.max(...past);
  while (isCommon(oldestMs - dayMs)) oldestMs -= dayMs;
  return oldestMs;
}
