import { describe, expect, it } from 'vitest';
import type { AttemptView } from '#audit/notification-reads';
import { answeredAttempt } from './notification-answers.js';

const at = new Date('2026-01-01T00:00:00Z');
const attempt: AttemptView = {
  ...{ number: 1, trigger: 'auto', asked_by: 'renderer', requested_by: null, state: 'finished', outcome: 'accepted' },
  ...{ failure_reason: null, http_status: 200, url: 'https://h.example/', endpoint_version: 1, due_at: at },
  ...{ started_at: at, finished_at: at, lease_until: at, duration_ms: 5, response_bytes: 2, error_detail: null },
  ...{ dns_ms: 0, connect_ms: null, tls_ms: 3, first_byte_ms: 4, peer_address: null, response_cut: null },
  kept_bytes: 2,
};

describe('an attempt that is answered', () => {
  it.each([
    ['198.41.0.4:443', '198.41.0.4:443'],
    ['[2606:4700::1]:443', '[2606:4700::1]:443'],
    ['10.1.2.3:8080', ''],
    ['127.0.0.1:443', ''],
    ['[::1]:443', ''],
    ['[fd00::1]:443', ''],
    ['169.254.169.254:80', ''],
    ['nonsense', ''],
    [null, ''],
  ])('shows the peer %s to a key of a tenant as %j, and to a platform key as it is', (peer, shown) => {
    const view = { ...attempt, peer_address: peer };
    expect(answeredAttempt(view, undefined, { isPlatform: false }).peerAddress).toBe(shown);
    expect(answeredAttempt(view, undefined, { isPlatform: true }).peerAddress).toBe(peer ?? '');
  });

  it('tells a duration of 0 from none', () => {
    const answered = answeredAttempt(attempt, undefined, { isPlatform: true });
    expect(answered).toMatchObject({ dnsMs: 0, tlsMs: 3, firstByteMs: 4, responseCut: '' });
    expect(answered).not.toHaveProperty('connectMs');
  });

  it.each([
    ['read to its end', {}, {}, 2],
    ['cut, and said how long it is', { response_cut: 'size' }, { 'content-length': '40' }, 40],
    ['cut, and did not say', { response_cut: 'deadline' }, {}, undefined],
    ['cut, and said what cannot be', { response_cut: 'broken' }, { 'content-length': '1' }, undefined],
    ['cut, and said nonsense', { response_cut: 'size' }, { 'content-length': '9e9' }, undefined],
    ['not begun', { http_status: null }, {}, undefined],
  ] as const)('says the length of an answer that was %s: %s %s', (_, fields, headers, total) => {
    const response = { number: 1, response_headers: headers, response_body: Buffer.from('ok') };
    const answered = answeredAttempt({ ...attempt, ...fields }, response, { isPlatform: false });
    expect(answered).toMatchObject({ responseHeaders: headers, responseBody: Buffer.from('ok') });
    expect(answered.responseTotalBytes).toBe(total);
  });
});
