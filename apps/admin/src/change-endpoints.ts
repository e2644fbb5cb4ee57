import { randomBytes } from 'node:crypto';
import { writeOperatorLog } from '#audit/operator-log';
import { endpointName } from '#contracts/resource-names';
import { endpointKey, isSlug, type TenantId } from '#domain/ids';
import type { Secret } from '#domain/secret';
import { newSigningSecret, parseSigningSecret, signingSecretText } from '#egress/request-signature';
import type { Transaction } from '#postgres/transaction';
import {
  checkEtag,
  deleteEndpoint as deleteStored,
  type EndpointName,
  type EndpointPlan,
  getEndpoint,
  lockEndpoints,
  planEndpoint,
  writeEndpoints,
} from '#registry/endpoint-store';
import { pauseEndpoint as pauseStored, resumeEndpoint as resumeStored } from '#registry/pause-endpoint';
import { changeRegistry } from '#registry/registry-change';
import type { EndpointRow } from '#registry/registry-rows';
import { ResourceFault } from '#registry/resource-fault';
import { type EndpointFields, endpointFaults, faultsOfChanges, readEndpoint } from '#registry/resource-fields';
import type { Caller } from './call-gate.js';
import { storedEndpoint } from './endpoint-answers.js';
import { type RegistryDeps, requireTenant } from './registry-deps.js';
import type { Described } from './update-mask.js';

/** Of a drain: held notifications a second. */
const drainPerSecondBounds = [0.1, 500] as const;

/** A new endpoint, and its secret when it was made here. */
export interface CreatedEndpoint {
  readonly row: EndpointRow;
  /** Shown this once; null: the caller gave one. */
  readonly madeSecret: string | null;
}

/** What an update says. */
export interface EndpointUpdate {
  readonly name: EndpointName;
  readonly fields: Described;
  /** Empty: whatever is current. */
  readonly etag: string;
}

/** Throws ResourceFault invalid, not-found (the tenant) or already-exists, or a Failure. */
export async function createEndpoint(
  tenantId: TenantId,
  described: Described,
  caller: Caller,
  deps: RegistryDeps,
): Promise<CreatedEndpoint> {
  const fields = checkedEndpoint(described, null, deps);
  const given = fields.signingSecret === undefined ? null : parseSigningSecret(fields.signingSecret);
  const secret = given ?? newSigningSecret();
  const row = await changeRegistry(deps.changes, async (tx) => {
    await requireTenant(tx, tenantId);
    const name = { tenantId, id: fields.id as EndpointName['id'] };
    const current = (await lockEndpoints(tx, [name], deps.secretBox)).get(endpointKey(tenantId, name.id));
    if (current?.row.deletedAt === null)
      throw new ResourceFault('already-exists', `there is an endpoint ${name.id} in tenant ${tenantId}`);
    await write(tx, planEndpoint(tenantId, fields, secret, current), caller, deps);
    return getEndpoint(tx, name);
  });
  return { row, madeSecret: given === null ? signingSecretText(secret) : null };
}

/** Throws ResourceFault invalid, not-found or etag, or a Failure. */
export async function updateEndpoint(update: EndpointUpdate, caller: Caller, deps: RegistryDeps): Promise<EndpointRow> {
  const { name, fields: changes, etag } = update;
  const secret = secretOf(changes);
  return changeRegistry(deps.changes, async (tx) => {
    const current = (await lockEndpoints(tx, [name], deps.secretBox)).get(endpointKey(name.tenantId, name.id));
    if (current === undefined || current.row.deletedAt !== null) return getEndpoint(tx, name); // which throws
    checkEtag(etag, current.row.etag);
    const fields = checkedEndpoint(changes, storedEndpoint(current.row), deps);
    await write(tx, planEndpoint(name.tenantId, fields, secret, current), caller, deps);
    return getEndpoint(tx, name);
  });
}

/** Throws ResourceFault not-found, etag or precondition, or a Failure. */
export async function deleteEndpoint(
  name: EndpointName,
  etag: string,
  caller: Caller,
  deps: RegistryDeps,
): Promise<void> {
  await changeRegistry(deps.changes, async (tx) => {
    await deleteStored(tx, name, etag);
    const { tenantId } = name;
    const target = endpointName(name);
    await writeOperatorLog(tx, [{ tenantId, principal: caller.principal, action: 'endpoints.delete', target }]);
  });
}

/** What an operator says of a pause. */
export interface PauseRequest {
  readonly name: EndpointName;
  /** Empty: whatever is current. */
  readonly etag: string;
  readonly reason: string;
}

/** Throws ResourceFault not-found or etag, or a Failure. */
export function pauseEndpoint(request: PauseRequest, caller: Caller, deps: RegistryDeps): Promise<EndpointRow> {
  const { name, etag } = request;
  return changePause('endpoints.pause', request, { caller, deps, change: (tx) => pauseStored(tx, name, etag) });
}

/** Throws ResourceFault invalid, not-found or etag, or a Failure. */
export function resumeEndpoint(
  request: PauseRequest & { readonly drainPerSecond: number | null },
  caller: Caller,
  deps: RegistryDeps,
): Promise<EndpointRow> {
  const { name, etag, drainPerSecond } = request;
  const [min, max] = drainPerSecondBounds;
  if (drainPerSecond !== null && !(drainPerSecond >= min && drainPerSecond <= max))
    throw ResourceFault.invalid([{ field: 'drainPerSecond', said: `must be from ${min} to ${max}` }]);
  const change = (tx: Transaction) => resumeStored(tx, name, etag, drainPerSecond);
  return changePause('endpoints.resume', request, { caller, deps, change });
}

interface PauseParts {
  readonly caller: Caller;
  readonly deps: RegistryDeps;
  readonly change: (tx: Transaction) => Promise<boolean>;
}

function changePause(
  action: string,
  { name, reason }: PauseRequest,
  { caller, deps, change }: PauseParts,
): Promise<EndpointRow> {
  const { principal } = caller;
  return changeRegistry(deps.changes, async (tx) => {
    const isChanged = await change(tx);
    const line = { tenantId: name.tenantId, principal, action, target: endpointName(name), reason: reason || null };
    if (isChanged) await writeOperatorLog(tx, [line]);
    return getEndpoint(tx, name);
  });
}

/** The id a caller chose, or a new one. What is no slug is said by the check of the fields. */
export function chosenId(given: string, prefix: string): string {
  return given === '' ? `${prefix}-${randomBytes(6).toString('hex')}` : given;
}

/** Faults of the fields keep their names; an id of a create stands in a field of the request. */
export function checkId(id: string, field: string): void {
  if (!isSlug(id))
    throw ResourceFault.invalid([{ field, said: 'must be a slug: a-z, 0-9 and -, at most 63 characters' }]);
}

/** What is described over what is stored. Throws ResourceFault invalid naming every wrong field that changes. */
function checkedEndpoint(described: Described, stored: Described | null, { checkers }: RegistryDeps): EndpointFields {
  const fields = readEndpoint({ ...stored, ...described });
  const faults = faultsOfChanges(endpointFaults(fields, checkers), fields, stored);
  if (faults.length > 0) throw ResourceFault.invalid(faults);
  return fields;
}

function secretOf(changes: Described): Secret | null {
  if (!Object.hasOwn(changes, 'signingSecret')) return null;
  const { signingSecret } = changes;
  if (typeof signingSecret === 'string') return parseSigningSecret(signingSecret);
  throw ResourceFault.invalid([{ field: 'signingSecret', said: 'must be given when the mask names it' }]);
}

async function write(tx: Transaction, plan: EndpointPlan, caller: Caller, deps: RegistryDeps): Promise<void> {
  if (plan.kind === 'unchanged') return;
  await writeEndpoints(tx, [plan], deps.secretBox);
  const action = plan.kind === 'created' ? 'endpoints.create' : 'endpoints.update';
  const { row, fields } = plan;
  const { principal } = caller;
  const line = { tenantId: row.tenantId, principal, action, target: endpointName(row), detail: { fields } };
  await writeOperatorLog(tx, [line]);
}
