import { describe, expect, it } from 'vitest';
import { functionsTable } from './functions-table.js';

function aFile(functions: Readonly<Record<string, number>>, app = 'dispatcher', microsPerDelivery = 150.4) {
  const costs = Object.entries(functions).map(([name, micros]) => ({ name, microsPerDelivery: micros }));
  return { profile: { app, microsPerDelivery, functions: costs } };
}

describe('the table of functions', () => {
  it('has what was among the costliest of any file, the costliest first, whatever line it stands in', () => {
    const before = aFile({ '(garbage collector)': 50, 'rowOf  dist/libs/audit/src/claims.js:10': 4.25 });
    const after = aFile({ writev: 60, 'rowOf  dist/libs/audit/src/claims.js:20': 1 }, 'dispatcher', 120);
    expect(functionsTable([before, after])).toEqual([
      '| dispatcher | before | after |',
      '| --- | ---: | ---: |',
      '| all of it | 150 | 120 |',
      '| `writev` |  | 60.0 |',
      '| (garbage collector) | 50.0 |  |',
      '| `rowOf`, audit/claims.js | 4.3 | 1.0 |',
    ]);
  });

  it('knows what has no name by its line', () => {
    const file = aFile({ '(anonymous)  undici/lib/pool.js:99': 2, '(anonymous)  undici/lib/pool.js:8': 1 });
    expect(functionsTable([file, file, file])[3]).toBe('| undici/lib/pool.js:99 | 2.0 | 2.0 | 2.0 |');
    expect(functionsTable([file, file, file])).toHaveLength(5);
  });

  it('is refused for files without a profile, and for those of two apps', () => {
    expect(() => functionsTable([{ scenario: 'idle' }])).toThrow();
    expect(() => functionsTable([aFile({}), aFile({}, 'renderer')])).toThrow('renderer');
  });
});
