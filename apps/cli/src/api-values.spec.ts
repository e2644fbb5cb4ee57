import { describe, expect, it } from 'vitest';
import { bytesValue, idOf, int64Value, reasonText, stateText, tenantOf, timeText } from './api-values.js';

describe('values of the API', () => {
  it('lose the prefix of their enum and nothing else', () => {
    expect(stateText('NOTIFICATION_STATE_SENT', 'NOTIFICATION_STATE')).toBe('sent');
    expect(reasonText('FAILURE_REASON_HTTP_STATUS', 'FAILURE_REASON')).toBe('HTTP_STATUS');
    expect(reasonText('WAITING_REASON_UNSPECIFIED', 'WAITING_REASON')).toBe('');
  });

  it('are times in ISO 8601, with more digits only when there are more', () => {
    expect(timeText({ seconds: '1767225600', nanos: 5_000_000 })).toBe('2026-01-01T00:00:00.005Z');
    expect(timeText({ seconds: '1767225600', nanos: 5_001_000 })).toBe('2026-01-01T00:00:00.005001Z');
    expect(timeText({ seconds: '0', nanos: 0 })).toBe('1970-01-01T00:00:00.000Z');
    expect(timeText({ seconds: '9223372036854775807', nanos: 0 })).toBe('');
    expect(timeText(null)).toBe('');
  });

  it('are numbers only where a double holds them', () => {
    expect([int64Value('42'), int64Value('9223372036854775807')]).toEqual([42, '9223372036854775807']);
  });

  it('are text where bytes are UTF-8, else base64', () => {
    expect(bytesValue('body', Buffer.from('\ufeffé'))).toEqual({ body: '\ufeffé' });
    expect(bytesValue('body', Buffer.from([0xff]))).toEqual({ bodyBase64: '/w==' });
  });

  it('name a resource and its tenant', () => {
    expect([idOf('tenants/a/endpoints/b'), tenantOf('tenants/a/endpoints/b'), tenantOf('x')]).toEqual(['b', 'a', '']);
  });
});
