import { refusedRanges } from '#egress/address-ranges';
import { instruments } from '#telemetry/instruments';
import { adminConfig } from '../../apps/admin/src/admin.config.js';
import { environment } from '../../apps/cli/src/help.js';
import { dispatcherConfig } from '../../apps/dispatcher/src/dispatcher.config.js';
import { rendererConfig } from '../../apps/renderer/src/renderer.config.js';
import { retrySchedulerConfig } from '../../apps/retry-scheduler/src/retry-scheduler.config.js';
import { type AppSchema, configurationTable } from './configuration-table.js';

/** A part of a page that is written from the code: it stands between `<!-- generated: name -->` and `<!-- end: name -->`. */
export interface GeneratedPart {
  /** From the repository's top. */
  readonly page: string;
  readonly name: string;
  readonly render: () => string;
}

const appSchemas: readonly AppSchema[] = [
  { app: 'renderer', schema: rendererConfig },
  { app: 'dispatcher', schema: dispatcherConfig },
  { app: 'retry-scheduler', schema: retrySchedulerConfig },
  { app: 'admin', schema: adminConfig },
];

/** Every generated part there is; `npm run docs` writes them, a test compares them. */
export const generatedParts: readonly GeneratedPart[] = [
  { page: 'docs/configuration.md', name: 'variables', render: () => configurationTable(appSchemas) },
  { page: 'docs/configuration.md', name: 'cli-variables', render: commandLineTable },
  { page: 'docs/receivers.md', name: 'refused-ranges', render: rangesTable },
  { page: 'docs/operators.md', name: 'metrics', render: metricsTable },
];

/** The page with its generated part written again. Throws when the page has no such markers, or has them twice. */
export function withGeneratedPart(text: string, { page, name, render }: GeneratedPart): string {
  const [open, close] = [`<!-- generated: ${name} -->`, `<!-- end: ${name} -->`];
  const [before, rest, ...more] = text.split(open);
  const [, after, ...evenMore] = rest?.split(close) ?? [];
  if (before === undefined || after === undefined || more.length > 0 || evenMore.length > 0)
    throw new Error(`${page} must hold "${open}" and "${close}" once each, in this order`);
  return `${before}${open}\n${render()}\n${close}${after}`;
}

function commandLineTable(): string {
  const rows = environment.map(([name, meaning]) => `| \`${name}\` | ${meaning} |`);
  return ['| Variable | Meaning |', '|---|---|', ...rows].join('\n');
}

function rangesTable(): string {
  const rows = refusedRanges.map(({ cidr, what }) => `| \`${cidr}\` | ${what} |`);
  return ['| Range | What it is |', '|---|---|', ...rows].join('\n');
}

function metricsTable(): string {
  const rows = Object.entries(instruments).map(([name, { kind, unit, labels, meaning }]) => {
    const shown = labels.map((label) => `\`${label}\``).join(' ');
    return `| \`${name}\` | ${kind} | ${unit.replace(/[{}]/g, '')} | ${shown} | ${meaning} |`;
  });
  return ['| Metric | Kind | Counts | Labels | Meaning |', '|---|---|---|---|---|', ...rows].join('\n');
}
