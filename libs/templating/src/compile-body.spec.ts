import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonNumber, type JsonValue } from '#domain/json-value';
import { compileBody } from './compile-body.js';

function render(source: string, data: JsonValue, options: { contentType?: string; strict?: boolean } = {}): string {
  const { contentType = 'application/json', strict = false } = options;
  return compileBody(source, { contentType, strict }).render({ event: { data } });
}

describe('compileBody', () => {
  it('prints JSON in value position and escaped content inside a string, for any value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ unit: 'binary' }), (value, text) => {
        const output = render('{"v": {{ event.data.v }}, "s": "<{{ event.data.s }}>", "{{ event.data.s }}!": 1}', {
          v: value as JsonValue,
          s: text,
        });
        expect(JSON.parse(output)).toEqual(JSON.parse(JSON.stringify({ v: value, s: `<${text}>`, [`${text}!`]: 1 })));
      }),
    );
  });

  it('prints numbers with their source text and a missing path as null, or as nothing inside a string', () => {
    expect(
      render('[{{ event.data.n }}, {{ event.data.no }}, "{{ event.data.no }}"]', { n: new JsonNumber('1.10') }),
    ).toBe('[1.10, null, ""]');
  });

  it('finds array items and names with spaces, and only own fields', () => {
    const data = { a: { b: [{ 'c d': 'x' }] } };
    expect(render('{{ event.data.a.b[0]["c d"] }}', data)).toBe('"x"');
    for (const path of ['constructor', '__proto__', 'toString', 'a.b.length'])
      expect(render(`{{ event.data.${path} }}`, data)).toBe('null');
  });

  it('escapes by content type', () => {
    const data = { s: `<a b='"'>&é` };
    expect(render('<n>{{ event.data.s }}</n>', data, { contentType: 'application/xml' })).toBe(
      '<n>&#60;a b=&#39;&#34;&#39;&#62;&#38;é</n>',
    );
    expect(render('n={{ event.data.s }}', data, { contentType: 'application/x-www-form-urlencoded' })).toBe(
      "n=%3Ca%20b%3D'%22'%3E%26%C3%A9",
    );
    expect(render('{{ event.data.s }}', data, { contentType: 'text/plain' })).toBe(data.s);
  });

  it.each([
    ['{{ other }}', 'TEMPLATE_NAME'],
    ['{{ event.data.a() }}', 'TEMPLATE_FORBIDDEN'],
    ['{{ event.data | upper }}', 'TEMPLATE_FORBIDDEN'],
    ['{% for a in event %}{% endfor %}', 'TEMPLATE_FORBIDDEN'],
    ['{{ event[event.data] }}', 'TEMPLATE_FORBIDDEN'],
    ['{{ }}', 'TEMPLATE_SYNTAX'],
    ['{{ event.data', 'TEMPLATE_SYNTAX'],
    ['"\\{{ event.data }}"', 'TEMPLATE_POSITION'],
    ['"\\u00{{ event.data }}"', 'TEMPLATE_POSITION'],
    ['{"a": "{{ event.data }}}', 'TEMPLATE_POSITION'],
    ['x'.repeat(65_537), 'TEMPLATE_TOO_LONG'],
    [`{{ event${'.a'.repeat(200)} }}`, 'TEMPLATE_TOO_DEEP'],
  ])('refuses %.40s with %s, line and column', (source, code) => {
    let thrown: unknown;
    try {
      compileBody(source, { contentType: 'application/json', strict: false });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ name: 'TemplateError', code });
    expect((thrown as { line: number }).line).toBeGreaterThanOrEqual(1);
  });

  it('fails while running for output that is no JSON, a missing strict path, and what XML cannot hold', () => {
    expect(() => render('{"a": {{ event.data.a }} {{ event.data.a }}}', { a: 4111111 })).toThrow(
      /^the rendered body is not valid JSON at position 14 \(line 1, column 1\)$/,
    );
    expect(() => render('{{ event.data.no }}', {}, { strict: true })).toThrow(/nothing at this path/);
    expect(() => render('{{ event.data.a }}', { a: '\u0001' }, { contentType: 'text/xml' })).toThrow(/U\+0001/);
    const wide = Array.from({ length: 60_000 }, () => 1);
    expect(() => render('{{ event.data.a }}', { a: wide })).toThrow(/steps/);
  });

  it('trims white space where the dash asks for it, 60,000 spaces as fast as one', () => {
    expect(render(`[${' '.repeat(60_000)}{{- event.data.a -}}  ]`, { a: 1 })).toBe('[1]');
  });
});
