/** The tables that are kept by the time their ids begin with, in the order in which they are dropped. */
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

/** Whole days (UTC), milliseconds since the epoch: `fromMs` is the first instant in it, `toMs` the first one after it. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** How long rows are kept, counted from the time their ids begin with; milliseconds. */
export interface Retention {
  readonly payloadMs: number;
  /** Of notifications and their attempts. */
  readonly notificationMs: number;
  /**
   * Notifications stay for this after their payloads went: an event may come again so long after it came first, and must
   * find its notification; none comes first once its payload has no place.
   */
  readonly repeatMs: number;
}

const dayMs = 86_400_000;
/** 1970-01-01 was a Thursday. */
const firstMondayMs = -3 * dayMs;
const weekMs = 7 * dayMs;
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

/** The name of a partition that begins with this day, as `hookline_ensure_partitions` makes it. */
export function partitionName(table: PartitionedTable, firstMs: number): string {
  return `${table}_${new Date(firstMs).toISOString().slice(0, 10).replaceAll('-', '')}`;
}

/**
 * The widest partition an instant can lie in: its day for payloads, its week from Monday for the others, whose retention is
 * long: every statement of the path locks every partition of its tables. A partition is narrower where a part of the week
 * has one already.
 */
export function widestRangeOf(table: PartitionedTable, ms: number): TimeRange {
  const [widthMs, originMs] = table === 'notification_payloads' ? [dayMs, 0] : [weekMs, firstMondayMs];
  const fromMs = originMs + Math.floor((ms - originMs) / widthMs) * widthMs;
  return { fromMs, toMs: fromMs + widthMs };
}

/**
 * What an attached table is the partition of; null unless name and bounds are what Hookline makes: DEFAULT, and whatever
 * somebody else attached.
 */
export function partitionRange({ table, name, bound }: AttachedTable): TimeRange | null {
  const day = /_(\d{4})(\d\d)(\d\d)$/.exec(name);
  const end = /^FOR VALUES FROM \('[^']+'\) TO \('([0-9a-f]{8})-([0-9a-f]{4})-/.exec(bound);
  if (day === null || end === null) return null;
  const fromMs = Date.UTC(Number(day[1]), Number(day[2]) - 1, Number(day[3]));
  if (!(fromMs >= 0 && fromMs <= lastDayMs) || name !== partitionName(table, fromMs)) return null;
  const toMs = Number.parseInt(`${end[1]}${end[2]}`, 16);
  const isWhole = toMs > fromMs && toMs % dayMs === 0 && toMs <= widestRangeOf(table, fromMs).toMs;
  return isWhole && bound === `FOR VALUES FROM ('${leastIdOf(fromMs)}') TO ('${leastIdOf(toMs)}')`
    ? { fromMs, toMs }
    : null;
}

/** Whether two ranges have an instant in common. */
export function overlaps(a: TimeRange, b: TimeRange): boolean {
  return a.fromMs < b.toMs && b.fromMs < a.toMs;
}

/** Whether a whole partition is older than its table's retention. */
export function isOver(table: PartitionedTable, range: TimeRange, nowMs: number, retention: Retention): boolean {
  const keptMs = table === 'notification_payloads' ? retention.payloadMs : retention.notificationMs;
  return range.toMs <= nowMs - keptMs;
}

/**
 * The first instant ids have a place for in every table: the oldest from which on none is missing in any of them, up to
 * now; null when there is none. A day that stands alone behind a gap says nothing of the days in the gap.
 */
export function firstCommonMs(
  ranges: Readonly<Record<PartitionedTable, readonly TimeRange[]>>,
  nowMs: number,
): number | null {
  const beginMs = (table: PartitionedTable, ms: number) =>
    ranges[table].find(({ fromMs, toMs }) => fromMs <= ms && ms < toMs)?.fromMs ?? null;
  /** Null: not all tables have a place for it. */
  const commonFrom = (ms: number) => {
    const begins = partitionedTables.map((table) => beginMs(table, ms));
    return begins.some((begin) => begin === null) ? null : Math.max(...begins.map((begin) => begin ?? ms));
  };
  const ends = partitionedTables.flatMap((table) => ranges[table].map(({ toMs }) => Math.min(toMs - 1, nowMs)));
  const known = ends.sort((a, b) => b - a).find((ms) => commonFrom(ms) !== null);
  let oldestMs = known === undefined ? null : commonFrom(known);
  for (let next = oldestMs; next !== null; next = commonFrom(next - 1)) oldestMs = next;
  return oldestMs;
}
