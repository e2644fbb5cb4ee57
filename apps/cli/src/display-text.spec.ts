import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { displayJson, displayText, displayWidth, shortened } from './display-text.js';

const hostile = '\u001b[2J\u009b31m\rname\n\t\u202egnp.exe\u200b\u2066\u2028\u0000';

describe('displayText', () => {
  it('shows what a terminal would act on as code points', () => {
    expect(displayText('\u001b[31mred\u202e')).toBe('U+001B[31mredU+202E');
    expect(displayText(hostile)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  });

  it('leaves letters of every script alone', () => {
    const text = 'Zoë Müller 王小明 Łukasz Ñandú العربية 🚀';
    expect(displayText(text)).toBe(text);
  });

  it('leaves no control, format or half character in any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(displayText(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      }),
      { numRuns: 50 },
    );
  });
});

describe('displayJson', () => {
  it('stays the same document and holds nothing a terminal acts on', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ unit: 'binary' }), (value, text) => {
        const json = displayJson({ value, text });
        expect(JSON.stringify(JSON.parse(json))).toBe(JSON.stringify({ value, text }));
        expect(json).not.toMatch(/[^\n\P{Cc}]|[\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
    );
    expect(displayJson(hostile, 0)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  });
});

describe('widths', () => {
  it('counts wide characters twice, marks not at all, and cuts between characters', () => {
    expect(displayWidth('王小明')).toBe(6);
    expect(displayWidth('e\u0301a')).toBe(2);
    expect(shortened('🚀🚀🚀', 2)).toBe('🚀…');
  });
});
