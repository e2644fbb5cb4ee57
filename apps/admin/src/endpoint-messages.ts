import type { Endpoint, Endpoint__Output } from '#contracts/generated/hookline/admin/v1/Endpoint';
import type { EndpointRow } from '#registry/registry-rows';
import { endpointName } from './resource-names.js';
import { timestampOf } from './timestamps.js';
import type { Described } from './update-mask.js';

/** Paths of an update mask and the fields they stand for. */
export const endpointPaths = {
  url: 'url',
  signing_secret: 'signingSecret',
  enabled: 'enabled',
  concurrency: 'concurrency',
  attempt_timeout_ms: 'attemptTimeoutMs',
  retry_schedule: 'retrySchedule',
} as const;

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

/** The endpoint as it is answered; its secret never is. */
export function endpointMessage(row: EndpointRow): Endpoint {
  const { concurrency, attemptTimeoutMs } = row;
  return {
    name: endpointName(row),
    url: row.url,
    enabled: row.enabled,
    ...(concurrency === null ? {} : { concurrency }),
    ...(attemptTimeoutMs === null ? {} : { attemptTimeoutMs }),
    retrySchedule: (row.retryScheduleMs ?? []).map((ms) => durationText(Number(ms))),
    urlVersion: row.urlVersion,
    disabledReason: row.disabledReason ?? '',
    etag: row.etag,
    createTime: timestampOf(row.createdAt),
    updateTime: timestampOf(row.updatedAt),
  };
}

/** What a caller described; what is empty or absent is not given. Fields that are output only are passed over. */
export function describedEndpoint(message: Endpoint__Output): Described {
  const { url, signingSecret, enabled, concurrency, attemptTimeoutMs, retrySchedule } = message;
  return {
    url: given(url),
    signingSecret: given(signingSecret),
    enabled,
    concurrency,
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
    attemptTimeoutMs: row.attemptTimeoutMs ?? undefined,
    retrySchedule: row.retryScheduleMs?.map((ms) => durationText(Number(ms))),
  };
}

/** The shortest text that says the same: 300,000 is 5m. A day is 24h, two are 2d. */
function durationText(ms: number): string {
  const unit = units.find(([name, unitMs]) => ms % unitMs === 0 && ms >= (name === 'd' ? 2 * unitMs : unitMs));
  return unit === undefined ? `${ms}ms` : `${ms / unit[1]}${unit[0]}`;
}

function given(text: string): string | undefined {
  return text === '' ? undefined : text;
}
