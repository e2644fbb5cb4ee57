import { isSlug, isUuid } from '#domain/ids';
import { CliFault } from './cli-fault.js';

/** Every tenant of the installation, in lists. */
export const allTenants = '-';

/** tenants/{tenant}. Throws a CliFault when the tenant can be none. */
export function tenantName(tenant: string): string {
  if (tenant !== allTenants && !isSlug(tenant))
    throw new CliFault(
      'usage',
      `--tenant ${JSON.stringify(tenant)} is no tenant: a-z, 0-9 and -, or - for all in lists`,
    );
  return `tenants/${tenant}`;
}

/** tenants/{tenant} of one resource, which the tenant `-` cannot say. */
function oneTenantName(tenant: string): string {
  if (tenant === allTenants)
    throw new CliFault('usage', '--tenant - is for lists: name the tenant, or give the whole name');
  return tenantName(tenant);
}

/** The name of a notification given by its uuid or by its whole name. */
export function notificationName(given: string, tenant: string): string {
  const id = given.toLowerCase();
  if (isUuid(id)) return `${oneTenantName(tenant)}/notifications/${id}`;
  const match = /^(tenants\/[^/]+\/notifications\/)([^/]+)$/.exec(given);
  if (match !== null && isUuid((match[2] ?? '').toLowerCase())) return given;
  throw new CliFault(
    'usage',
    `${JSON.stringify(given)} is no notification: give its id, e.g. 0190a5b2-7c1e-7a5b-8d3f-0123456789ab`,
  );
}

/** The name of an endpoint or template given by its slug or by its whole name. */
export function slugName(given: string, collection: 'endpoints' | 'templates', tenant: string): string {
  const parts = given.split('/');
  const isName = parts.length === 4 && parts[0] === 'tenants' && parts[2] === collection;
  const slug = isName ? (parts[3] ?? '') : given;
  if (!isSlug(slug)) throw new CliFault('usage', `${JSON.stringify(given)} is no id of ${collection}: a-z, 0-9 and -`);
  return isName ? given : `${oneTenantName(tenant)}/${collection}/${slug}`;
}

/** The name of a parked record given by its place or by its whole name. */
export function parkedEventName(given: string): string {
  const match = /^(?:parkedEvents\/)?([A-Za-z0-9._-]{1,249}\/\d{1,10}\/\d{1,19})$/.exec(given);
  if (match === null)
    throw new CliFault(
      'usage',
      `${JSON.stringify(given)} is no place: give TOPIC/PARTITION/OFFSET, e.g. hookline.events/3/42`,
    );
  return `parkedEvents/${match[1]}`;
}
