import { describe, expect, it } from 'vitest';
import { parseArguments } from './arguments.js';
import { globalFlags, nouns } from './commands.js';
import { filterOf } from './notification-filter.js';
import { notificationName, parkedEventName, slugName, tenantName } from './resource-names.js';

const id = '0190a5b2-7c1e-7a5b-8d3f-0123456789ab';

describe('resource names', () => {
  it('are made of a bare id and the tenant, or taken as they are', () => {
    expect(notificationName(id, 'acme')).toBe(`tenants/acme/notifications/${id}`);
    expect(notificationName(id.toUpperCase(), 'acme')).toBe(`tenants/acme/notifications/${id}`);
    expect(notificationName(`tenants/beta/notifications/${id}`, 'acme')).toBe(`tenants/beta/notifications/${id}`);
    expect(notificationName(`tenants/beta/notifications/${id.toUpperCase()}`, 'acme')).toBe(
      `tenants/beta/notifications/${id}`,
    );
    expect(slugName('orders', 'endpoints', 'acme')).toBe('tenants/acme/endpoints/orders');
    expect(slugName('tenants/b/templates/t', 'templates', 'acme')).toBe('tenants/b/templates/t');
    expect(parkedEventName('hookline.events/3/42')).toBe('parkedEvents/hookline.events/3/42');
    expect(parkedEventName('parkedEvents/e/0/0')).toBe('parkedEvents/e/0/0');
    expect(tenantName('-')).toBe('tenants/-');
  });

  it.each([
    () => notificationName('x', 'acme'),
    () => notificationName(`tenants/a/endpoints/${id}`, 'acme'),
    () => slugName('tenants/b/templates/t', 'endpoints', 'acme'),
    () => slugName('A/B', 'endpoints', 'acme'),
    () => parkedEventName('events/3'),
    () => parkedEventName('events/3/-1'),
    () => tenantName('a/b'),
  ])('refuse what is none (%#)', (make) => {
    expect(make).toThrow(/is no/);
  });
});

describe('filterOf', () => {
  it('joins flags by AND and lets no value end its literal', () => {
    const argv = [
      'notifications',
      'list',
      '--subject',
      'a" OR "b\\',
      '--state',
      'failed',
      '--filter',
      'event_source = "/x"',
    ];
    const asked = parseArguments([...argv, '--event-id', '7'], nouns, globalFlags);
    expect(asked.kind === 'run' && filterOf(asked.given)).toBe(
      'event_id = "7" AND subject = "a\\" OR \\"b\\\\" AND state = FAILED AND event_source = "/x"',
    );
  });
});
