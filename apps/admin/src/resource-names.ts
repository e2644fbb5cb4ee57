import {
  allTenants,
  installationLedger,
  type ParkedEventName,
  type ResourceName,
  readDifferenceName,
  readEndpointName,
  readLedgerName,
  readNotificationName,
  readParkedEventName,
  readTemplateName,
  readTenantName,
} from '#contracts/resource-names';
import type { EndpointId, NotificationId, TemplateId, TenantId } from '#domain/ids';
import { ResourceFault } from '#registry/resource-fault';

const shownCharsMax = 120;

/** Reads `tenants/{tenant}`. Throws ResourceFault invalid. */
export function parseTenant(name: string, field = 'parent'): TenantId {
  return readTenantName(name) ?? refuse(field, name, 'tenants/{tenant}');
}

/** Reads `tenants/{tenant}`, or null for `tenants/-`, which means all of them. Throws ResourceFault invalid. */
export function parseTenants(name: string): TenantId | null {
  return name === `tenants/${allTenants}` ? null : parseTenant(name);
}

/** Reads `tenants/{tenant}/endpoints/{endpoint}`. Throws ResourceFault invalid. */
export function parseEndpoint(name: string, field = 'name'): ResourceName<EndpointId> {
  return readEndpointName(name) ?? refuse(field, name, 'tenants/{tenant}/endpoints/{id}');
}

/** Reads `tenants/{tenant}/templates/{template}`. Throws ResourceFault invalid. */
export function parseTemplate(name: string, field = 'name'): ResourceName<TemplateId> {
  return readTemplateName(name) ?? refuse(field, name, 'tenants/{tenant}/templates/{id}');
}

/** Reads `tenants/{tenant}/notifications/{uuid}`. Throws ResourceFault invalid. */
export function parseNotification(name: string, field = 'name'): ResourceName<NotificationId> {
  return readNotificationName(name) ?? refuse(field, name, 'tenants/{tenant}/notifications/{id}');
}

/** Reads `parkedEvents/{topic}/{partition}/{offset}`. Throws ResourceFault invalid. */
export function parseParkedEvent(name: string): ParkedEventName {
  return readParkedEventName(name) ?? refuse('name', name, 'parkedEvents/{topic}/{partition}/{offset}');
}

/** Reads `tenants/{tenant}/ledger`, or null for `ledger`, that of the installation. Throws ResourceFault invalid. */
export function parseLedger(name: string, field = 'name'): TenantId | null {
  if (name === installationLedger) return null;
  return readLedgerName(name) ?? refuse(field, name, 'ledger or tenants/{tenant}/ledger');
}

/** Reads `differences/{uuid}`. Throws ResourceFault invalid. */
export function parseDifference(name: string): string {
  return readDifferenceName(name) ?? refuse('name', name, 'differences/{uuid}');
}

function refuse(field: string, name: string, shape: string): never {
  const shown = JSON.stringify(name.slice(0, shownCharsMax));
  throw ResourceFault.invalid([{ field, said: `${shown} is not of the form ${shape}` }]);
}
