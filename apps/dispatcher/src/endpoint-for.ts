import type { Delivery } from '#contracts/delivery-record';
import type { OwnLimits } from '#domain/adaptive-limits';
import type { FailureReason } from '#domain/attempt';
import type { Endpoint } from '#domain/endpoint';
import { shardOf, shareOf } from '#domain/endpoint-shards';
import { endpointKey } from '#domain/ids';
import type { RegistryView } from '#registry/snapshot';

/** The registry as it is in memory, and a way to be sure of it. */
export interface FreshRegistry {
  readonly current: RegistryView;
  /** Resolves after a look for changes that began after the call. */
  refreshed(): Promise<void>;
}

/** The endpoint, or why nothing may be sent to it. Nothing is refused by what was configured half a second ago. */
export async function endpointFor(delivery: Delivery, registry: FreshRegistry): Promise<Endpoint | FailureReason> {
  const found = judge(delivery, registry.current);
  if (typeof found !== 'string') return found;
  await registry.refreshed();
  return judge(delivery, registry.current);
}

function judge({ tenantId, endpointId }: Delivery, view: RegistryView): Endpoint | FailureReason {
  const endpoint = view.endpoint(endpointKey(tenantId, endpointId));
  if (endpoint === undefined) return 'ENDPOINT_DELETED';
  if (view.tenant(tenantId)?.webhooksEnabled === false) return 'WEBHOOKS_DISABLED';
  return endpoint.enabled ? endpoint : 'ENDPOINT_DISABLED';
}

/** The delivery in its shard by the settings, whatever partition it was written to under another number of shards. */
export function inItsShard(delivery: Delivery, { shards }: Endpoint): Delivery {
  const shard = shardOf(delivery.notificationId, shards);
  return shard === delivery.shard ? delivery : { ...delivery, shard };
}

/** What a shard of an endpoint takes by its settings; `ofAll`: the concurrency of endpoints that say nothing. */
export function ownLimits(
  { concurrency, ratePerSecond, shards }: Endpoint,
  shard: number,
  { concurrency: ofAll }: { readonly concurrency: number },
): OwnLimits {
  return shareOf({ concurrency: concurrency ?? ofAll, ratePerSecond }, shards, shard);
}
