import { oldRowsMax } from '#audit/old-rows';
import type { JudgedPartition, Judgement, KeptBecause } from '#audit/retention';
import type { HinderedBy } from '#audit/unless-locked';
import { durationText } from '#domain/duration';
import type { PartitionedTable } from '#domain/table-partition';

/** All that is listed. */
export interface PartitionsReport {
  readonly judged: readonly JudgedPartition[];
  /** Rows in DEFAULT, which must be empty, up to 10,000. */
  readonly defaultRows: Readonly<Record<PartitionedTable, number>>;
  /** Of the tables that are not partitioned: rows older than they are kept, up to 100,000, or why that is not known. */
  readonly oldRows: readonly {
    readonly table: string;
    readonly keptMs: number;
    readonly rows: number | HinderedBy;
  }[];
}

const dayMs = 86_400_000;
const headings = ['partition', 'first day', 'days', 'rows', 'bytes', 'what becomes of it'] as const;

/** A line for each attached table, one that sums up, and one for each other table. Rows are Postgres' estimate. */
export function partitionsReport(report: PartitionsReport): string {
  const lines = [headings, ...report.judged.map((one) => cellsOf(one, report))];
  const widths = headings.map((_, i) => Math.max(...lines.map((cells) => (cells[i] ?? '').length)));
  const isNumber = (i: number) => i >= 2 && i <= 4;
  const table = lines.map((cells) =>
    cells
      .map((cell, i) => (isNumber(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
  return [...table, summaryOf(report), '', ...report.oldRows.map(oldRowsSaid), ''].join('\n');
}

/** The same for programs: instants are ISO 8601; `rows` and `bytes` are null where Postgres does not know them. */
export function partitionsJson(report: PartitionsReport): string {
  const partitions = report.judged.map(({ partition, judgement }) => {
    const { table, name, bound, range, rows, bytes } = partition;
    const instants = range === null ? {} : { from: instant(range.fromMs), to: instant(range.toMs) };
    const isDropped = judgement.kind === 'over';
    return { table, name, bound, ...instants, rows, bytes, wouldBeDropped: isDropped, ...reasonOf(judgement) };
  });
  return `${JSON.stringify({ partitions, defaultRows: report.defaultRows, oldRows: report.oldRows })}\n`;
}

function cellsOf({ partition, judgement }: JudgedPartition, { defaultRows }: PartitionsReport): readonly string[] {
  const { table, name, range, rows, bytes } = partition;
  const day = range === null ? '' : instant(range.fromMs).slice(0, 10);
  const days = range === null ? '' : String((range.toMs - range.fromMs) / dayMs);
  const said = judgement.kind === 'default' ? defaultSaid(defaultRows[table]) : saidOf(judgement);
  return [name, day, days, rows === null ? '?' : String(rows), bytes === null ? '?' : String(bytes), said];
}

function defaultSaid(rows: number): string {
  return rows === 0 ? 'stays; empty' : `stays; must be empty and holds ${rows} rows`;
}

function saidOf(judgement: Exclude<Judgement, { kind: 'default' }>): string {
  switch (judgement.kind) {
    case 'young':
      return 'stays';
    case 'foreign':
      return 'left alone: not made by Hookline';
    case 'over':
      return 'would be dropped';
    case 'kept':
      return `kept: ${becauseSaid(judgement.because)}`;
  }
}

function becauseSaid(because: KeptBecause): string {
  switch (because.cause) {
    case 'IN_USE': {
      const { pending, resendItems, claims } = because.inUse;
      return `${pending} pending, ${resendItems} resend items, ${claims} claims`;
    }
    case 'NOTIFICATIONS_KEPT':
      return 'its notifications are kept';
    case 'PAYLOADS_KEPT':
      return 'payloads of its time are kept';
    case 'MAY_BE_REPEATED':
      return 'its events may come again for DEDUPE_WINDOW after their payloads went';
    case 'LOCKED':
      return `somebody has locked ${because.table}`;
    case 'DEPENDED_ON':
      return 'something of somebody else needs it';
    case 'TOO_SLOW':
      return 'looking at it took too long';
  }
}

function reasonOf(judgement: Judgement): object {
  if (judgement.kind === 'kept') return { kept: judgement.because };
  return judgement.kind === 'foreign' ? { kept: { cause: 'NOT_OURS' } } : {};
}

function summaryOf({ judged }: PartitionsReport): string {
  const dropped = judged.filter(({ judgement }) => judgement.kind === 'over');
  const bytes = dropped.reduce((sum, { partition }) => sum + (partition.bytes ?? 0), 0);
  const kept = judged.filter(({ judgement }) => judgement.kind === 'kept').length;
  return `${judged.length} tables; ${dropped.length} would be dropped (${bytes} bytes), ${kept} are old and kept`;
}

function oldRowsSaid({ table, keptMs, rows }: PartitionsReport['oldRows'][number]): string {
  const said = typeof rows === 'number' ? `${rows === oldRowsMax ? 'at least ' : ''}${rows}` : `? (${rows})`;
  return `${table}, kept for ${durationText(keptMs)}: ${said} rows would be removed`;
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
