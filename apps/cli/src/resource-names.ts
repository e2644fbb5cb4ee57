import {
  allTenants,
  notificationName as nameOfNotification,
  parkedEventName as nameOfParkedEvent,
  readEndpointName,
  readNotificationId,
  readNotificationName,
  readParkedEventName,
  readPlace,
  readTemplateName,
} from '#contracts/resource-names';
import { isSlug } from '#domain/ids';
import { CliFault } from './cli-fault.js';

/** tenants/{tenant}. Throws a CliFault when the tenant can be none. */
export function tenantName(tenant: string): string {
  if (tenant !== allTenants && !isSlug(tenant))
    throw new CliFault(
      'usage',
      `--tenant ${JSON.stringify(tenant)} is no tenant: a-z, 0-9 and -, or - for all in lists`,
    );
  return `tenants/${tenant}`;
}

/** tenants/{tenant}/ledger. Throws a CliFault when the tenant can be none. */
export function tenantLedgerName(tenant: string): string {
  return `${tenantName(tenant)}/ledger`;
}

/** tenants/{tenant} of one resource, which the tenant `-` cannot say. */
function oneTenantName(tenant: string): string {
  if (tenant === allTenants)
    throw new CliFault('usage', '--tenant - is for lists: name the tenant, or give the whole name');
  return tenantName(tenant);
}

/** The name of a notification given by its uuid or by its whole name. */
export function notificationName(given: string, tenant: string): string {
  const id = readNotificationId(given);
  if (id !== null) return `${oneTenantName(tenant)}/notifications/${id}`;
  const name = readNotificationName(given);
  if (name !== null) return nameOfNotification(name);
  throw new CliFault(
    'usage',
    `${JSON.stringify(given)} is no notification: give its id, e.g. 0190a5b2-7c1e-7a5b-8d3f-0123456789ab`,
  );
}

/** The name of an endpoint or template given by its slug or by its whole name. */
export function slugName(given: string, collection: 'endpoints' | 'templates', tenant: string): string {
  if (isSlug(given)) return `${oneTenantName(tenant)}/${collection}/${given}`;
  const read = collection === 'endpoints' ? readEndpointName : readTemplateName;
  if (read(given) !== null) return given;
  throw new CliFault('usage', `${JSON.stringify(given)} is no id of ${collection}: a-z, 0-9 and -`);
}

/** The name of a parked record given by its place or by its whole name. */
export function parkedEventName(given: string): string {
  const name = readParkedEventName(given) ?? readPlace(given);
  if (name !== null) return nameOfParkedEvent(name);
  throw new CliFault(
    'usage',
    `${JSON.stringify(given)} is no place: give TOPIC/PARTITION/OFFSET, e.g. hookline.events/3/42`,
  );
}
