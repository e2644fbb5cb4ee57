import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isInt64, isKeyValue, type PageKey, PageTokens, readPageSize } from './page-token.js';

const tokens = new PageTokens(Buffer.alloc(32, 1));
const scope = { list: 'ListThings', parent: 'tenants/acme', filter: 'state = SENT' };
const anyKey = (key: PageKey): key is PageKey => key.length > 0;

describe('page tokens', () => {
  it('give back the key they were made of', () => {
    const values = fc.oneof(fc.string(), fc.integer());
    fc.assert(
      fc.property(fc.array(values, { minLength: 1, maxLength: 4 }), (key) => {
        expect(tokens.read(tokens.write(scope, key), scope, anyKey)).toEqual(key);
      }),
    );
    expect(tokens.read('', scope, anyKey)).toBeNull();
  });

  it('are good for one list, parent and filter only', () => {
    const token = tokens.write(scope, ['a']);
    for (const other of [{ list: 'ListOthers' }, { parent: 'tenants/-' }, { filter: '' }])
      expect(() => tokens.read(token, { ...scope, ...other }, anyKey)).toThrow(/pageToken: belongs to another/);
  });

  it('are good at every admin with the same key, and at no other', () => {
    const token = tokens.write(scope, ['a']);
    expect(new PageTokens(Buffer.alloc(32, 1)).read(token, scope, anyKey)).toEqual(['a']);
    expect(() => new PageTokens(Buffer.alloc(32, 2)).read(token, scope, anyKey)).toThrow(/pageToken: cannot be read/);
  });

  it('cannot be made or changed by a caller', () => {
    const bytes = Buffer.from(tokens.write(scope, ['a', 7]), 'base64url');
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      expect(() => tokens.read(changed.toString('base64url'), scope, anyKey)).toThrow(/pageToken/);
    }
    const unsigned = bytes.subarray(16).toString('base64url');
    expect(() => tokens.read(unsigned, scope, anyKey)).toThrow(/pageToken/);
  });

  it('hold only what a statement can take', () => {
    for (const value of ['a', '', 'x'.repeat(255), 0, -2_147_483_648, 2_147_483_647])
      expect(isKeyValue(value), String(value)).toBe(true);
    for (const value of ['a\0', 'x'.repeat(256), 2_147_483_648, -2_147_483_649, 0.5, Number.NaN, null, true, ['a']])
      expect(isKeyValue(value), String(value)).toBe(false);
    expect(['0', '9223372036854775807'].every(isInt64)).toBe(true);
    expect(['', '-1', '9223372036854775808', '1e3', 5].some(isInt64)).toBe(false);
  });

  it('are refused when they are garbage, or hold another kind of key', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (token) => {
        expect(() => tokens.read(token, scope, anyKey)).toThrow(/pageToken/);
      }),
    );
    const isNumber = (key: PageKey): key is [number] => typeof key[0] === 'number';
    expect(() => tokens.read(tokens.write(scope, ['a']), scope, isNumber)).toThrow(/pageToken: cannot be read/);
    const nested = Buffer.from('[["a"]]').toString('base64url');
    expect(() => tokens.read(nested, scope, anyKey)).toThrow(/pageToken/);
  });
});

describe('the size of a page', () => {
  it('is 50 unless said, at most 200, never below 0', () => {
    expect([0, 1, 200, 201].map(readPageSize)).toEqual([50, 1, 200, 200]);
    expect(() => readPageSize(-1)).toThrow(/pageSize/);
  });
});
