import { rowsOf, type Transaction } from '#postgres/transaction';
import { checkEtag, type EndpointName, getEndpoint } from './endpoint-store.js';
import type { EndpointRow } from './registry-rows.js';

/**
 * Holds what is for an endpoint from now on; doing it again changes nothing. Answers whether it changed anything. Throws
 * ResourceFault not-found or etag, or a Failure.
 */
export function pauseEndpoint(tx: Transaction, name: EndpointName, etag: string): Promise<boolean> {
  return change(
    tx,
    { name, etag },
    {
      isNeeded: ({ pausedAt }) => pausedAt === null,
      assignments: 'paused_at = now(), held_since = coalesce(held_since, now()), drain_per_second = NULL',
      parameters: [],
    },
  );
}

/**
 * Lets an endpoint go on, and what was held for it at this pace (a second; null: in a ramp); doing it again sets the pace.
 * Answers whether it changed anything. Throws ResourceFault not-found or etag, or a Failure.
 */
export function resumeEndpoint(
  tx: Transaction,
  name: EndpointName,
  etag: string,
  drainPerSecond: number | null,
): Promise<boolean> {
  return change(
    tx,
    { name, etag },
    {
      isNeeded: (row) => row.pausedAt !== null || (row.heldSince !== null && row.drainPerSecond !== drainPerSecond),
      assignments: 'paused_at = NULL, drain_per_second = $3',
      parameters: [drainPerSecond],
    },
  );
}

interface PauseChange {
  readonly isNeeded: (row: EndpointRow) => boolean;
  readonly assignments: string;
  readonly parameters: readonly unknown[];
}

async function change(
  tx: Transaction,
  { name, etag }: { readonly name: EndpointName; readonly etag: string },
  { isNeeded, assignments, parameters }: PauseChange,
): Promise<boolean> {
  const { tenantId, id } = name;
  await rowsOf(tx, 'SELECT FROM endpoints WHERE tenant_id = $1 AND id = $2 FOR UPDATE', [tenantId, id]);
  const row = await getEndpoint(tx, name);
  checkEtag(etag, row.etag);
  if (!isNeeded(row)) return false;
  await rowsOf(
    tx,
    `UPDATE endpoints SET ${assignments}, etag = etag + 1, updated_at = now() WHERE tenant_id = $1 AND id = $2`,
    [tenantId, id, ...parameters],
  );
  return true;
}
