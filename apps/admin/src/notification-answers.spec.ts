import { describe, expect, it } from 'vitest';
import type { AttemptView } from '#audit/notification-reads';
import { answeredAttempt } from './notification-answers.js';

const at = new Date('2026-01-01T00:00:00Z');
const attempt: AttemptView = {
  ...{ number: 1, trigger: 'auto', asked_by: 'renderer', requested_by: null, state: 'finished', outcome: 'accepted' },
  ...{ failure_reason: null, http_status: 200, url: 'https://h.example/', endpoint_version: 1, due_at: at },
  ...{ started_at: at, finished_at: at, lease_until: at, duration_ms: 5, response_bytes: 2, error_detail: null },
  ...{ dns_ms: 0, connect_ms: null, tls_ms: 3, first_byte_ms: 4, peer_address: null, response_cut: null },
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
    expect(answeredAttempt(view, { isPlatform: false }).peerAddress).toBe(shown);
    expect(answeredAttempt(view, { isPlatform: true }).peerAddress).toBe(peer ?? '');
  });

  it('tells a duration of 0 from none', () => {
    const answered = answeredAttempt(attempt, { isPlatform: true });
    expect(answered).toMatchObject({ dnsMs: 0, tlsMs: 3, firstByteMs: 4, responseCut: '' });
    expect(answered).not.toHaveProperty('connectMs');
  });
});
