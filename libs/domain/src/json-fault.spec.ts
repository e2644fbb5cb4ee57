import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonFault, jsonFaultAt } from './json-fault.js';

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('jsonFaultAt', () => {
  it.each([
    ['', 0],
    ['  ', 2],
    ['{nope', 1],
    ['{"a": 1x}', 7],
    ['{"a": 01}', 7],
    ['{"a" 1}', 5],
    ['{"a": }', 6],
    ['{"a": 1,}', 8],
    ['{1: 2}', 1],
    ['[1, 2', 5],
    ['[1,]', 3],
    ['[1}', 2],
    ['[1] 2', 4],
    ['1,', 1],
    ['tru', 0],
    ['"abc', 4],
    ['"abc\\"', 6],
    ['"a\\x"', 2],
    ['"a\\u12g4"', 2],
    ['"a\nb"', 2],
    ['\ufeff1', 0],
  ])('of %j is %i', (text, at) => {
    expect(jsonFaultAt(text)).toBe(at);
  });

  it('is null exactly for what JSON.parse takes', () => {
    const pieces = fc.constantFrom(
      ...'{}[],:" \t\n\\u00e9tx01-.eE+',
      'true',
      'null',
      '"a"',
      '"\\u00e9"',
      '1.5e3',
      '"":',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (some) => {
        const text = some.join('');
        expect(jsonFaultAt(text) === null).toBe(isJson(text));
      }),
      { numRuns: 3_000 },
    );
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.constantFrom(...'{}[],:"\\x1'), (json, place, char) => {
        expect(jsonFaultAt(json)).toBeNull();
        const changed = json.slice(0, place % json.length) + char + json.slice((place % json.length) + 1);
        expect(jsonFaultAt(changed) === null).toBe(isJson(changed));
      }),
    );
  });
});

describe('jsonFault', () => {
  it('names the position and nothing of the text', () => {
    expect(jsonFault('{"card": PAN4111}')).toBe('not valid JSON at position 9');
  });
});
