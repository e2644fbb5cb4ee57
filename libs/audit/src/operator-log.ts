import type { TenantId } from '#domain/ids';
import { rowsOf, type Transaction } from '#postgres/transaction';

/** Who did what to what: one line for every change an operator makes. */
export interface OperatorLogLine {
  /** Null: the change belongs to no tenant. */
  readonly tenantId: TenantId | null;
  readonly principal: string;
  /** `noun.verb`, e.g. `endpoints.create`. */
  readonly action: string;
  /** The resource's name, e.g. `tenants/acme/endpoints/orders`. */
  readonly target: string;
  readonly reason?: string | null;
  readonly requestId?: string | null;
  /** Names of the fields that changed; never a value, for a value may be a secret. */
  readonly detail?: { readonly fields: readonly string[] };
}

/** Writes lines in the transaction of the change itself: neither is there without the other. Throws a Failure. */
export async function writeOperatorLog(tx: Transaction, lines: readonly OperatorLogLine[]): Promise<void> {
  if (lines.length === 0) return;
  await rowsOf(
    tx,
    `INSERT INTO operator_log (tenant_id, principal, action, target, reason, request_id, detail)
     SELECT "tenantId", principal, action, target, reason, "requestId", detail
       FROM jsonb_to_recordset($1::jsonb) AS line("tenantId" text, principal text, action text, target text, reason text,
                                                  "requestId" text, detail jsonb)`,
    [JSON.stringify(lines)],
  );
}
