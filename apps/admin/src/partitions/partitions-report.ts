import type { JudgedPartition, Judgement, KeptBecause } from '#audit/retention';
import type { PartitionedTable } from '#domain/table-partition';

/** All that is listed. */
export interface PartitionsReport {
  readonly judged: readonly JudgedPartition[];
  /** Rows in DEFAULT, which must be empty, up to 10,000. */
  readonly defaultRows: Readonly<Record<PartitionedTable, number>>;
}

const dayMs = 86_400_000;
const headings = ['partition', 'first day', 'rows', 'bytes', 'what becomes of it'] as const;

/** A line for each attached table, and one that sums up. Rows are Postgres' estimate. */
export function partitionsReport(report: PartitionsReport): string {
  const lines = [headings, ...report.judged.map((one) => cellsOf(one, report))];
  const widths = headings.map((_, i) => Math.max(...lines.map((cells) => (cells[i] ?? '').length)));
  const isNumber = (i: number) => i === 2 || i === 3;
  const table = lines.map((cells) =>
    cells
      .map((cell, i) => (isNumber(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
  return [...table, summaryOf(report), ''].join('\n');
}

/** The same for programs: instants are ISO 8601; `rows` and `bytes` are null where Postgres does not know them. */
export function partitionsJson(report: PartitionsReport): string {
  const partitions = report.judged.map(({ partition, judgement }) => {
    const { table, name, bound, dayMs: firstMs, rows, bytes } = partition;
    const range = firstMs === null ? null : { from: instant(firstMs), to: instant(firstMs + dayMs) };
    const isDropped = judgement.kind === 'over';
    return { table, name, bound, ...(range ?? {}), rows, bytes, wouldBeDropped: isDropped, ...reasonOf(judgement) };
  });
  return `${JSON.stringify({ partitions, defaultRows: report.defaultRows })}\n`;
}

function cellsOf({ partition, judgement }: JudgedPartition, { defaultRows }: PartitionsReport): readonly string[] {
  const { table, name, dayMs: firstMs, rows, bytes } = partition;
  const day = firstMs === null ? '' : instant(firstMs).slice(0, 10);
  const said = judgement.kind === 'default' ? defaultSaid(defaultRows[table]) : saidOf(judgement);
  return [name, day, rows === null ? '?' : String(rows), bytes === null ? '?' : String(bytes), said];
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

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
