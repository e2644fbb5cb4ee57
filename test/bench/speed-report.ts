import { idlePrefix } from './components.js';
import type { BenchOptions } from './options.js';
import type { Percentiles, Spread } from './percentiles.js';
import { requestsText } from './requests.js';
import type { SpeedResult, Summary } from './speed.js';
import { table } from './table.js';

/** Speed in words, for a terminal. */
export function speedLines(result: SpeedResult, options: BenchOptions): readonly string[] {
  const { bare } = result;
  const { scenario, endpoints, concurrency, events, rounds, ratePerSecond } = options;
  const at = ratePerSecond === null ? '' : ` at ${ratePerSecond}/s`;
  return [
    `${scenario}: ${rounds} rounds of ${events} events${at}, ${endpoints} endpoints with ${concurrency} requests each`,
    '',
    ...speedTable([
      ...Object.entries(bare ?? {}).map(([name, summary]) => [`bare ${name}`, summary] as const),
      ...(scenario === 'bare' ? [] : [[scenario, result] as const]),
    ]),
    ...(scenario === 'bare' ? [] : ['', ...componentTable(scenario, result)]),
    ...['sql', 'path'].flatMap((name) => bareLines(`bare ${name}`, bare?.[name])),
    ...arrivalLines(result),
    ...storeLines(result),
    ...ratioLines(result),
  ];
}

function ratioLines({ ratioToBare, ratioToBarePerCpuSecond, ratios }: SpeedResult): readonly string[] {
  const percent = (ratio: number | null | undefined) => `${((ratio ?? 0) * 100).toFixed(1)} %`;
  if (ratioToBare === null) return [];
  return [
    '',
    `${percent(ratioToBare)} of bare path, the loop of the same parts (${percent(ratioToBarePerCpuSecond)} a CPU-second)`,
    `${percent(ratios?.['sql'])} of bare sql, which has one topic and no payloads`,
  ];
}

export function speedTable(rows: readonly (readonly [string, Summary])[]): readonly string[] {
  const three = ({ min, median, max }: Spread) => [min, median, max].map(Math.round).join(' / ');
  return table([
    ['', 'deliveries/s (min / median / max)', 'per CPU-second', 'lost', 'duplicates'],
    ...rows.map(([name, { median, spread }]) => [
      name,
      three(spread.deliveriesPerSecond),
      three(spread.deliveriesPerCpuSecond),
      String(median.lost),
      String(median.duplicates),
    ]),
  ]);
}

export function percentilesText({ p50, p95, p99 }: Percentiles): string {
  return `p50 ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`;
}

function componentTable(name: string, { median }: Summary): readonly string[] {
  const shown = Object.entries(median.cpuSeconds).filter(
    ([component, s]) => s > 0 && !component.startsWith(idlePrefix),
  );
  return table([
    [name, 'CPU s', 'us/delivery', 'writes/delivery', 'peak MiB'],
    ...shown.map(([name, seconds]) => [
      name,
      seconds.toFixed(2),
      ((seconds * 1e6) / median.deliveries).toFixed(0),
      (median.writesPerDelivery[name] ?? 0).toFixed(3),
      String(median.residentMiBMax[name] ?? 0),
    ]),
  ]);
}

/** A loop that the product is compared with, and what the apps took of the machine meanwhile. */
function bareLines(name: string, summary: Summary | undefined): readonly string[] {
  if (summary === undefined) return [];
  const { cpuSeconds, deliveries, deliveriesPerSecond } = summary.median;
  const idle = Object.entries(cpuSeconds).filter(([component]) => component.startsWith(idlePrefix));
  const idleCores = idle.reduce((sum, [, seconds]) => sum + seconds, 0) / (deliveries / deliveriesPerSecond);
  return [
    '',
    ...componentTable(name, summary),
    `(what idled beside it used ${(idleCores * 100).toFixed(1)} % of a core)`,
  ];
}

function arrivalLines({ median: { lagMax }, spread: { arrivalMs } }: Summary): readonly string[] {
  if (arrivalMs === null) return [];
  const three = ({ min, median, max }: Spread) => [min, median, max].map((ms) => ms.toFixed(1)).join(' / ');
  const points = (['p50', 'p95', 'p99'] as const).map((point) => `${point} ${three(arrivalMs[point])} ms`);
  return [
    '',
    `arrival (min / median / max): ${points.join(', ')}; at most ${lagMax ?? 0} events were due and had not arrived`,
  ];
}

function storeLines({ median: { walBytesPerDelivery, requestsPerDelivery } }: Summary): readonly string[] {
  if (requestsPerDelivery === null || walBytesPerDelivery === null) return [];
  return [
    '',
    `requests for each delivery: ${requestsText(requestsPerDelivery)}`,
    `${Math.round(walBytesPerDelivery)} bytes of Postgres' log for each delivery`,
  ];
}
