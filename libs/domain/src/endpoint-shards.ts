import type { OwnLimits } from './adaptive-limits.js';
import type { NotificationId } from './ids.js';

/** More would only make each of them small. */
export const shardsMax = 64;

/**
 * The shard of a notification, from 0. The last four bytes of an id are a hash already (`notification-id`); SQL says the same
 * as `('x' || right(id::text, 8))::bit(32)::bigint % shards`.
 */
export function shardOf(id: NotificationId, shards: number): number {
  return shards <= 1 ? 0 : Number.parseInt(id.slice(-8), 16) % shards;
}

/**
 * What one shard takes of its endpoint's limits: together they are the endpoint's, as long as it has a place for each. A
 * shard that has less than one takes one.
 */
export function shareOf({ concurrency, ratePerSecond }: OwnLimits, shards: number, shard: number): OwnLimits {
  if (shards <= 1) return { concurrency, ratePerSecond };
  const places = Math.floor(concurrency / shards) + (shard < concurrency % shards ? 1 : 0);
  return {
    concurrency: Math.max(1, places),
    ratePerSecond: ratePerSecond === null ? null : ratePerSecond / shards,
  };
}
