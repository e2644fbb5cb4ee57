import { describe, expect, it } from 'vitest';
import type { TemplateId, TenantId } from './ids.js';
import { isUuid } from './ids.js';
import { notificationId, notificationTimeMs } from './notification-id.js';

const identity = {
  tenantId: 'acme' as TenantId,
  eventSource: '/orders',
  eventId: '1',
  templateId: 'order-created' as TemplateId,
  timeMs: 1_764_000_000_123,
};

describe('notificationId', () => {
  it('is a UUID of version 7 that begins with the time', () => {
    const id = notificationId(identity);
    expect(isUuid(id)).toBe(true);
    expect(id[14]).toBe('7');
    expect('89ab').toContain(id[19]);
    expect(notificationTimeMs(id)).toBe(identity.timeMs);
  });

  it('never changes: a row of another id would be a second notification of an event', () => {
    expect(notificationId(identity)).toBe('019ab697-e87b-7b92-a355-c49bb27c7d4a');
    expect(notificationId({ ...identity, eventId: 'ключ', timeMs: 5.9 })).toBe('00000000-0005-75c2-8b81-895e1c68ae66');
  });

  it('is the same for the same event and template, and another for any other', () => {
    expect(notificationId({ ...identity })).toBe(notificationId(identity));
    const others = [
      notificationId({ ...identity, eventId: '2' }),
      notificationId({ ...identity, eventSource: '/order', eventId: 's1' }),
      notificationId({ ...identity, templateId: 'other' as TemplateId }),
      notificationId({ ...identity, tenantId: 'beta' as TenantId }),
    ];
    expect(new Set([notificationId(identity), ...others]).size).toBe(5);
  });
});
