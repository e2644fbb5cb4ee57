import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Secret } from '#domain/secret';
import type { HttpAnswer } from './exchange.js';
import { keptHeaders, maskedAnswer, type RequestSecrets } from './masked-answer.js';

const key = Buffer.from('fb+/AAECAwQFBgcICQoLDA0ODxAREhMU//8=', 'base64');
const base64 = key.toString('base64');
const signature = `v1,${'Ab+/'.repeat(10)}Ab8= v1,${'Zz9'.repeat(14)}Y=`;
const request: RequestSecrets = {
  path: '/in?token=s3cret%2Bvalue&v=1',
  headers: { 'webhook-signature': signature },
  secrets: [new Secret(key)],
};

function anAnswer(body: string | Buffer, headers: Readonly<Record<string, string>> = {}): HttpAnswer {
  return {
    ...{ status: 200, headers, body: Buffer.from(body), bytes: body.length, error: null, timedOut: false },
    ...{
      isFlood: false,
      cut: null,
      firstByteMs: 1,
      wire: { isReused: false, isUnanswered: false } as HttpAnswer['wire'],
    },
  };
}

const maskedBody = (body: string | Buffer, cut: HttpAnswer['cut'] = null) =>
  maskedAnswer({ ...anAnswer(body), cut }, request).body;

describe('an answer that says what it was asked with', () => {
  it.each([
    ['the signing secret', `whsec_${base64}`],
    ['it without its padding', base64.replace('=', '')],
    ['it as PHP writes JSON', base64.replaceAll('/', '\\/')],
    ['it in a URL', encodeURIComponent(base64)],
    ['it in the other base64', key.toString('base64url')],
    ['its bytes in hex', key.toString('hex')],
    ['its bytes', key],
    ['the signature header', signature],
    ['one of two signatures', signature.split(' ')[1] ?? ''],
    ['a value of the query', 'https://h.example/in?token=s3cret%2Bvalue'],
    ['that value decoded', 's3cret+value'],
  ])('keeps nothing of %s, and its length', (_, echoed) => {
    const body = Buffer.concat([Buffer.from('{"you": "'), Buffer.from(echoed), Buffer.from('", "sent": 1}')]);
    const masked = maskedBody(body);
    expect(masked).toHaveLength(body.length);
    expect(masked.toString('latin1')).toMatch(/^\{"you": ".*\*{8,}.*", "sent": 1\}$/s);
    for (const text of [
      base64.slice(0, 12),
      base64.slice(-12, -2),
      'Ab+/',
      'Zz9',
      's3cret',
      key.toString('hex').slice(0, 12),
    ])
      expect(masked.toString('latin1')).not.toContain(text);
    expect(masked.includes(key.subarray(0, 8))).toBe(false);
  });

  it('keeps no beginning of a secret where the body was cut, and a few characters tell nothing', () => {
    for (let length = 8; length < base64.length; length++)
      expect(maskedBody(`${'x'.repeat(40)} ${base64.slice(0, length)}`, 'size').toString()).toBe(
        `${'x'.repeat(40)} ${'*'.repeat(length)}`,
      );
    expect(maskedBody(`${'x'.repeat(40)} ${base64.slice(0, 7)}`, 'size').toString()).toContain(base64.slice(0, 7));
  });

  it('keeps no beginning of a secret that is all there is of a body', () => {
    const withoutQuery = { ...request, path: '/in' };
    const masked = (body: string | Buffer, cut: HttpAnswer['cut']) =>
      maskedAnswer({ ...anAnswer(body), cut }, withoutQuery).body.toString('latin1');
    expect(masked(base64.slice(0, 31), 'size')).toBe('*'.repeat(31));
    expect(masked(key, null)).toBe('*'.repeat(key.length));
  });

  it('keeps nothing of a signature in any form, whichever characters it is made of', () => {
    const path = '/in';
    for (let n = 0; n < 500; n++) {
      const one = createHmac('sha256', key).update(String(n)).digest('base64');
      const secrets = { ...request, path, headers: { 'webhook-signature': `v1,${one}` } };
      for (const form of [one, one.replaceAll('/', '\\/'), encodeURIComponent(one)]) {
        const { body, headers } = maskedAnswer(anAnswer(`you sent ${form}`, { 'x-echo': form }), secrets);
        expect(body.toString()).toMatch(/^you sent \*{43,}(=|%3D)$/);
        expect(headers['x-echo']).toMatch(/^\*{43,}(=|%3D)$/);
      }
    }
  });

  it('keeps bytes that are no text, and short values of the query, as they are', () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, n) => n));
    expect(maskedBody(bytes)).toEqual(bytes);
    expect(maskedBody('{"v": 1, "note": "nothing to hide here"}').toString()).toContain('{"v": 1, ');
  });

  it('keeps it out of its headers as well', () => {
    const { headers } = maskedAnswer(anAnswer('', { 'x-echo': `got ${signature}`, date: 'today' }), request);
    expect(headers).toEqual({ 'x-echo': expect.stringMatching(/^got v1,\*+= v1,\*+=$/), date: 'today' });
    const cut = `${'x'.repeat(1_004)}${base64.slice(0, 20)}`;
    const [kept] = Object.values(maskedAnswer(anAnswer('', { 'x-echo': cut }), { ...request, path: '/in' }).headers);
    expect(kept).toBe(`${'x'.repeat(1_004)}${'*'.repeat(20)}`);
  });
});

describe('headers', () => {
  it.each([
    ...['Set-Cookie', 'cookie', 'Authorization', 'WWW-Authenticate', 'proxy-authorization', 'X-API-Key', 'apikey'],
    ...['x-auth-token', 'X-Amz-Security-Token', 'x-csrf-token', 'webhook-signature', 'x-hub-signature-256'],
    ...['x-session-id', 'client-secret', 'x-password', 'authentication-info', 'x-jwt-assertion'],
  ])('%s are masked by their name', (name) => {
    expect(keptHeaders({ [name]: 'something' })).toEqual({ [name.toLowerCase()]: '[masked]' });
  });

  it('of other names are kept, joined and shortened', () => {
    const kept = keptHeaders({ 'X-Author': 'ann', Via: ['1.1 a', '1.1 b'], 'x-long': 'a'.repeat(2_000) });
    expect(kept).toEqual({ 'x-author': 'ann', via: '1.1 a, 1.1 b', 'x-long': 'a'.repeat(1_024) });
  });

  it('that a receiver made of one character are read once', () => {
    for (const one of ['?', '&', '/', '//', '#', '?a', '@'])
      expect(keptHeaders({ location: one.repeat(131_072) })['location']?.length).toBeLessThanOrEqual(1_024);
    expect(keptHeaders({ location: '/a?b?token=s3cret' })).toEqual({ location: '/a?b?token=***' });
  });

  it('that lead elsewhere do so without what a URL may hold of a secret', () => {
    const kept = keptHeaders({
      Location: 'https://user:pass@h.example/a?code=42&x=#frag',
      Link: '<https://h.example/?t=1>; rel=next',
    });
    expect(kept).toEqual({
      location: 'https://***@h.example/a?code=***&x=***#***',
      link: '<https://h.example/?t=***>; rel=next',
    });
  });
});
