import type { Endpoint, Endpoint__Output } from '#contracts/generated/hookline/admin/v1/Endpoint';
import { endpointName } from '#contracts/resource-names';
import { durationText } from '#domain/duration';
import type { EndpointRow } from '#registry/registry-rows';
import { timestampOf } from './timestamps.js';
import type { Described } from './update-mask.js';

/** Paths of an update mask and the fields they stand for. */
export const endpointPaths = {
  url: 'url',
  signing_secret: 'signingSecret',
  enabled: 'enabled',
  concurrency: 'concurrency',
  rate_per_second: 'ratePerSecond',
  shards: 'shards',
  attempt_timeout_ms: 'attemptTimeoutMs',
  retry_schedule: 'retrySchedule',
} as const;

/** The endpoint as it is answered; its secret never is. */
export function answeredEndpoint(row: EndpointRow): Endpoint {
  const { concurrency, ratePerSecond, attemptTimeoutMs } = row;
  return {
    name: endpointName(row),
    url: row.url,
    enabled: row.enabled,
    ...(concurrency === null ? {} : { concurrency }),
    ...(ratePerSecond === null ? {} : { ratePerSecond }),
    ...(attemptTimeoutMs === null ? {} : { attemptTimeoutMs }),
    ...(row.shards === 1 ? {} : { shards: row.shards }),
    retrySchedule: (row.retryScheduleMs ?? []).map((ms) => durationText(Number(ms))),
    ...(row.pausedAt === null ? {} : { pauseTime: timestampOf(row.pausedAt) }),
    urlVersion: row.urlVersion,
    disabledReason: row.disabledReason ?? '',
    etag: row.etag,
    createTime: timestampOf(row.createdAt),
    updateTime: timestampOf(row.updatedAt),
  };
}

/** What a caller described; what is empty or absent is not given. Fields that are output only are passed over. */
export function describedEndpoint(request: Endpoint__Output): Described {
  const { url, signingSecret, enabled, concurrency, ratePerSecond, shards, attemptTimeoutMs, retrySchedule } = request;
  return {
    url: given(url),
    signingSecret: given(signingSecret),
    enabled,
    concurrency,
    ratePerSecond,
    shards,
    attemptTimeoutMs,
    retrySchedule: retrySchedule.length > 0 ? retrySchedule : undefined,
  };
}

/** A stored endpoint as a caller would describe it. */
export function storedEndpoint(row: EndpointRow): Described {
  return {
    id: row.id,
    url: row.url,
    enabled: row.enabled,
    concurrency: row.concurrency ?? undefined,
    ratePerSecond: row.ratePerSecond ?? undefined,
    shards: row.shards === 1 ? undefined : row.shards,
    attemptTimeoutMs: row.attemptTimeoutMs ?? undefined,
    retrySchedule: row.retryScheduleMs?.map((ms) => durationText(Number(ms))),
  };
}

function given(text: string): string | undefined {
  return text === '' ? undefined : text;
}
