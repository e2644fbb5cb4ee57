import { bodyKindOf } from '#domain/webhook-template';
import { EgressAllowance, hostOf, parseDestination, portOf } from '#egress/address-guard';
import { parseSigningSecret } from '#egress/request-signature';
import type { FieldCheckers } from '#registry/resource-fields';
import { checkSample } from '#templating/check-sample';
import { compileBody } from '#templating/compile-body';
import { TemplateError } from '#templating/template-error';

/** Checks of addresses, bodies and secrets with what uses them later. Throws TypeError for a wrong `EGRESS_ALLOW`. */
export function createFieldCheckers(egressAllow: readonly string[]): FieldCheckers {
  const allowance = new EgressAllowance(egressAllow);
  return {
    url: (url) => {
      const parsed = parseDestination(url, allowance);
      return parsed.kind === 'refused' ? parsed.said + wayOut(url) : null;
    },
    body: bodyFault,
    signingSecret: (text) =>
      parseSigningSecret(text) === null ? 'must be whsec_ and base64 of 24 to 64 bytes (Standard Webhooks)' : null,
  };
}

/** What operators can do about a refused URL; empty when nothing would let it through. */
function wayOut(url: string): string {
  if (!URL.canParse(url)) return '';
  const { hostname } = new URL(url);
  const host = hostOf(new URL(url));
  const entry = `${hostname.startsWith('[') ? `[${host}]` : host}:${portOf(new URL(url))}`;
  if (host === '' || parseDestination(url, new EgressAllowance([entry])).kind === 'refused') return '';
  return `; operators can allow it with EGRESS_ALLOW, e.g. EGRESS_ALLOW=${entry}, for dispatcher and admin`;
}

function bodyFault(body: string, options: { readonly contentType: string; readonly strict: boolean }): string | null {
  try {
    compileBody(body, options);
    if (bodyKindOf(options.contentType) === 'json') checkSample(body);
    return null;
  } catch (error) {
    if (error instanceof TemplateError) return error.message;
    throw error;
  }
}
