import { describe, expect, it } from 'vitest';
import type { Attempt__Output } from '#contracts/generated/hookline/admin/v1/Attempt';
import { attemptColumns, attemptDetails, attemptJson } from './attempt-rows.js';

const hostile = /[\p{Cc}\p{Cf}]/u;

function anAttempt(fields: Partial<Attempt__Output> = {}): Attempt__Output {
  const time = { seconds: '0', nanos: 0 };
  return {
    ...{
      number: 2,
      trigger: 'ATTEMPT_TRIGGER_AUTO',
      askedBy: 'tier',
      requestedBy: '',
      state: 'ATTEMPT_STATE_FINISHED',
    },
    ...{ outcome: 'ATTEMPT_OUTCOME_FAILED', failureReason: 'FAILURE_REASON_HTTP_STATUS', httpStatus: 500 },
    ...{ url: 'https://h.example/in', endpointVersion: 3, dueTime: time, startTime: time, finishTime: time },
    ...{ leaseEndTime: time, durationMs: 312, responseBytes: 3, errorDetail: 'the endpoint answered 500' },
    ...{ dnsMs: 0, tlsMs: 41, firstByteMs: 309, peerAddress: '198.41.0.4:443', responseCut: '' },
    ...{ responseHeaders: { server: 'nginx' }, responseBody: Buffer.from('no.'), responseTotalBytes: '3' },
    ...fields,
  };
}

const sizeOf = (fields: Partial<Attempt__Output>) =>
  attemptDetails(anAttempt(fields)).fields.find(([name]) => name === 'answer')?.[1];

describe('an attempt', () => {
  it('is shown with where its time went, whom it reached, and what came back', () => {
    const { fields, text } = attemptDetails(anAttempt());
    expect(Object.fromEntries(fields)).toMatchObject({
      ...{ outcome: 'failed (HTTP_STATUS)', 'http status': '500', peer: '198.41.0.4:443', answer: '3 bytes' },
      ...{
        took: '312 ms: dns 0, tls 41, first byte at 309',
        'header server': 'nginx',
        url: 'https://h.example/in (version 3)',
      },
    });
    expect(text).toBe('no.');
  });

  it('says how much of the answer is kept, of how much, and why it was read no further', () => {
    const body = Buffer.alloc(16_384, 'a');
    expect(sizeOf({ responseBody: body, responseBytes: 40_000, responseTotalBytes: '40000' })).toBe(
      'the first 16384 of 40000 bytes',
    );
    const cut = { responseBody: body, responseBytes: 65_536, responseCut: 'size' };
    expect(sizeOf({ ...cut, responseTotalBytes: '9000000000' })).toBe(
      'the first 16384 of 9000000000 bytes; cut after 65536 (size)',
    );
    expect(sizeOf({ ...cut, responseTotalBytes: undefined as never })).toBe(
      'the first 16384 bytes; cut after 65536 (size)',
    );
    expect(sizeOf({ httpStatus: 0, responseBody: Buffer.alloc(0) })).toBe('');
  });

  it('is text where it is UTF-8, also where a cut went through a character, else base64', () => {
    const text = Buffer.from('Zoë 😀');
    for (let length = 1; length <= text.length; length++) {
      const json = attemptJson(anAttempt({ responseBody: text.subarray(0, length), responseTotalBytes: '99' }));
      expect(json).toMatchObject({ responseBody: expect.not.stringContaining('\ufffd'), responseTotalBytes: 99 });
    }
    const broken = { responseBody: text.subarray(0, -1), responseTotalBytes: String(text.length - 1) };
    expect(attemptJson(anAttempt(broken))).toMatchObject({
      responseBodyBase64: text.subarray(0, -1).toString('base64'),
    });
    const bytes = Buffer.from([0xff, 0x00, 0xe2]);
    expect(attemptJson(anAttempt({ responseBody: bytes, responseTotalBytes: '9' }))).toMatchObject({
      responseBodyBase64: '/wDi',
    });
    expect(attemptDetails(anAttempt({ responseBody: bytes })).text).toBe('(base64) /wDi');
    const [answer] = attemptColumns.filter(({ title }) => title === 'ANSWER');
    expect(answer?.text(anAttempt({ responseBody: bytes }))).toBe('not UTF-8, 3 bytes');
  });

  it('moves no cursor, whatever came back', () => {
    const { fields, text } = attemptDetails(
      anAttempt({
        responseBody: Buffer.from('\u001b[2J\r\ntwo\u202elines\u009b\rx'),
        responseHeaders: { 'x-\u001b[31m': 'v' },
        responseTotalBytes: '99',
      }),
    );
    expect(text.split('\n').map((line) => hostile.test(line))).toEqual([false, false]);
    expect(fields.every(([name]) => !hostile.test(name))).toBe(true);
    expect(attemptDetails(anAttempt({ responseBody: Buffer.alloc(16_384, 'a') })).text).toHaveLength(4_000);
  });
});
