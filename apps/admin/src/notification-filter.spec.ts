import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ResourceFault } from '#registry/resource-fault';
import { parseNotificationFilter } from './notification-filter.js';

describe('the filter of notifications', () => {
  it('reads conditions joined by AND', () => {
    expect(parseNotificationFilter('')).toEqual([]);
    expect(parseNotificationFilter('  ')).toEqual([]);
    expect(parseNotificationFilter('state = FAILED AND subject="clients/7" AND template = to-orders')).toEqual([
      ['state', 'failed'],
      ['subject', 'clients/7'],
      ['template_id', 'to-orders'],
    ]);
    expect(parseNotificationFilter('state=NOTIFICATION_STATE_SENT\nAND endpoint =a')).toEqual([
      ['state', 'sent'],
      ['endpoint_id', 'a'],
    ]);
  });

  it('gives back any printable text that is quoted', () => {
    const printable = fc.string({ unit: 'grapheme' }).filter((text) => !/[\p{Cc}\p{Cs}]/u.test(text));
    fc.assert(
      fc.property(printable, (text) => {
        const quoted = `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
        expect(parseNotificationFilter(`subject = ${quoted} AND event_id = 1`)).toEqual([
          ['subject', text],
          ['event_id', '1'],
        ]);
      }),
    );
  });

  it('says where it is wrong', () => {
    const wrong: readonly (readonly [string, RegExp])[] = [
      ['state = LOST', /column 9: "LOST" is not one of PENDING, SENT/],
      ['state != SENT', /column 7: = is expected/],
      ['color = red', /column 1: "color" is not one of event_id/],
      ['constructor = a', /column 1: "constructor"/],
      ['state', /column 6: = is expected/],
      ['state =', /column 8: a value is expected/],
      ['state = SENT subject = a', /column 14: AND is expected/],
      ['state = SENT AND', /column 17: a field is expected/],
      ['state = SENT AND state = FAILED', /column 18: state stands twice/],
      ['subject = "a', /column 11: a quoted text does not end/],
      ['"state" = SENT', /column 1/],
      ['subject = "\0"', /control character/],
      [`subject = ${'a'.repeat(4_000)}`, /longer than 4000/],
    ];
    for (const [filter, said] of wrong) expect(() => parseNotificationFilter(filter), filter).toThrow(said);
  });

  it('refuses garbage as a fault of the caller, whatever it is', () => {
    const pieces = fc.constantFrom('state', 'SENT', '=', 'AND', '"', '\\', ' ', 'subject', '"x"', '\ud800', "'");
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        try {
          expect(Array.isArray(parseNotificationFilter(parts.join('')))).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(ResourceFault);
        }
      }),
    );
  });
});
