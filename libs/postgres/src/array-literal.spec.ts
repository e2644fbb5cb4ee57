import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arrayLiteral } from './array-literal.js';

const { prepareValue }: { prepareValue: (value: unknown) => unknown } = createRequire(import.meta.url)('pg/lib/utils');

describe('arrayLiteral', () => {
  it('writes texts as the driver does', () => {
    const someText = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', 'NULL', '"', '\\', '{a,"b"}', ' '));
    fc.assert(
      fc.property(fc.array(fc.option(someText)), (texts) => {
        expect(arrayLiteral(texts)).toBe(prepareValue(texts));
      }),
    );
  });

  it('writes numbers, booleans, times and nothing', () => {
    const values = [1.5, -3, 12n, true, false, new Date('2026-01-02T03:04:05.678Z'), null, undefined];
    expect(arrayLiteral(values)).toBe('{1.5,-3,12,true,false,"2026-01-02T03:04:05.678Z",NULL,NULL}');
    expect(arrayLiteral([])).toBe('{}');
  });

  it('leaves to the driver what it does not know', () => {
    const others = [Buffer.from('a'), ['nested'], { json: 1 }, new Date(Number.NaN), new Date(-1e15)];
    for (const other of others) expect(arrayLiteral(['a', other])).toBeNull();
  });
});
