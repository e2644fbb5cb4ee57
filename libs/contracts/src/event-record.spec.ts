import { describe, expect, it } from 'vitest';
import type { KafkaRecord } from '#domain/kafka-record';
import { decodeEvent } from './event-record.js';
import { eventTimeMs } from './event-time.js';

type Headers = Readonly<Record<string, string | readonly string[]>>;

function decode(value: string | Buffer | null, headers: Headers = {}) {
  const asBuffers = Object.entries(headers).map(([name, text]) => [
    name,
    typeof text === 'string' ? Buffer.from(text) : text.map((one) => Buffer.from(one)),
  ]);
  const record: Pick<KafkaRecord, 'value' | 'headers'> = {
    value: typeof value === 'string' ? Buffer.from(value) : value,
    headers: Object.fromEntries(asBuffers),
  };
  return decodeEvent(record);
}

const structured = { 'content-type': 'application/cloudevents+json; charset=utf-8' };
const attributes = { ce_specversion: '1.0', ce_id: '1', ce_source: '/s', ce_type: 't' };
const binary = { 'content-type': 'application/json', ...attributes };
const event = '{"specversion":"1.0","type":"t","source":"/s","id":"1","time":"2026-11-24T10:00:00.123456789+01:00"}';

describe('decodeEvent', () => {
  it('reads a structured event and keeps its bytes', () => {
    const decoded = decode(event, structured);
    expect(decoded).toMatchObject({ kind: 'event', event: { id: '1', type: 't', tenantId: 'default' } });
    expect(decoded.kind === 'event' && decoded.event.envelope.toString()).toBe(event);
    expect(decoded.kind === 'event' && decoded.event.timeMs).toBe(Date.UTC(2026, 10, 24, 9, 0, 0, 123));
  });

  it('makes an envelope of a binary event, attributes in the order of the specification, data verbatim', () => {
    const decoded = decode('{ "amount": 1.10 }', { ...binary, ce_tenant: 'acme', ce_subject: 'clients/1' });
    expect(decoded.kind === 'event' && decoded.event.envelope.toString()).toBe(
      '{"specversion":"1.0","id":"1","source":"/s","type":"t","datacontenttype":"application/json","subject":"clients/1",' +
        '"tenant":"acme","data":{ "amount": 1.10 }}',
    );
    expect(decoded).toMatchObject({ event: { tenantId: 'acme', content: { data: { amount: { source: '1.10' } } } } });
  });

  it('passes over a byte order mark before JSON, and hands on none', () => {
    const whole = decode(`\ufeff${event}`, structured);
    expect(whole.kind === 'event' && whole.event.envelope.toString()).toBe(event);
    const parts = decode('\ufeff{"a":"\ufeff"}', binary);
    expect(parts.kind === 'event' && parts.event.envelope.toString()).toContain(',"data":{"a":"\ufeff"}}');
    expect(decode('\ufeff', binary)).toMatchObject({
      kind: 'event',
      event: { content: expect.not.objectContaining({ data: null }) },
    });
  });

  it.each([
    ['the content type', { ...binary, ce_datacontenttype: 'text/xml' }, 'application/json'],
    [
      'ce_datacontenttype without one',
      { ...attributes, ce_datacontenttype: 'application/x+json' },
      'application/x+json',
    ],
    ['neither', attributes, undefined],
  ])('takes datacontenttype of a binary event from %s', (_, headers, expected) => {
    const decoded = decode('1', headers);
    const content = decoded.kind === 'event' ? decoded.event.envelope.toString() : decoded.detail;
    expect(JSON.parse(content).datacontenttype).toBe(expected);
  });

  it.each([
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), structured, 'NOT_UTF8'],
    ['a text that is not JSON', '{nope', structured, 'NOT_JSON'],
    ['JSON that is no object', '[1]', structured, 'NOT_AN_EVENT'],
    ['no value', null, structured, 'NOT_AN_EVENT'],
    ['no id', '{"source":"/s","type":"t"}', structured, 'MISSING_ATTRIBUTE'],
    ['no source', '{"id":"1","type":"t"}', structured, 'MISSING_ATTRIBUTE'],
    ['no type', '{"id":"1","source":"/s"}', structured, 'MISSING_ATTRIBUTE'],
    ['an id that is a number', '{"id":1,"source":"/s","type":"t"}', structured, 'BAD_ATTRIBUTE'],
    ['NUL in an attribute', '{"id":"a\\u0000","source":"/s","type":"t"}', structured, 'BAD_ATTRIBUTE'],
    ['half a surrogate pair', '{"id":"\\ud800","source":"/s","type":"t"}', structured, 'BAD_ATTRIBUTE'],
    [
      'a day that does not exist',
      '{"id":"1","source":"/s","type":"t","time":"2026-02-30T00:00:00Z"}',
      structured,
      'BAD_ATTRIBUTE',
    ],
    ['over 1 MiB', Buffer.alloc(1_048_577, 32), structured, 'TOO_LARGE'],
    ['both modes at once', event, { ...structured, ce_id: '1' }, 'MIXED_MODE'],
    ['a header twice', '{}', { ...binary, ce_id: ['1', '2'] }, 'DUPLICATE_HEADER'],
    ['data that is not JSON', '<a/>', { ...binary, 'content-type': 'application/xml' }, 'DATA_NOT_JSON'],
    ['data that is said not to be JSON', '1', { ...attributes, ce_datacontenttype: 'text/xml' }, 'DATA_NOT_JSON'],
    ['data in a header', '1', { ...binary, ce_data: '2' }, 'BAD_ATTRIBUTE'],
    ['base64 data in a header', null, { ...binary, ce_data_base64: 'MQ==' }, 'BAD_ATTRIBUTE'],
    ['two byte order marks', `\ufeff\ufeff${event}`, structured, 'NOT_JSON'],
    ['a byte order mark alone', '\ufeff', structured, 'NOT_AN_EVENT'],
    ['a tenant nobody can have', '{"id":"1","source":"/s","type":"t","tenant":"A B"}', structured, 'UNKNOWN_TENANT'],
    [
      'nesting that is too deep',
      `{"id":"1","source":"/s","type":"t","data":${'['.repeat(500)}${']'.repeat(500)}}`,
      structured,
      'NOT_JSON',
    ],
  ] as const)('parks %s', (_, value, headers, reason) => {
    expect(decode(value, headers)).toMatchObject({ kind: 'parked', reason });
  });
});

describe('the detail of a parked record', () => {
  it.each([
    ['{"id":"1","card":PAN4111111111"}', structured, 'the value is not valid JSON at position 17'],
    ['{"half": ', structured, 'the value is not valid JSON at position 9'],
    ['{"card": "PAN4111111111', binary, 'the data is not valid JSON at position 23'],
    ['['.repeat(200) + ']'.repeat(200), binary, 'the data is nested deeper than 128'],
  ])('says where JSON ends and quotes nothing: %.30s', (value, headers, detail) => {
    expect(decode(value, headers)).toMatchObject({ kind: 'parked', detail });
  });
});

describe('eventTimeMs', () => {
  it('takes 0 to 9 fraction digits and any offset, and nothing else', () => {
    expect(eventTimeMs('2026-01-01T00:00:00Z')).toBe(Date.UTC(2026, 0, 1));
    expect(eventTimeMs('2026-01-01T00:00:00.999999999Z')).toBe(Date.UTC(2026, 0, 1) + 999);
    expect(eventTimeMs('2026-01-01T01:30:00+01:30')).toBe(Date.UTC(2026, 0, 1));
    for (const text of ['2026-01-01', '2026-01-01T24:00:00Z', '2026-01-01T00:00:00.1234567890Z', 'now'])
      expect(eventTimeMs(text)).toBeNull();
  });
});
