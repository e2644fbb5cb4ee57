import type { Template, Template__Output } from '#contracts/generated/hookline/admin/v1/Template';
import { templateName } from '#contracts/resource-names';
import { durationText } from '#domain/duration';
import { defaultContentType } from '#registry/resource-fields';
import type { StoredTemplate } from '#registry/template-store';
import { timestampOf } from './timestamps.js';
import type { Described } from './update-mask.js';

/** Paths of an update mask and the fields they stand for. */
export const templatePaths = {
  endpoint: 'endpoint',
  event_types: 'eventTypes',
  method: 'method',
  content_type: 'contentType',
  body: 'body',
  strict: 'strict',
  active: 'active',
  retry_schedule: 'retrySchedule',
} as const;

/** The template as it is answered. */
export function answeredTemplate({ row, version }: StoredTemplate): Template {
  const { endpointId, eventTypes, method, contentType, body, strict } = version;
  return {
    name: templateName(row),
    endpoint: endpointId,
    eventTypes: [...eventTypes],
    method,
    contentType,
    ...(body === null ? {} : { body }),
    strict,
    active: row.active,
    retrySchedule: scheduleTexts(row) ?? [],
    version: version.version,
    etag: row.etag,
    createTime: timestampOf(row.createdAt),
    updateTime: timestampOf(row.updatedAt),
  };
}

/** What a caller described; what is empty or absent is not given. Fields that are output only are passed over. */
export function describedTemplate(request: Template__Output): Described {
  const { endpoint, eventTypes, method, contentType, body, strict, active, retrySchedule } = request;
  return {
    endpoint: given(endpoint),
    eventTypes: eventTypes.length > 0 ? eventTypes : undefined,
    method: given(method),
    contentType: given(contentType),
    ...{ body, strict, active },
    retrySchedule: retrySchedule.length > 0 ? retrySchedule : undefined,
  };
}

/** A stored template as a caller would describe it: a content type that follows from the body is not said. */
export function storedTemplate({ row, version }: StoredTemplate): Described {
  const { endpointId: endpoint, eventTypes, method, contentType, strict } = version;
  const body = version.body ?? undefined;
  const follows = contentType === defaultContentType({ body });
  const { id, active } = row;
  const ofVersion = { endpoint, eventTypes, method, contentType: follows ? undefined : contentType, body, strict };
  return { id, ...ofVersion, active, retrySchedule: scheduleTexts(row) };
}

function scheduleTexts({ retryScheduleMs }: StoredTemplate['row']): string[] | undefined {
  return retryScheduleMs?.map((ms) => durationText(Number(ms)));
}

function given(text: string): string | undefined {
  return text === '' ? undefined : text;
}
