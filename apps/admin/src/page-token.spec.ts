import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PageKey, readPageSize, readPageToken, writePageToken } from './page-token.js';

const scope = { list: 'ListThings', parent: 'tenants/acme', filter: 'state = SENT' };
const anyKey = (key: PageKey): key is PageKey => key.length > 0;

describe('page tokens', () => {
  it('give back the key they were made of', () => {
    const values = fc.oneof(fc.string(), fc.integer());
    fc.assert(
      fc.property(fc.array(values, { minLength: 1, maxLength: 4 }), (key) => {
        expect(readPageToken(writePageToken(scope, key), scope, anyKey)).toEqual(key);
      }),
    );
    expect(readPageToken('', scope, anyKey)).toBeNull();
  });

  it('are good for one list, parent and filter only', () => {
    const token = writePageToken(scope, ['a']);
    for (const other of [{ list: 'ListOthers' }, { parent: 'tenants/-' }, { filter: '' }])
      expect(() => readPageToken(token, { ...scope, ...other }, anyKey)).toThrow(/pageToken: belongs to another/);
  });

  it('are refused when they are garbage, or hold another kind of key', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (token) => {
        expect(() => readPageToken(token, scope, anyKey)).toThrow(/pageToken/);
      }),
    );
    const isNumber = (key: PageKey): key is [number] => typeof key[0] === 'number';
    expect(() => readPageToken(writePageToken(scope, ['a']), scope, isNumber)).toThrow(/pageToken: cannot be read/);
    const nested = Buffer.from('[["a"]]').toString('base64url');
    expect(() => readPageToken(nested, scope, anyKey)).toThrow(/pageToken/);
  });
});

describe('the size of a page', () => {
  it('is 50 unless said, at most 200, never below 0', () => {
    expect([0, 1, 200, 201].map(readPageSize)).toEqual([50, 1, 200, 200]);
    expect(() => readPageSize(-1)).toThrow(/pageSize/);
  });
});
