import type { FailureReason } from '#domain/attempt';
import type { Event } from '#domain/event';
import type { WebhookTemplate } from '#domain/webhook-template';
import { type CompiledBody, compileBody } from '#templating/compile-body';
import { TemplateError } from '#templating/template-error';

/** The frozen bytes, or why there are none. */
export type RenderedBody =
  | { readonly kind: 'rendered'; readonly body: Buffer }
  | { readonly kind: 'failed'; readonly reason: FailureReason; readonly detail: string };

/** A request's body is at most this (`design`, 7). */
const bodyBytesMax = 524_288;
/** Compiled versions kept; beyond it all are dropped and compiled again when needed. */
const compiledMax = 2_000;
const reasonsByCode: Readonly<Record<string, FailureReason>> = {
  OUTPUT_NOT_JSON: 'OUTPUT_NOT_JSON',
  TEMPLATE_BUDGET_OUTPUT: 'OUTPUT_TOO_LARGE',
};

/** Renders bodies; a template's version is compiled once. What a template does wrong is a value, not an exception. */
export function createBodyRenderer(): (template: WebhookTemplate, event: Event) => RenderedBody {
  const compiled = new Map<string, CompiledBody>();
  return (template, event) => {
    if (template.body === null) return withinLimit(event.envelope);
    try {
      const body = compiledBody(template, template.body, compiled);
      return withinLimit(Buffer.from(body.render({ event: event.content }), 'utf8'));
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      return { kind: 'failed', reason: reasonsByCode[error.code] ?? 'TEMPLATE_ERROR', detail: error.message };
    }
  };
}

function compiledBody(template: WebhookTemplate, source: string, compiled: Map<string, CompiledBody>): CompiledBody {
  const key = `${template.tenantId}/${template.id}/${template.version}`;
  const known = compiled.get(key);
  if (known !== undefined) return known;
  if (compiled.size >= compiledMax) compiled.clear();
  const fresh = compileBody(source, { contentType: template.contentType, strict: template.strict });
  compiled.set(key, fresh);
  return fresh;
}

function withinLimit(body: Buffer): RenderedBody {
  if (body.length <= bodyBytesMax) return { kind: 'rendered', body };
  const detail = `the body has ${body.length} bytes, at most ${bodyBytesMax}`;
  return { kind: 'failed', reason: 'OUTPUT_TOO_LARGE', detail };
}
