import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventEntries } from './event-file.js';
import { binaryRecord, decodeRecord, structuredRecord } from './event-record.js';
import { elementSpans, memberSpans } from './json-spans.js';

const entriesOf = (text: string) => eventEntries(Buffer.from(text), 'f');
const textsOf = (text: string) => entriesOf(text).map(({ bytes }) => bytes.toString());

describe('eventEntries', () => {
  it('keeps a single object byte for byte, spaces, byte order mark and line end included', () => {
    const text = '\ufeff {"id": "1",\r\n "n": 1.10, "u": "\\u00e9"}\n\n';
    expect(textsOf(text)).toEqual([text]);
    expect(entriesOf(text)[0]?.fault).toBeNull();
  });

  it('cuts an array into the source texts of its elements', () => {
    expect(textsOf('[ {"n": 1.10, "s": "]}\\"{["} ,{"a":[{}]}\n]')).toEqual([
      '{"n": 1.10, "s": "]}\\"{["}',
      '{"a":[{}]}',
    ]);
    expect(textsOf('[]')).toEqual([]);
  });

  it('reads NDJSON with blank lines, either line end, and a name for each line', () => {
    const entries = entriesOf('{"a":1}\r\n\n{"b":12345678901234567890}\n');
    expect(entries.map(({ where, bytes, fault }) => [where, bytes.toString(), fault])).toEqual([
      ['f:1', '{"a":1}', null],
      ['f:3', '{"b":12345678901234567890}', null],
    ]);
  });

  it('says what is wrong with a line, an element, and a file that is nothing', () => {
    expect(entriesOf('{"a":1}\n{"b"\n5').map(({ fault }) => fault?.slice(0, 14))).toEqual([
      undefined,
      'it is not JSON',
      'it is JSON, bu',
    ]);
    expect(entriesOf('[{}, 5]').map(({ where, fault }) => [where, fault])).toEqual([
      ['f[0]', null],
      ['f[1]', 'it is JSON, but not an object'],
    ]);
    expect(entriesOf('"text"')[0]?.fault).toBe('it is JSON, but not an object');
    expect(entriesOf('{\n"a": 1,\n}')).toHaveLength(1);
    expect(entriesOf('')[0]?.fault).toMatch(/not JSON/);
    expect(eventEntries(Buffer.from([0xff]), 'f')[0]?.fault).toBe('it is not UTF-8');
  });
});

describe('spans', () => {
  it('are the source texts of any array and any object', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.constantFrom(0, 2), (array, indent) => {
        const text = JSON.stringify(array, null, indent);
        expect(elementSpans(text).map(({ start, end }) => JSON.parse(text.slice(start, end)))).toEqual(
          JSON.parse(text),
        );
      }),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(0, 2), (object, indent) => {
        const text = JSON.stringify(object, null, indent);
        const members = memberSpans(text).map(({ name, start, end }) => [name, JSON.parse(text.slice(start, end))]);
        expect(members).toEqual(Object.entries(JSON.parse(text)));
      }),
    );
  });
});

describe('records', () => {
  const event =
    '{"specversion":"1.0","id":"1","source":"/s","type":"t","datacontenttype":"application/json",' +
    '"subject":"Zo\\u00eb","priority":5,"dataschema":null,"data": {"amount": 1.10, "n": 123456789012345678901234567890}}';
  const [entry] = entriesOf(event);

  it('keep the source text of the data in binary mode, and attributes as text', () => {
    if (entry === undefined) throw new Error('no entry');
    const { value, headers } = binaryRecord(entry);
    expect(value.toString()).toBe('{"amount": 1.10, "n": 123456789012345678901234567890}');
    expect(headers).toEqual({
      'content-type': 'application/json',
      ce_specversion: '1.0',
      ce_id: '1',
      ce_source: '/s',
      ce_type: 't',
      ce_subject: 'Zoë',
      ce_priority: '5',
    });
  });

  it('are the same event in either mode, by the decoder of the renderer', () => {
    if (entry === undefined) throw new Error('no entry');
    const [structured, binary] = [decodeRecord(structuredRecord(entry)), decodeRecord(binaryRecord(entry))];
    const factsOf = (decoded: typeof structured) => {
      if (decoded.kind !== 'event') throw new Error(decoded.detail);
      const { id, source, type, subject, tenantId } = decoded.event;
      return { id, source, type, subject, tenantId };
    };
    expect(factsOf(structured)).toEqual(factsOf(binary));
  });

  it('cannot have an attribute that is no text in binary mode', () => {
    const [wrong] = entriesOf('{"id":"1","ext":{"a":1}}');
    if (wrong === undefined) throw new Error('no entry');
    expect(() => binaryRecord(wrong)).toThrow('the attribute ext is no text');
  });
});
