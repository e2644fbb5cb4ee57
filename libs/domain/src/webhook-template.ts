import type { EndpointId, TemplateId, TenantId } from './ids.js';

/** What may stand in an endpoint's request line. */
export type RequestMethod = 'POST' | 'PUT' | 'PATCH';

/** Escaping follows this: the media types a body may have. */
export type BodyKind = 'json' | 'xml' | 'text' | 'form';

/** One immutable version of a template, as the renderer sees it. */
export interface WebhookTemplate {
  readonly tenantId: TenantId;
  readonly id: TemplateId;
  /** From 1. */
  readonly version: number;
  readonly endpointId: EndpointId;
  /** Inactive templates match nothing. */
  readonly active: boolean;
  /**
   * Exact types or patterns: `*` stands for one or more characters, e.g. `order.line.*`. At least one. Those that begin with
   * `hookline.` ask for operator events, all others for events of upstream.
   */
  readonly eventTypes: readonly string[];
  readonly method: RequestMethod;
  /** A media type whose kind `bodyKindOf` knows. */
  readonly contentType: string;
  /** Source of the body with `{{ path }}` placeholders; null sends the event itself. */
  readonly body: string | null;
  /** A missing path is `TEMPLATE_ERROR` instead of `null` or nothing. */
  readonly strict: boolean;
}

/** Which escaping a media type needs; null when a body of this type cannot be written by a template. */
export function bodyKindOf(contentType: string): BodyKind | null {
  const mediaType = (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
  if (mediaType === 'application/json' || /^application\/[a-z0-9.-]+\+json$/.test(mediaType)) return 'json';
  if (mediaType === 'application/xml' || mediaType === 'text/xml' || /^application\/[a-z0-9.-]+\+xml$/.test(mediaType))
    return 'xml';
  if (mediaType === 'application/x-www-form-urlencoded') return 'form';
  if (mediaType === 'text/plain') return 'text';
  return null;
}

/** Who says an event: somebody else's system, or Hookline itself on the topic `operator-events`. */
export type EventOrigin = 'upstream' | 'operators';

const operatorTypes = 'hookline.';

/**
 * Whether one of a template's patterns takes this event type. Linear in the lengths, whatever the pattern. Operator events
 * are taken by patterns that name them: a template for whatever upstream produces must not begin to tell a third party
 * which endpoints fail; and upstream cannot pass its own events off as such.
 */
export function matchesEventType(patterns: readonly string[], eventType: string, origin: EventOrigin): boolean {
  const ofOperators = origin === 'operators';
  return patterns.some(
    (pattern) => pattern.startsWith(operatorTypes) === ofOperators && matchesPattern(pattern, eventType),
  );
}

/** Each `*` takes at least one character; the parts between must follow each other. */
function matchesPattern(pattern: string, eventType: string): boolean {
  if (!pattern.includes('*')) return pattern === eventType;
  const parts = pattern.split('*');
  const [first = '', ...rest] = parts;
  const last = rest.pop() ?? '';
  if (!eventType.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = eventType.indexOf(part, at + 1);
    if (found < 0) return false;
    at = found + part.length;
  }
  return eventType.length >= at + 1 + last.length && eventType.endsWith(last);
}
