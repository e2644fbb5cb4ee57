import { EgressAllowance, parseDestination } from '#egress/address-guard';
import { parseSigningSecret } from '#egress/request-signature';
import type { FieldCheckers } from '#registry/resource-fields';
import { compileBody } from '#templating/compile-body';
import { TemplateError } from '#templating/template-error';

/** Checks of addresses, bodies and secrets with what uses them later. Throws TypeError for a wrong `EGRESS_ALLOW`. */
export function createFieldCheckers(egressAllow: readonly string[]): FieldCheckers {
  const allowance = new EgressAllowance(egressAllow);
  return {
    url: (url) => {
      const parsed = parseDestination(url, allowance);
      return parsed.kind === 'refused' ? parsed.said : null;
    },
    body: bodyFault,
    signingSecret: (text) =>
      parseSigningSecret(text) === null ? 'must be whsec_ and base64 of 24 to 64 bytes (Standard Webhooks)' : null,
  };
}

function bodyFault(body: string, options: { readonly contentType: string; readonly strict: boolean }): string | null {
  try {
    compileBody(body, options);
    return null;
  } catch (error) {
    if (error instanceof TemplateError) return error.message;
    throw error;
  }
}
