import { z } from 'zod';
import { isSlug } from '#domain/ids';
import { bodyKindOf } from '#domain/webhook-template';
import { type FieldFault, ResourceFault } from './resource-fault.js';

/** What only the admin can check: addresses and bodies. Answers null, or what is wrong. */
export interface FieldCheckers {
  readonly url: (url: string) => string | null;
  readonly body: (body: string, options: { readonly contentType: string; readonly strict: boolean }) => string | null;
  readonly signingSecret: (text: string) => string | null;
}

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const delayMsMax = 30 * 86_400_000;

const slug = z.string().refine(isSlug, 'must be a slug: a-z, 0-9 and -, at most 63 characters, e.g. orders-eu');
/** Printable text: no control characters, no half of a surrogate pair. */
const text = (charsMax: number) =>
  z
    .string()
    .max(charsMax)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'holds a control character or half a surrogate pair');
const delay = z.string().transform((value, context) => {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(value);
  const ms = match === null ? 0 : Number(match[1]) * (unitsMs[match[2] ?? ''] ?? 0);
  if (ms > 0 && ms <= delayMsMax) return ms;
  context.addIssue('must be a duration from 1ms to 30d like 5s, 30m or 2h');
  return z.NEVER;
});

/** An endpoint as a caller describes it; absent fields take the defaults of the installation. */
export const endpointFields = z.strictObject({
  id: slug,
  url: text(2_048).min(1),
  signingSecret: z.string().max(200).optional(),
  concurrency: z.int().min(1).max(1_000).optional(),
  attemptTimeoutMs: z.int().min(100).max(30_000).optional(),
  retrySchedule: z.array(delay).min(1).max(30).optional(),
  enabled: z.boolean().optional(),
});

/** A template as a caller describes it. */
export const templateFields = z.strictObject({
  id: slug,
  endpoint: slug,
  eventTypes: z.array(text(255).min(1)).min(1).max(50),
  method: z.enum(['POST', 'PUT', 'PATCH']).optional(),
  contentType: text(255).optional(),
  body: z.string().max(65_536).optional(),
  strict: z.boolean().optional(),
  active: z.boolean().optional(),
});

export type EndpointFields = z.output<typeof endpointFields>;
export type TemplateFields = z.output<typeof templateFields>;

/** Content type of a template that sends the event itself. */
export const eventContentType = 'application/cloudevents+json';

/** The endpoint's fields, checked. Throws a ResourceFault naming every wrong one. */
export function checkEndpoint(given: unknown, checkers: FieldCheckers): EndpointFields {
  const fields = parse(endpointFields, given);
  const faults: FieldFault[] = [];
  const urlFault = checkers.url(fields.url);
  if (urlFault !== null) faults.push({ field: 'url', said: urlFault });
  const secretFault = fields.signingSecret === undefined ? null : checkers.signingSecret(fields.signingSecret);
  if (secretFault !== null) faults.push({ field: 'signingSecret', said: secretFault });
  if (faults.length > 0) throw ResourceFault.invalid(faults);
  return fields;
}

/** The template's fields, checked: its body is compiled as it will be. Throws a ResourceFault naming every wrong one. */
export function checkTemplate(given: unknown, checkers: FieldCheckers): TemplateFields {
  const fields = parse(templateFields, given);
  const faults: FieldFault[] = [];
  const { body, contentType = defaultContentType(fields), strict = false } = fields;
  if (body === undefined && bodyKindOf(contentType) !== 'json')
    faults.push({ field: 'contentType', said: 'without a body the event itself is sent, which is JSON' });
  else if (bodyKindOf(contentType) === null)
    faults.push({ field: 'contentType', said: 'must be JSON, XML, text/plain or application/x-www-form-urlencoded' });
  else if (body !== undefined) {
    const said = checkers.body(body, { contentType, strict });
    if (said !== null) faults.push({ field: 'body', said });
  }
  if (faults.length > 0) throw ResourceFault.invalid(faults);
  return fields;
}

/** What a template is sent as unless it says so. */
export function defaultContentType({ body }: Pick<TemplateFields, 'body'>): string {
  return body === undefined ? eventContentType : 'application/json';
}

function parse<S extends z.ZodType>(schema: S, given: unknown): z.output<S> {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw ResourceFault.invalid(parsed.error.issues.flatMap(fieldFaults));
}

/** A field that is not there yet is an error, not a silence. */
export function fieldFaults(issue: z.core.$ZodIssue): readonly FieldFault[] {
  const path = issue.path.map(String);
  if (issue.code !== 'unrecognized_keys') return [{ field: path.join('.') || '(all)', said: issue.message }];
  return issue.keys.map((key) => ({
    field: [...path, key].join('.'),
    said: 'this field is not known, or not there yet',
  }));
}
