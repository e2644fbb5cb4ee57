import type { RoundFault } from './faults.js';
import type { MeasuredOn } from './measured-on.js';
import type { BenchOptions } from './options.js';
import type { Finding, Outcome } from './outcome.js';

/** Fewer rounds have a middle, but say nothing of how much rounds differ. */
const roundsMin = 3;

/** Around an outcome. */
export interface RunFacts {
  readonly options: BenchOptions;
  readonly on: MeasuredOn;
  readonly faults: { readonly all: readonly RoundFault[]; readonly lines: readonly string[] };
}

/** The outcome with what it was measured on before it, and what went wrong behind it. */
export function runReport({ json, lines }: Outcome, { options, on, faults }: RunFacts): Finding {
  const { commit, node, cores } = on;
  const { rounds, median, spread, bare, ratioToBare, ...more } = json;
  const figures = { rounds, median, spread, bare, ratioToBare, ...more };
  const where = [commit === null ? 'no commit' : `commit ${commit}`, `Node ${node}`, `${cores} cores`].join(', ');
  return {
    json: { scenario: options.scenario, ...on, options, ...figures, faults: faults.all },
    lines: [
      where,
      `options: ${optionsText(options)}`,
      '',
      ...lines,
      ...(faults.lines.length === 0 ? [] : ['', ...faults.lines]),
    ],
  };
}

/** Null when there are enough. */
export function fewRoundsWarning({ rounds }: Pick<BenchOptions, 'rounds'>): string | null {
  if (rounds >= roundsMin) return null;
  return `warning: ${rounds} of at least ${roundsMin} rounds: min, median and max do not say how much rounds differ`;
}

/** Every option that is set, those that were not named as well. */
function optionsText(options: BenchOptions): string {
  const { scenario: _scenario, set, ...rest } = options;
  const told = Object.entries(rest).filter(([, value]) => value !== null);
  const variables = Object.entries(set).map(([name, value]) => `${name}=${value}`);
  return [...told.map(([name, value]) => `${name} ${String(value)}`), ...variables].join(', ');
}
