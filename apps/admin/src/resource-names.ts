import { type EndpointId, isSlug, isUuid, type NotificationId, type TemplateId, type TenantId } from '#domain/ids';
import { ResourceFault } from '#registry/resource-fault';

/** A resource of a tenant and its own id. */
export interface ResourceName<Id extends string> {
  readonly tenantId: TenantId;
  readonly id: Id;
}

/** Where a parked record stands. */
export interface ParkedEventName {
  readonly topic: string;
  readonly partition: number;
  /** A whole number as text. */
  readonly offset: string;
}

const wildcard = '-';
const shownCharsMax = 120;
const partitionMax = 2_147_483_647;
const offsetMax = 9_223_372_036_854_775_807n;

/** `tenants/{tenant}`. */
export function tenantName(tenantId: TenantId): string {
  return `tenants/${tenantId}`;
}

/** `tenants/{tenant}/endpoints/{endpoint}`. */
export function endpointName({ tenantId, id }: ResourceName<EndpointId>): string {
  return `tenants/${tenantId}/endpoints/${id}`;
}

/** `tenants/{tenant}/templates/{template}`. */
export function templateName({ tenantId, id }: ResourceName<TemplateId>): string {
  return `tenants/${tenantId}/templates/${id}`;
}

/** `tenants/{tenant}/notifications/{uuid}`. */
export function notificationName({ tenantId, id }: ResourceName<NotificationId>): string {
  return `tenants/${tenantId}/notifications/${id}`;
}

/** `parkedEvents/{topic}/{partition}/{offset}`. */
export function parkedEventName({ topic, partition, offset }: ParkedEventName): string {
  return `parkedEvents/${topic}/${partition}/${offset}`;
}

/** Reads `tenants/{tenant}`. Throws ResourceFault invalid. */
export function parseTenant(name: string, field = 'parent'): TenantId {
  const [collection, tenant = '', ...rest] = name.split('/');
  if (collection === 'tenants' && isSlug(tenant) && rest.length === 0) return tenant as TenantId;
  throw wrongName(field, name, 'tenants/{tenant}');
}

/** Reads `tenants/{tenant}`, or null for `tenants/-`, which means all of them. Throws ResourceFault invalid. */
export function parseTenants(name: string): TenantId | null {
  return name === `tenants/${wildcard}` ? null : parseTenant(name);
}

/** Reads `tenants/{tenant}/endpoints/{endpoint}`. Throws ResourceFault invalid. */
export function parseEndpoint(name: string, field = 'name'): ResourceName<EndpointId> {
  return parse(name, { field, collection: 'endpoints', isId: isSlug });
}

/** Reads `tenants/{tenant}/templates/{template}`. Throws ResourceFault invalid. */
export function parseTemplate(name: string, field = 'name'): ResourceName<TemplateId> {
  return parse(name, { field, collection: 'templates', isId: isSlug });
}

/** Reads `tenants/{tenant}/notifications/{uuid}`. Throws ResourceFault invalid. */
export function parseNotification(name: string, field = 'name'): ResourceName<NotificationId> {
  return parse(name, { field, collection: 'notifications', isId: isUuid });
}

/** Reads `parkedEvents/{topic}/{partition}/{offset}`. Throws ResourceFault invalid. */
export function parseParkedEvent(name: string): ParkedEventName {
  const [, topic = '', partition = '', offset = ''] =
    /^parkedEvents\/([a-zA-Z0-9._-]{1,249})\/(0|[1-9]\d{0,9})\/(0|[1-9]\d{0,18})$/.exec(name) ?? [];
  if (topic !== '' && Number(partition) <= partitionMax && BigInt(offset) <= offsetMax)
    return { topic, partition: Number(partition), offset };
  throw wrongName('name', name, 'parkedEvents/{topic}/{partition}/{offset}');
}

function parse<Id extends string>(
  name: string,
  rule: { readonly field: string; readonly collection: string; readonly isId: (text: string) => boolean },
): ResourceName<Id> {
  const [tenants, tenant = '', collection, id = '', ...rest] = name.split('/');
  const isShaped = tenants === 'tenants' && collection === rule.collection && rest.length === 0;
  if (isShaped && isSlug(tenant) && rule.isId(id)) return { tenantId: tenant as TenantId, id: id as Id };
  throw wrongName(rule.field, name, `tenants/{tenant}/${rule.collection}/{id}`);
}

function wrongName(field: string, name: string, shape: string): ResourceFault {
  const shown = JSON.stringify(name.slice(0, shownCharsMax));
  return ResourceFault.invalid([{ field, said: `${shown} is not of the form ${shape}` }]);
}
