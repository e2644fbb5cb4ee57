import type { EndpointId, TenantId } from './ids.js';

/** One address of one receiver, as the workers see it; secrets are apart (`registry/endpoint-secrets`). */
export interface Endpoint {
  readonly tenantId: TenantId;
  readonly id: EndpointId;
  readonly url: string;
  /** From 1; grows when the URL changes, so that a late 410 for an older address disables nothing. */
  readonly urlVersion: number;
  /** False: matching events make `failed` notifications with `ENDPOINT_DISABLED`, re-sendable once it is enabled. */
  readonly enabled: boolean;
  /** True: what is for it is held until an operator resumes it. */
  readonly paused: boolean;
  /** Requests under way at once, 1..1,000; null takes `ENDPOINT_CONCURRENCY`. */
  readonly concurrency: number | null;
  /** Requests a second, 0.1..10,000; null: no such limit. */
  readonly ratePerSecond: number | null;
  /** Over so many partitions of `deliveries` it is spread, 1..64; each has its share of the limits. */
  readonly shards: number;
  /** Total deadline of one attempt in milliseconds, 100..30,000; null takes `ATTEMPT_TIMEOUT_MS`. */
  readonly attemptTimeoutMs: number | null;
  /** Delays after the 1st, 2nd ... failed attempt in milliseconds; null: the tenant's, else `RETRY_SCHEDULE`. */
  readonly retryScheduleMs: readonly number[] | null;
}
