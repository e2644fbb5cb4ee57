/** What V8's sampling profiler gives: https://chromedevtools.github.io/devtools-protocol/v8/Profiler/#type-Profile */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  /** Node ids, one a sample. */
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
}

/** One function, or all of a package. */
export interface ProfileCost {
  readonly name: string;
  readonly microsPerDelivery: number;
}

/** Where the time of one app went. */
export interface ProfileCosts {
  readonly functions: readonly ProfileCost[];
  readonly packages: readonly ProfileCost[];
  readonly microsPerDelivery: number;
}

const functionsShown = 10;
const packagesShown = 12;
/** Time in which nothing ran. */
const idleNames: ReadonlySet<string> = new Set(['(idle)', '(root)']);

/** Self time: what a function itself took, without those it called. Idle time is left out. */
export function costsOf({ nodes, samples, timeDeltas }: CpuProfile, deliveries: number): ProfileCosts {
  const selfMicros = new Map<number, number>();
  for (const [i, id] of samples.entries()) selfMicros.set(id, (selfMicros.get(id) ?? 0) + (timeDeltas[i] ?? 0));
  const [functions, packages] = [new Map<string, number>(), new Map<string, number>()];
  for (const { id, callFrame } of nodes) {
    const micros = selfMicros.get(id) ?? 0;
    if (micros === 0 || idleNames.has(callFrame.functionName)) continue;
    add(functions, functionName(callFrame), micros);
    add(packages, packageName(callFrame), micros);
  }
  const total = [...packages.values()].reduce((sum, micros) => sum + micros, 0);
  return {
    functions: largest(functions, functionsShown, deliveries),
    packages: largest(packages, packagesShown, deliveries),
    microsPerDelivery: total / deliveries,
  };
}

function add(sums: Map<string, number>, name: string, micros: number): void {
  sums.set(name, (sums.get(name) ?? 0) + micros);
}

function largest(sums: ReadonlyMap<string, number>, shown: number, deliveries: number): readonly ProfileCost[] {
  return [...sums]
    .sort(([, a], [, b]) => b - a)
    .slice(0, shown)
    .map(([name, micros]) => ({ name, microsPerDelivery: micros / deliveries }));
}

function functionName({ functionName: name, url, lineNumber }: ProfileNode['callFrame']): string {
  const shown = name === '' ? '(anonymous)' : name;
  return url === '' ? shown : `${shown}  ${fileName(url)}:${lineNumber + 1}`;
}

/** From the package on, or from `dist` on. */
function fileName(url: string): string {
  return url.replace(/^.*\/node_modules\//, '').replace(/^file:.*?\/dist\//, 'dist/');
}

/** The npm package, `node` for its own modules, an app or library of ours, or what V8 and C++ spent themselves. */
export function packageName({ functionName: name, url }: ProfileNode['callFrame']): string {
  const installed = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  if (installed !== undefined) return installed;
  if (url.startsWith('node:')) return 'node';
  const own = /\/dist\/((?:apps|libs)\/[^/]+)\//.exec(url)?.[1];
  if (own !== undefined) return own;
  return name.startsWith('(') ? name : '(native)';
}
