import type { Spread } from './percentiles.js';
import type { BenchResult, Summary } from './result.js';

/** The figures in words, for a terminal. */
export function reportLines(result: BenchResult): readonly string[] {
  const { median, bare, ratioToBare, options } = result;
  const { endpoints, concurrency, events, rounds } = options;
  const lines = [
    `${result.scenario}: ${rounds} rounds of ${events} events, ${endpoints} endpoints with ${concurrency} requests each`,
    '',
    ...table([
      ['', 'deliveries/s (min, median, max)', 'per CPU-second (min, median, max)', 'lost', 'duplicates'],
      ...Object.entries(bare).map(([name, summary]) => speedRow(`bare ${name}`, summary)),
      speedRow(result.scenario, result),
    ]),
    '',
    ...table([['component', 'CPU s', 'us/delivery', 'writes/delivery', 'peak MiB'], ...componentRows(result, events)]),
  ];
  if (median.arrivalMs !== null) {
    const { p50, p95, p99 } = median.arrivalMs;
    lines.push('', `arrival: p50 ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`);
  }
  if (median.transactionsPerDelivery !== null)
    lines.push(
      '',
      `Postgres: ${median.transactionsPerDelivery.toFixed(3)} transactions and ${Math.round(median.walBytesPerDelivery ?? 0)} bytes of log for each delivery`,
    );
  if (ratioToBare !== null) lines.push('', `${(ratioToBare * 100).toFixed(1)} % of bare + Kafka + SQL`);
  return lines;
}

function speedRow(name: string, { median, spread }: Summary): readonly string[] {
  const three = ({ min, median: middle, max }: Spread) => [min, middle, max].map(Math.round).join(' / ');
  return [
    name,
    three(spread.deliveriesPerSecond),
    three(spread.deliveriesPerCpuSecond),
    String(median.lost),
    String(median.duplicates),
  ];
}

function componentRows({ median }: Summary, events: number): readonly (readonly string[])[] {
  return Object.entries(median.cpuSeconds).map(([name, seconds]) => [
    name,
    seconds.toFixed(2),
    ((seconds * 1e6) / events).toFixed(0),
    (median.writesPerDelivery[name] ?? 0).toFixed(3),
    String(median.residentMiBMax[name] ?? 0),
  ]);
}

/** Columns as wide as their widest cell; the first one to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
