import { z } from 'zod';
import { parseDuration } from '#domain/duration';
import { shardsMax } from '#domain/endpoint-shards';
import { isSlug } from '#domain/ids';
import { bodyKindOf } from '#domain/webhook-template';
import { type FieldFault, ResourceFault } from './resource-fault.js';

/** What only the admin can check: addresses and bodies. Answers null, or what is wrong. */
export interface FieldCheckers {
  readonly url: (url: string) => string | null;
  readonly body: (body: string, options: { readonly contentType: string; readonly strict: boolean }) => string | null;
  readonly signingSecret: (text: string) => string | null;
}

const delayMsMax = 30 * 86_400_000;

const slug = z.string().refine(isSlug, 'must be a slug: a-z, 0-9 and -, at most 63 characters, e.g. orders-eu');
/** Printable text: no control characters, no half of a surrogate pair. */
const text = (charsMax: number) =>
  z
    .string()
    .max(charsMax)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'holds a control character or half a surrogate pair');
/** Text of several lines: what Postgres cannot keep (U+0000) and UTF-8 cannot say (half a pair) is refused. */
const lines = (charsMax: number) =>
  z
    .string()
    .max(charsMax)
    .regex(/^[^\0\p{Cs}]*$/u, 'holds the character U+0000 or half a surrogate pair');
const delay = z.string().transform((value, context) => {
  const ms = parseDuration(value);
  if (ms !== null && ms <= delayMsMax) return ms;
  context.addIssue('must be a duration from 1ms to 30d like 5s, 30m or 2h');
  return z.NEVER;
});

const retrySchedule = z.array(delay).min(1).max(30);

/** A tenant as a caller describes it; an absent switch stays as it is. */
export const tenantFields = z.strictObject({
  id: slug,
  webhooksEnabled: z.boolean().optional(),
  retrySchedule: retrySchedule.optional(),
});

/** An endpoint as a caller describes it; absent fields take the defaults of the installation. */
export const endpointFields = z.strictObject({
  id: slug,
  url: text(2_048).min(1),
  signingSecret: z.string().max(200).optional(),
  concurrency: z.int().min(1).max(1_000).optional(),
  ratePerSecond: z.number().min(0.1).max(10_000).optional(),
  shards: z.int().min(1).max(shardsMax).optional(),
  attemptTimeoutMs: z.int().min(100).max(30_000).optional(),
  retrySchedule: retrySchedule.optional(),
  enabled: z.boolean().optional(),
});

/** A template as a caller describes it. */
export const templateFields = z.strictObject({
  id: slug,
  endpoint: slug,
  eventTypes: z.array(text(255).min(1)).min(1).max(50),
  method: z.enum(['POST', 'PUT', 'PATCH']).optional(),
  contentType: text(255).optional(),
  body: lines(65_536).optional(),
  strict: z.boolean().optional(),
  active: z.boolean().optional(),
  retrySchedule: retrySchedule.optional(),
});

export type TenantFields = z.output<typeof tenantFields>;
export type EndpointFields = z.output<typeof endpointFields>;
export type TemplateFields = z.output<typeof templateFields>;

/** Content type of a template that sends the event itself. */
export const eventContentType = 'application/cloudevents+json';

/** The tenant's fields, each right by its form. Throws a ResourceFault naming every wrong one. */
export function readTenant(given: unknown): TenantFields {
  return parse(tenantFields, given);
}

/** The endpoint's fields, each right by its form. Throws a ResourceFault naming every wrong one. */
export function readEndpoint(given: unknown): EndpointFields {
  return parse(endpointFields, given);
}

/** The template's fields, each right by its form. Throws a ResourceFault naming every wrong one. */
export function readTemplate(given: unknown): TemplateFields {
  return parse(templateFields, given);
}

/** What is wrong with the endpoint's values. */
export function endpointFaults(fields: EndpointFields, checkers: FieldCheckers): readonly FieldFault[] {
  const { url, signingSecret, shards = 1, concurrency = 0 } = fields;
  const faults = {
    url: checkers.url(url),
    signingSecret: signingSecret && checkers.signingSecret(signingSecret),
    // Each shard has a place of its own, and the default is the dispatchers' to know.
    shards: shards > 1 && shards > concurrency && 'must be at most the concurrency, which must then be given',
  };
  return Object.entries(faults).flatMap(([field, said]) => (said ? [{ field, said }] : []));
}

/** What is wrong with the template's values: its body is compiled as it will be. */
export function templateFaults(fields: TemplateFields, checkers: FieldCheckers): readonly FieldFault[] {
  const { body, contentType = defaultContentType(fields), strict = false } = fields;
  if (body === undefined && bodyKindOf(contentType) !== 'json')
    return [{ field: 'contentType', said: 'without a body the event itself is sent, which is JSON' }];
  if (bodyKindOf(contentType) === null)
    return [{ field: 'contentType', said: 'must be JSON, XML, text/plain or application/x-www-form-urlencoded' }];
  const said = body === undefined ? null : checkers.body(body, { contentType, strict });
  return said === null ? [] : [{ field: 'body', said }];
}

/**
 * The faults that count when a resource changes: what is stored already stays, also when it would not be taken any more
 * (an address that is no longer allowed), so that the endpoint can still be switched off.
 */
export function faultsOfChanges(
  faults: readonly FieldFault[],
  fields: EndpointFields | TemplateFields,
  stored: Readonly<Record<string, unknown>> | null,
): readonly FieldFault[] {
  const given: Readonly<Record<string, unknown>> = fields;
  // An absent switch is an off one.
  const isSame = (field: string) => stored !== null && (stored[field] ?? false) === (given[field] ?? false);
  return faults.filter(({ field }) => !(fieldsBehind[field] ?? [field]).every(isSame));
}

/** A body is right or wrong together with what decides how it is written. */
const ofBody = ['body', 'contentType', 'strict'] as const;
const fieldsBehind: Readonly<Record<string, readonly string[]>> = {
  body: ofBody,
  contentType: ofBody,
  shards: ['shards', 'concurrency'],
};

/** What a template is sent as unless it says so. */
export function defaultContentType({ body }: Pick<TemplateFields, 'body'>): string {
  return body === undefined ? eventContentType : 'application/json';
}

function parse<S extends z.ZodType>(schema: S, given: unknown): z.output<S> {
  const parsed = schema.safeParse(given, { error: inWords });
  if (parsed.success) return parsed.data;
  throw ResourceFault.invalid(parsed.error.issues.flatMap(fieldFaults));
}

const kinds: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a whole number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
};

/** What is wrong, as it is read behind the field's name; undefined leaves it to the schema. */
function inWords(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : `must be ${kinds[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return issue.input === undefined ? 'is missing' : `must be one of ${issue.values.join(', ')}`;
    case 'too_small':
      return ['string', 'array'].includes(issue.origin) ? 'is missing' : `must be at least ${issue.minimum}`;
    case 'too_big':
      if (issue.origin === 'string') return `is longer than ${issue.maximum} characters`;
      return issue.origin === 'array' ? `has more than ${issue.maximum} entries` : `must be at most ${issue.maximum}`;
    default:
      return undefined;
  }
}

/** A field that is not there yet is an error, not a silence. */
function fieldFaults(issue: z.core.$ZodIssue): readonly FieldFault[] {
  const path = issue.path.map(String);
  if (issue.code !== 'unrecognized_keys') return [{ field: path.join('.') || '(all)', said: issue.message }];
  return issue.keys.map((key) => ({
    field: [...path, key].join('.'),
    said: 'this field is not known, or not there yet',
  }));
}
