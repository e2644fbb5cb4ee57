import { describe, expect, it } from 'vitest';
import { JsonNumber } from '#domain/json-value';
import { jsonDepthMax, parseJsonText } from './json-text.js';

const textCharsMax = 1_048_576;

/** What a parser or a pattern might go back over again and again, as prefix and repeated part. */
const pathological: readonly (readonly [prefix: string, repeated: string])[] = [
  ['"', '\\"'],
  ['"', '\\\\'],
  ['"', '\\u0041'],
  ['', '"'],
  ['', '"\\"'],
  ['', '"a'],
  ['{"a":"', '\\"'],
  ['', '['],
  ['', '{"a":'],
  ['', '[],'],
  ['[', '1,'],
  ['', '1'],
  ['-', '1'],
  ['1.', '1'],
  ['1e', '1'],
  ['', '1e'],
  ['', '-'],
  ['', '1.'],
  ['', ' '],
  ['[', ' \n'],
  ['', '\\'],
  ['', '\u0000'],
  ['', 'é'],
];

describe('parseJsonText', () => {
  it.each(pathological)(
    'returns for 1 MiB of %j and then %j, unfinished, quoted and closed',
    (prefix, repeated) => {
      const text = prefix + repeated.repeat(Math.ceil((textCharsMax - prefix.length) / repeated.length));
      for (const one of [text, `${text}"`, `"${text}"`, `[${text}]`, `["${text}"]`, JSON.stringify(text)]) {
        const parsed = parseJsonText(one);
        if (parsed.kind === 'fault')
          expect(parsed.detail).toMatch(/^not valid JSON at position \d+$|^nested deeper than 128$/);
      }
    },
    120_000,
  );

  it('takes a string of 5,000,000 escapes, which is too long for one pattern', () => {
    const parsed = parseJsonText(`["${'\\"'.repeat(5_000_000)}"]`);
    expect(parsed).toMatchObject({ kind: 'value' });
  }, 120_000);

  it('keeps numbers that a double would change, and passes over those inside strings', () => {
    expect(parseJsonText('{"a\\"1.10": ["1.10", "\\\\", 1.10, 2, 12345678901234567890123]}')).toEqual({
      kind: 'value',
      value: { 'a"1.10': ['1.10', '\\', new JsonNumber('1.10'), 2, new JsonNumber('12345678901234567890123')] },
    });
    expect(parseJsonText('["1.10", 1]')).toEqual({ kind: 'value', value: ['1.10', 1] });
  });

  it('takes brackets to the limit and not beyond it, without those inside strings', () => {
    const nested = (depth: number) => `${'['.repeat(depth)}"[[[{{{"${']'.repeat(depth)}`;
    expect(parseJsonText(nested(jsonDepthMax)).kind).toBe('value');
    expect(parseJsonText(nested(jsonDepthMax + 1))).toEqual({ kind: 'fault', detail: 'nested deeper than 128' });
  });

  it('says where a text stops being JSON, and nothing of it', () => {
    expect(parseJsonText('{"card": 4111111111111111x, "name":"Zoë Müller"}')).toEqual({
      kind: 'fault',
      detail: 'not valid JSON at position 25',
    });
  });
});
