import { describe, expect, it } from 'vitest';
import { costsOf, packageName } from './profile.js';

const frame = (functionName: string, url = '') => ({ functionName, url, lineNumber: 4 });
const own = 'file:///somewhere/dist/libs/audit/src/claims.js';
const installed = 'file:///somewhere/node_modules/@nestjs/core/router.js';

describe('the costs in a profile', () => {
  const profile = {
    nodes: [
      { id: 1, callFrame: frame('(root)') },
      { id: 2, callFrame: frame('(idle)') },
      { id: 3, callFrame: frame('open', own) },
      { id: 4, callFrame: frame('', installed) },
      { id: 5, callFrame: frame('open', own) },
    ],
    samples: [2, 3, 4, 5, 3],
    timeDeltas: [900, 10, 20, 30, 40],
  };

  it('are self time a delivery, the costliest first, without idle time', () => {
    const { functions, packages, microsPerDelivery } = costsOf(profile, 10);
    expect(functions).toEqual([
      { name: 'open  dist/libs/audit/src/claims.js:5', microsPerDelivery: 8 },
      { name: '(anonymous)  @nestjs/core/router.js:5', microsPerDelivery: 2 },
    ]);
    expect(packages).toEqual([
      { name: 'libs/audit', microsPerDelivery: 8 },
      { name: '@nestjs/core', microsPerDelivery: 2 },
    ]);
    expect(microsPerDelivery).toBe(10);
  });

  it('are told apart by who wrote the code', () => {
    expect(packageName(frame('f', 'node:internal/buffer'))).toBe('node');
    expect(packageName(frame('(garbage collector)'))).toBe('(garbage collector)');
    expect(packageName(frame('writev'))).toBe('(native)');
    expect(packageName(frame('f', 'file:///x/node_modules/pg/node_modules/pg-pool/i.js'))).toBe('pg-pool');
  });
});
