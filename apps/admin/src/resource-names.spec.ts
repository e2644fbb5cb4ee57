import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endpointName, parkedEventName } from '#contracts/resource-names';
import type { EndpointId, TenantId } from '#domain/ids';
import { ResourceFault } from '#registry/resource-fault';
import {
  parseEndpoint,
  parseNotification,
  parseParkedEvent,
  parseTemplate,
  parseTenant,
  parseTenants,
} from './resource-names.js';

const slug = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,62}$/);

describe('resource names', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(slug, slug, (tenant, id) => {
        const name = { tenantId: tenant as TenantId, id: id as EndpointId };
        expect(parseEndpoint(endpointName(name))).toEqual(name);
      }),
    );
    const parked = { topic: 'hookline.events', partition: 3, offset: '9223372036854775807' };
    expect(parseParkedEvent(parkedEventName(parked))).toEqual(parked);
    const id = '01890000-0000-7000-8000-00000000abcd';
    expect(parseNotification(`tenants/a/notifications/${id.toUpperCase()}`)).toEqual({ tenantId: 'a', id });
    expect(parseTenants('tenants/-')).toBeNull();
    expect(parseTenant('tenants/acme')).toBe('acme');
  });

  it('are refused in any other form, naming the field', () => {
    const uuid = '01890000-0000-7000-8000-000000000000';
    const wrong: readonly (() => unknown)[] = [
      ...['', 'acme', 'tenants/', 'tenants/-', 'tenants/ACME', 'tenants/a/b', 'tenants/a\n'].map(
        (name) => () => parseTenant(name),
      ),
      ...['tenants/-/endpoints/a', 'tenants/a/templates/a', 'tenants/a/endpoints/', 'tenants/a/endpoints/a/b'].map(
        (name) => () => parseEndpoint(name),
      ),
      () => parseTemplate('tenants/a/endpoints/b'),
      () => parseNotification(`tenants/a/notifications/${uuid.toUpperCase()}0`),
      () => parseNotification(`tenants/a/notifications/{${uuid}}`),
      ...['parkedEvents/t/0/9223372036854775808', 'parkedEvents/t/2147483648/0', 'parkedEvents/t/0/007'].map(
        (name) => () => parseParkedEvent(name),
      ),
    ];
    for (const read of wrong) expect(read).toThrow(ResourceFault);
    fc.assert(
      fc.property(fc.string(), (name) => {
        expect(() => parseEndpoint(name)).toThrow(expect.objectContaining({ kind: 'invalid' }));
      }),
    );
  });
});
