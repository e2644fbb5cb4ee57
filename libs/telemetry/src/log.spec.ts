import { describe, expect, it } from 'vitest';
import { createLog, type Log } from './log.js';

const marker = 'SECRETBODY';

/** What an error of TypeORM carries beside its message: the query, all parameters, and what Postgres said of the row. */
function aQueryError(message = 'the statement was refused'): Error {
  const detail = `Failing row contains (${marker})`;
  const driverError = Object.assign(new Error(message), { code: '23505', detail, where: marker, parameters: [marker] });
  return Object.assign(new RangeError(message), {
    ...{ code: '23505', query: `INSERT ${marker}`, parameters: [[Buffer.from(marker)], [marker]] },
    ...{ driverError, detail, where: marker },
  });
}

/** Our own errors keep their cause in a field that can be listed, too. */
function aFailure(cause: Error): Error {
  const failure = new TypeError('Postgres refused (23505)', { cause });
  return Object.assign(failure, { code: 'STORE_REFUSED', options: { retryable: false, cause, detail: marker } });
}

/** The one line that a call writes, as text and parsed. */
function lineOf(write: (log: Log) => void): { readonly text: string; readonly fields: Record<string, unknown> } {
  const lines: string[] = [];
  write(createLog({ app: 'test', level: 'debug', sink: { write: (line) => void lines.push(line) } }));
  expect(lines).toHaveLength(1);
  const text = lines.join('');
  return { text, fields: JSON.parse(text) };
}

describe('an error in a log line', () => {
  it('is its type, code, message and stack, and of its causes all but the stack', () => {
    const { text, fields } = lineOf((log) => log.warn('record.retrying', { offset: 7, err: aFailure(aQueryError()) }));
    expect(fields).toMatchObject({ level: 'warn', app: 'test', event: 'record.retrying', offset: 7 });
    expect(fields['err']).toEqual({
      type: 'TypeError',
      code: 'STORE_REFUSED',
      message: 'Postgres refused (23505)',
      stack: expect.stringMatching(/^ {4}at aFailure /),
      causes: [{ type: 'RangeError', code: '23505', message: 'the statement was refused' }],
    });
    expect(text).not.toContain(marker);
    expect(text).not.toContain(Buffer.from(marker).toJSON().data.join(','));
  });

  it.each<[string, object]>([
    ['another field', { trouble: aFailure(aQueryError()) }],
    ['a list', { troubles: [aQueryError(), aQueryError()] }],
    ['an object', { job: { last: { trouble: aFailure(aQueryError()) } } }],
    ['the place of all fields', aQueryError()],
    [
      'a field of an object that is very deep',
      { a: { b: { c: [{ d: { e: [{ f: { trouble: aQueryError() } }] } }] } } },
    ],
  ])('shows as little in %s', (_, fields) => {
    const { text } = lineOf((log) => log.error('job.failed', fields));
    expect(text).not.toContain(marker);
    expect(text).not.toContain(Buffer.from(marker).toJSON().data.join(','));
  });

  it('is cut: its message, its stack without the message, and more than three causes', () => {
    const long = `${'x'.repeat(600)}\n    at ${marker} (row.ts:1:1)\n${'y'.repeat(10_000)}`;
    let error = new Error(long);
    for (let n = 0; n < 5; n++) error = new Error(long, { cause: error });
    const { text, fields } = lineOf((log) => log.error('job.failed', { err: error }));
    expect(text).not.toContain(marker);
    const { message, stack, causes } = fields['err'] as {
      message: string;
      stack: string;
      causes: { message: string }[];
    };
    expect(message).toBe('x'.repeat(500));
    expect(stack.length).toBeLessThanOrEqual(4_000);
    expect(causes.map((cause) => cause.message.length)).toEqual([500, 500, 500]);
  });

  it('ends, for causes and fields that go round', () => {
    const error = new Error('round');
    error.cause = error;
    const fields: { err: Error; self?: object } = { err: error };
    fields.self = fields;
    const line = lineOf((log) => log.error('job.failed', fields));
    expect(line.fields['err']).toMatchObject({ message: 'round' });
  });

  it('hides fields that are named for a secret, as before', () => {
    const { text } = lineOf((log) => log.info('process.started', { config: { password: marker }, secret: marker }));
    expect(text).not.toContain(marker);
  });
});

describe('a secret in a log line', () => {
  it('is masked wherever its name says what it is', () => {
    const fields = { password: marker, request: { authorization: marker, keys: [{ secret: marker }] }, user: 'kim' };
    const { text, fields: written } = lineOf((log) => log.info('call.finished', fields));
    expect(text).not.toContain(marker);
    expect(written).toMatchObject({
      password: '[secret]',
      request: { authorization: '[secret]', keys: [{ secret: '[secret]' }] },
      user: 'kim',
    });
  });
});
