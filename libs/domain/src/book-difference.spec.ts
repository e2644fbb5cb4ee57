import { describe, expect, it } from 'vitest';
import { identityOf, type JudgedCourse, judgeCourse } from './book-difference.js';

const whole: JudgedCourse = {
  ...{ id: '0190a5b2-7c1e-7a5b-8d3f-0123456789ab', tenant_id: 'acme', state: 'sent', next_number: 4 },
  ...{ attempt_count: 3, numbers: [1, 2, 3], accepted: true, lacks_payload: false },
};
const found = (course: Partial<JudgedCourse>) =>
  judgeCourse({ ...whole, ...course }).map(({ kind, number }) => [kind, number]);

describe('the course of a notification', () => {
  it('differs in nothing when its attempts are 1 to the next number', () => {
    expect(found({})).toEqual([]);
    expect(found({ state: 'pending', next_number: 1, attempt_count: 0, numbers: [], accepted: false })).toEqual([]);
  });

  it('names each attempt that is missing, and does not say twice that none was accepted', () => {
    expect(found({ numbers: [2] })).toEqual([
      ['MISSING_ATTEMPT', 1],
      ['MISSING_ATTEMPT', 3],
    ]);
    expect(found({ numbers: [1, 2], accepted: false })).toEqual([['MISSING_ATTEMPT', 3]]);
  });

  it('says an attempt too many, and a count that is wrong', () => {
    expect(found({ numbers: [1, 2, 3, 4] })).toEqual([['WRONG_ATTEMPT_COUNT', null]]);
    expect(found({ attempt_count: 2 })).toEqual([['WRONG_ATTEMPT_COUNT', null]]);
  });

  it('says what is sent without an accepted attempt, and what has lost its payload', () => {
    expect(found({ accepted: false, lacks_payload: true })).toEqual([
      ['SENT_WITHOUT_ACCEPTED', null],
      ['MISSING_PAYLOAD', null],
    ]);
  });

  it('keeps the identity of what is found again, wherever its range ends now', () => {
    const offsets = { topic: 'events', partition: 3, first: 7n, last: 7n };
    const difference = {
      ...({ kind: 'SKIPPED_OFFSET', tenantId: null, offsets, notificationId: null, number: null } as const),
      ...{ eventId: null, detail: 'x' },
    };
    expect(identityOf({ ...difference, offsets: { ...offsets, last: 9n } })).toBe(identityOf(difference));
    expect(identityOf({ ...difference, offsets: { ...offsets, first: 6n } })).not.toBe(identityOf(difference));
  });
});
