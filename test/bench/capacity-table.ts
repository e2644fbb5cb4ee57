import { z } from 'zod';

const spread = z.object({ min: z.number(), median: z.number(), max: z.number() });
const percentiles = z.object({ p50: z.number(), p95: z.number(), p99: z.number() });
const speed = z.object({
  scenario: z.string(),
  commit: z.string().nullish(),
  options: z.object({ events: z.number(), ratePerSecond: z.number().nullable(), rounds: z.number() }),
  median: z.object({
    arrivalMs: percentiles.nullable(),
    residentMiBMax: z.record(z.string(), z.number()),
    lost: z.number(),
    duplicates: z.number(),
  }),
  spread: z.object({
    ...{ deliveriesPerSecond: spread, deliveriesPerCpuSecond: spread },
    arrivalMs: z.object({ p50: spread, p95: spread, p99: spread }).nullish(),
  }),
  ratioToBare: z.number().nullish(),
  healthyLossPercent: z.number().optional(),
  healthyLossPercentAtMost: z.number().optional(),
  p99Ratio: z.number().nullish(),
  hang: z.object({ seconds: z.number(), p99Ratio: z.number() }).nullish(),
});
const look = z.object({ corePercent: z.number(), recordsPerSecond: z.number() });
const holds = z.object({
  scenario: z.literal('holds'),
  commit: z.string().nullish(),
  options: z.object({ events: z.number(), seconds: z.number() }),
  ...{ idle: look, held: look, extraCorePercent: z.number() },
  drained: z.object({
    ...{ perSecond: z.number(), askedPerSecond: z.number(), lost: z.number(), duplicates: z.number() },
  }),
});
const idle = z.object({
  scenario: z.literal('idle'),
  options: z.object({ rounds: z.number(), seconds: z.number() }),
  median: z.object({ appsCorePercent: z.number(), corePercent: z.record(z.string(), z.number()) }),
});
const search = z.object({
  scenario: z.literal('search'),
  options: z.object({ events: z.number(), rounds: z.number() }),
  median: z.object({ pageMs: z.record(z.string(), percentiles) }),
});

const apps: ReadonlySet<string> = new Set(['renderer', 'dispatcher', 'retry-scheduler', 'admin']);
const header = [
  'what',
  'deliveries/s',
  'per CPU-second',
  'arrival p50 / p95 / p99 ms',
  'peak MiB of an app',
  'remarks',
];

/** What `--json` wrote, as a table in Markdown, one row a file. Throws when a file is not one of the bench. */
export function capacityTable(results: readonly unknown[]): readonly string[] {
  const rows = [header, header.map(() => '---'), ...results.map(rowOf)];
  return rows.map((cells) => `| ${cells.join(' | ')} |`);
}

function rowOf(result: unknown): readonly string[] {
  const quiet = idle.safeParse(result).data;
  if (quiet !== undefined) return idleRow(quiet);
  const pages = search.safeParse(result).data;
  if (pages !== undefined) return searchRow(pages);
  const paused = holds.safeParse(result).data;
  if (paused !== undefined) return holdsRow(paused);
  return speedRow(speed.parse(result));
}

function speedRow({ scenario, options, median, spread: of, ...rest }: z.output<typeof speed>): readonly string[] {
  const { events, ratePerSecond, rounds } = options;
  const { residentMiBMax, lost, duplicates } = median;
  const arrivalMs = of.arrivalMs ?? median.arrivalMs;
  const peak = Object.entries(residentMiBMax).filter(([name]) => apps.has(name));
  const remarks = [
    ...(typeof rest.ratioToBare === 'number' ? [`${(rest.ratioToBare * 100).toFixed(0)} % of bare path`] : []),
    ...(rest.healthyLossPercent === undefined
      ? []
      : [lossText(rest.healthyLossPercent, rest.healthyLossPercentAtMost)]),
    ...(typeof rest.p99Ratio === 'number' ? [`their p99 x ${rest.p99Ratio.toFixed(2)}`] : []),
    ...(rest.hang ? [`their p99 x ${rest.hang.p99Ratio.toFixed(2)} while one hangs for ${rest.hang.seconds} s`] : []),
    `lost ${lost}, duplicates ${duplicates}`,
    ...(typeof rest.commit === 'string' ? [`at ${rest.commit}`] : []),
  ];
  return [
    `${scenario}, ${rounds} x ${events}${ratePerSecond === null ? '' : ` at ${ratePerSecond}/s`}`,
    three(of.deliveriesPerSecond),
    three(of.deliveriesPerCpuSecond),
    arrivalMs === null ? '' : [arrivalMs.p50, arrivalMs.p95, arrivalMs.p99].map(three).join(' / '),
    peak.map(([name, mib]) => `${name} ${mib}`).join(', '),
    remarks.join('; '),
  ];
}

/** Files of before had no spread of some figures. */
function three(figure: number | z.output<typeof spread>): string {
  if (typeof figure === 'number') return figure.toFixed(0);
  return `${Math.round(figure.median)} (${Math.round(figure.min)}-${Math.round(figure.max)})`;
}

function lossText(percent: number, percentAtMost: number | undefined): string {
  const least = `healthy lose ${percent.toFixed(1)} %`;
  return percentAtMost === undefined ? least : `${least}, at most ${percentAtMost.toFixed(1)} %`;
}

function idleRow({ options, median }: z.output<typeof idle>): readonly string[] {
  const each = Object.entries(median.corePercent).map(([name, percent]) => `${name} ${percent.toFixed(1)}`);
  const remarks = `apps together ${median.appsCorePercent.toFixed(2)} % of a core (${each.join(', ')})`;
  return [`idle, ${options.rounds} x ${options.seconds} s`, '', '', '', '', remarks];
}

function holdsRow({
  options,
  commit,
  idle,
  held,
  extraCorePercent,
  drained,
}: z.output<typeof holds>): readonly string[] {
  const cores = `${idle.corePercent.toFixed(2)} % of a core without them, ${held.corePercent.toFixed(2)} % with them`;
  const remarks = [
    `they cost ${extraCorePercent.toFixed(2)} % of a core (${cores}), ${held.recordsPerSecond.toFixed(1)} records/s`,
    `drained at ${drained.perSecond.toFixed(0)}/s of ${drained.askedPerSecond}/s`,
    `lost ${drained.lost}, duplicates ${drained.duplicates}`,
    ...(typeof commit === 'string' ? [`at ${commit}`] : []),
  ];
  return [`holds, ${options.events} for ${options.seconds} s`, '', '', '', '', remarks.join('; ')];
}

function searchRow({ options, median }: z.output<typeof search>): readonly string[] {
  const each = Object.entries(median.pageMs).map(
    ([name, { p50, p99 }]) => `${name} ${p50.toFixed(0)} / ${p99.toFixed(0)}`,
  );
  return [`search, ${options.events} rows`, '', '', '', '', `page p50 / p99 ms: ${each.join(', ')}`];
}
