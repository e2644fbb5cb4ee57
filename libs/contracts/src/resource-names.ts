/**
 * Names of resources in the admin API, written and read in this one place. What is read is exact but for one thing: a
 * uuid may come in capitals and is lower case from here on.
 */
import { type EndpointId, isSlug, isUuid, type NotificationId, type TemplateId, type TenantId } from '#domain/ids';

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

/** Stands for every tenant, in lists. */
export const allTenants = '-';

const partitionMax = 2_147_483_647;
const offsetMax = 9_223_372_036_854_775_807n;
const placePattern = /^([a-zA-Z0-9._-]{1,249})\/(0|[1-9]\d{0,9})\/(0|[1-9]\d{0,18})$/;

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

/** The ledger of the installation. */
export const installationLedger = 'ledger';

/** Reads `tenants/{tenant}/ledger`; null when it is none. */
export function readLedgerName(name: string): TenantId | null {
  return name.endsWith('/ledger') ? readTenantName(name.slice(0, -'/ledger'.length)) : null;
}

/** Reads the uuid of `differences/{uuid}`; null when it is none. */
export function readDifferenceName(name: string): string | null {
  return name.startsWith('differences/') ? readNotificationId(name.slice('differences/'.length)) : null;
}

/** Reads `tenants/{tenant}`; null when it is none. */
export function readTenantName(name: string): TenantId | null {
  const [collection, tenant = '', ...rest] = name.split('/');
  return collection === 'tenants' && isSlug(tenant) && rest.length === 0 ? (tenant as TenantId) : null;
}

/** Reads `tenants/{tenant}/endpoints/{endpoint}`; null when it is none. */
export function readEndpointName(name: string): ResourceName<EndpointId> | null {
  return read(name, 'endpoints', (id) => (isSlug(id) ? (id as EndpointId) : null));
}

/** Reads `tenants/{tenant}/templates/{template}`; null when it is none. */
export function readTemplateName(name: string): ResourceName<TemplateId> | null {
  return read(name, 'templates', (id) => (isSlug(id) ? (id as TemplateId) : null));
}

/** Reads `tenants/{tenant}/notifications/{uuid}`; null when it is none. */
export function readNotificationName(name: string): ResourceName<NotificationId> | null {
  return read(name, 'notifications', readNotificationId);
}

/** Reads the uuid of a notification; null when it is none. */
export function readNotificationId(text: string): NotificationId | null {
  const id = text.toLowerCase();
  return isUuid(id) ? (id as NotificationId) : null;
}

/** Reads `parkedEvents/{topic}/{partition}/{offset}`; null when it is none. */
export function readParkedEventName(name: string): ParkedEventName | null {
  return name.startsWith('parkedEvents/') ? readPlace(name.slice('parkedEvents/'.length)) : null;
}

/** Reads `{topic}/{partition}/{offset}`; null when it is none. */
export function readPlace(text: string): ParkedEventName | null {
  const [, topic, partition = '', offset = ''] = placePattern.exec(text) ?? [];
  if (topic === undefined || Number(partition) > partitionMax || BigInt(offset) > offsetMax) return null;
  return { topic, partition: Number(partition), offset };
}

function read<Id extends string>(
  name: string,
  collection: string,
  readId: (text: string) => Id | null,
): ResourceName<Id> | null {
  const [tenants, tenant = '', kind, text = '', ...rest] = name.split('/');
  const id = readId(text);
  const isShaped = tenants === 'tenants' && kind === collection && rest.length === 0;
  return isShaped && isSlug(tenant) && id !== null ? { tenantId: tenant as TenantId, id } : null;
}
