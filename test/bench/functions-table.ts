import { z } from 'zod';

const profiled = z.object({
  profile: z.object({
    app: z.string(),
    microsPerDelivery: z.number(),
    functions: z.array(z.object({ name: z.string(), microsPerDelivery: z.number() })),
  }),
});

type Profile = z.output<typeof profiled>['profile'];

/** A function was not among the ten costliest of that file. */
const notAmongThem = '';

/**
 * The ten costliest functions of files that `--profile` and `--json` wrote, side by side in the order of the files: a table in
 * Markdown, microseconds a delivery. Throws when a file has no profile, or one of another app.
 */
export function functionsTable(results: readonly unknown[]): readonly string[] {
  const profiles = results.map((result) => profiled.parse(result).profile);
  const [first] = profiles;
  if (first === undefined) throw new Error('functions needs a file');
  const other = profiles.find(({ app }) => app !== first.app);
  if (other !== undefined) throw new Error(`a profile of ${first.app} says nothing beside one of ${other.app}`);
  const all = profiles.map(costsByName);
  const names = new Set(all.flatMap((costs) => [...costs.keys()]));
  const largest = (name: string) => Math.max(...all.map((costs) => costs.get(name) ?? 0));
  const sorted = [...names].sort((a, b) => largest(b) - largest(a));
  const rows = [
    [first.app, ...profiles.map((_, n) => columnName(n, profiles.length))],
    ['---', ...profiles.map(() => '---:')],
    ['all of it', ...profiles.map(({ microsPerDelivery }) => microsPerDelivery.toFixed(0))],
    ...sorted.map((name) => [name, ...all.map((costs) => costs.get(name)?.toFixed(1) ?? notAmongThem)]),
  ];
  return rows.map((cells) => `| ${cells.join(' | ')} |`);
}

function columnName(n: number, count: number): string {
  if (count === 2) return n === 0 ? 'before' : 'after';
  return `file ${n + 1}`;
}

function costsByName({ functions }: Profile): ReadonlyMap<string, number> {
  const costs = new Map<string, number>();
  for (const { name, microsPerDelivery } of functions) {
    const shown = shownName(name);
    costs.set(shown, (costs.get(shown) ?? 0) + microsPerDelivery);
  }
  return costs;
}

/** Lines move from version to version: only what has no name is known by its line. */
function shownName(name: string): string {
  const [functionName = name, file] = name.split('  ');
  if (file === undefined) return functionName.startsWith('(') ? functionName : `\`${functionName}\``;
  const short = file.replace(/^dist\/(libs|apps)\//, '').replace('/src/', '/');
  return functionName === '(anonymous)' ? short : `\`${functionName}\`, ${short.replace(/:\d+$/, '')}`;
}
