/** A slug that names a tenant (`design`: `[a-z0-9][a-z0-9-]{0,62}`). */
export type TenantId = string & { readonly __brand: 'TenantId' };
/** A slug, unique in its tenant, that names an endpoint. */
export type EndpointId = string & { readonly __brand: 'EndpointId' };
/** A slug, unique in its tenant, that names a webhook template. */
export type TemplateId = string & { readonly __brand: 'TemplateId' };
/** A lower-case UUID of version 7, derived from event and template; it is the `webhook-id` of every request. */
export type NotificationId = string & { readonly __brand: 'NotificationId' };
/** A lower-case UUID that names one item of a re-send job. */
export type ResendItemId = string & { readonly __brand: 'ResendItemId' };
/**
 * `<tenant>/<endpoint>`: the record key of deliveries; every lane and cache is keyed by it, for two tenants may own one slug.
 * Of a further shard of an endpoint: `<tenant>/<endpoint>#<shard>`, for lanes, circuits and holds.
 */
export type EndpointKey = string & { readonly __brand: 'EndpointKey' };

const slugPattern = /^[a-z0-9][a-z0-9-]{0,62}$/;
const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether a text may name a tenant, an endpoint or a template. */
export function isSlug(text: string): boolean {
  return slugPattern.test(text);
}

/** Whether a text is a lower-case UUID of any version. */
export function isUuid(text: string): boolean {
  return uuidPattern.test(text);
}

/** What an endpoint's key was made of. */
export function idsOfKey(key: EndpointKey): {
  readonly tenantId: TenantId;
  readonly endpointId: EndpointId;
  readonly shard: number;
} {
  const slash = key.indexOf('/');
  const [endpoint = '', shard = '0'] = key.slice(slash + 1).split('#');
  return { tenantId: key.slice(0, slash) as TenantId, endpointId: endpoint as EndpointId, shard: Number(shard) };
}

/** The record key of an endpoint's deliveries; with a shard over 0 the key of that shard, which is no record's key. */
export function endpointKey(tenantId: TenantId, endpointId: EndpointId, shard = 0): EndpointKey {
  const key = `${tenantId}/${endpointId}`;
  return (shard === 0 ? key : `${key}#${shard}`) as EndpointKey;
}
