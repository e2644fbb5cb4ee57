import { describe, expect, it } from 'vitest';
import { type AttemptFinish, finishColumns } from './attempts.js';

/** The ninth column, as Postgres is given it. */
function headersColumn(responseHeaders: Readonly<Record<string, string>>): unknown {
  const report = { outcome: { kind: 'accepted' }, durationMs: 1, responseHeaders, responseBytes: 0 };
  const finish = { claim: { notificationId: 'n', number: 1 }, report, next: { kind: 'sent' } };
  const columns = finishColumns([finish as unknown as AttemptFinish]);
  return JSON.parse(String(columns[8]?.[0]));
}

describe('the headers of an answer', () => {
  it.each([
    ['plain', { date: 'today', 'x-note': 'Zoë "said" \\ this' }],
    ['what only looks like an escape', { 'x-note': 'a\\u0000b \\ud800' }],
    ['a pair of surrogates', { 'x-note': '👩‍👧' }],
  ])('are stored as they came: %s', (_, headers) => {
    expect(headersColumn(headers)).toEqual(headers);
  });

  it('are stored without what Postgres refuses, in names and values', () => {
    expect(headersColumn({ 'x-a': 'a\0b', 'x-\ud800': '\udfffc' })).toEqual({ 'x-a': 'a␀b', 'x-�': '�c' });
  });
});
