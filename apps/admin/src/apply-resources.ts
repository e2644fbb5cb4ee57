/**
 * Described resources -> the registry, all or none.
 *
 * Everything is checked first; then one transaction compares what is described with what is stored and writes only the
 * difference, so applying the same again issues no write: no etag moves and no worker loads its registry again. Killed
 * before the commit: nothing has changed. Killed after it: applying again answers UNCHANGED (a signing secret that was
 * made is then not shown a second time; give another one).
 */
import { type OperatorLogLine, writeOperatorLog } from '#audit/operator-log';
import type { Clock } from '#domain/clock';
import { endpointKey, type TenantId } from '#domain/ids';
import type { Secret } from '#domain/secret';
import { newSigningSecret, parseSigningSecret, signingSecretText } from '#egress/request-signature';
import type { Transaction } from '#postgres/transaction';
import { type EndpointPlan, lockEndpoints, planEndpoint, writeEndpoints } from '#registry/endpoint-store';
import { changeRegistry } from '#registry/registry-change';
import { type FieldFault, ResourceFault } from '#registry/resource-fault';
import { faultsOfChanges } from '#registry/resource-fields';
import { lockTemplates, planTemplate, type TemplatePlan, writeTemplates } from '#registry/template-store';
import { findTenants, planTenant, type TenantPlan, writeTenants } from '#registry/tenant-store';
import type { Caller } from './call-gate.js';
import {
  type CheckedEndpoint,
  type CheckedResources,
  checkResources,
  type DescribedResource,
} from './check-resources.js';
import { storedEndpoint } from './endpoint-answers.js';
import type { RegistryDeps } from './registry-deps.js';
import { storedTemplate } from './template-answers.js';

/** What became of one resource. */
export interface AppliedResource {
  readonly name: string;
  readonly change: 'created' | 'updated' | 'unchanged';
  readonly fields: readonly string[];
  /** Shown this once; null: none was made. */
  readonly madeSecret: string | null;
}

/** What applying touches. */
export type ApplyDeps = RegistryDeps & { readonly clock: Clock };

type Plan = TenantPlan | EndpointPlan | TemplatePlan;
interface Planned<P extends Plan> {
  readonly index: number;
  readonly name: string;
  readonly tenantId: TenantId;
  readonly plan: P;
  readonly madeSecret: string | null;
}

/** Answers in the order of the request. Throws ResourceFault invalid with everything that is wrong, or a Failure. */
export async function applyResources(
  resources: readonly DescribedResource[],
  caller: Caller,
  deps: ApplyDeps,
): Promise<readonly AppliedResource[]> {
  const checked = await checkResources(resources, deps.checkers, deps.clock);
  return changeRegistry(deps.changes, async (tx) => {
    const stored = await loadStored(tx, checked, deps);
    const faults = [...checked.faults, ...valueFaults(checked, stored), ...referenceFaults(checked, stored)];
    if (faults.length > 0) throw ResourceFault.invalid(faults);

    const tenants = planTenants(checked, stored);
    const endpoints = checked.endpoints.map((endpoint) => plannedEndpoint(endpoint, stored));
    const templates = planTemplates(checked, stored);
    if (caller.signal.aborted) throw new ResourceFault('precondition', 'the call ended before anything was changed');

    await writeTenants(
      tx,
      tenants.map(({ plan }) => plan),
    );
    await writeEndpoints(
      tx,
      endpoints.map(({ plan }) => plan),
      deps.secretBox,
    );
    await writeTemplates(
      tx,
      templates.map(({ plan }) => plan),
    );
    await writeOperatorLog(tx, [
      ...logLines('tenants', tenants, caller),
      ...logLines('endpoints', endpoints, caller),
      ...logLines('templates', templates, caller),
    ]);
    return [...tenants, ...endpoints, ...templates].toSorted((a, b) => a.index - b.index).map(appliedResource);
  });
}

/** Endpoints are locked before anything is written (`registry-change.ts`), also those that templates lead to. */
async function loadStored(tx: Transaction, checked: CheckedResources, deps: ApplyDeps) {
  const { tenants, endpoints, templates } = checked;
  const ledTo = templates.flatMap(({ tenantId, fields }) =>
    fields === null ? [] : [{ tenantId, id: fields.endpoint as CheckedEndpoint['id'] }],
  );
  return {
    endpoints: await lockEndpoints(tx, [...endpoints, ...ledTo], deps.secretBox),
    templates: await lockTemplates(tx, templates),
    tenants: await findTenants(
      tx,
      [...tenants, ...endpoints, ...templates].map(({ tenantId }) => tenantId),
    ),
  };
}

type Stored = Awaited<ReturnType<typeof loadStored>>;

/** What is wrong with values that are not stored yet. */
function valueFaults(checked: CheckedResources, stored: Stored): readonly FieldFault[] {
  const endpoints = checked.endpoints.flatMap(({ path, tenantId, id, fields, valueFaults: faults }) => {
    const current = stored.endpoints.get(endpointKey(tenantId, id));
    const before = current?.row.deletedAt === null ? storedEndpoint(current.row) : null;
    return fields === null ? [] : faultsOfChanges(faults, fields, before).map((fault) => below(path, fault));
  });
  const templates = checked.templates.flatMap(({ path, tenantId, id, fields, valueFaults: faults }) => {
    const current = stored.templates.get(`${tenantId}/${id}`);
    const before = current?.row.deletedAt === null ? storedTemplate(current) : null;
    return fields === null ? [] : faultsOfChanges(faults, fields, before).map((fault) => below(path, fault));
  });
  return [...endpoints, ...templates];
}

function below(path: string, { field, said }: FieldFault): FieldFault {
  return { field: `${path}.${field}`, said };
}

/** Tenants and endpoints that are named but neither stored nor described beside. */
function referenceFaults(checked: CheckedResources, stored: Stored): readonly FieldFault[] {
  const tenants = new Set(checked.tenants.map(({ tenantId }) => tenantId));
  const endpoints = new Set(checked.endpoints.map(({ tenantId, id }) => endpointKey(tenantId, id)));
  const strangers = [...checked.endpoints, ...checked.templates].flatMap(({ tenantId, path }) =>
    tenants.has(tenantId) || stored.tenants.has(tenantId)
      ? []
      : [{ field: `${path}.name`, said: `there is no tenant ${tenantId}` }],
  );
  const lost = checked.templates.flatMap(({ tenantId, path, fields }) => {
    if (fields === null) return [];
    const key = endpointKey(tenantId, fields.endpoint as CheckedEndpoint['id']);
    if (endpoints.has(key) || stored.endpoints.get(key)?.row.deletedAt === null) return [];
    return [{ field: `${path}.endpoint`, said: `there is no endpoint ${fields.endpoint} in tenant ${tenantId}` }];
  });
  return [...strangers, ...lost];
}

function planTenants(checked: CheckedResources, stored: Stored): readonly Planned<TenantPlan>[] {
  return checked.tenants.map(({ index, name, tenantId, fields }) => {
    if (fields === null) throw new TypeError(`${name} has faults`);
    const plan = planTenant(fields, stored.tenants.get(tenantId));
    return { index, name, tenantId, plan, madeSecret: null };
  });
}

function plannedEndpoint(endpoint: CheckedEndpoint, stored: Stored): Planned<EndpointPlan> {
  const { index, name, tenantId, id, fields } = endpoint;
  if (fields === null) throw new TypeError(`${name} has faults`);
  const current = stored.endpoints.get(endpointKey(tenantId, id));
  const given = fields.signingSecret === undefined ? null : parseSigningSecret(fields.signingSecret);
  const isNew = current?.row.deletedAt !== null;
  const made: Secret | null = isNew && given === null ? newSigningSecret() : null;
  const plan = planEndpoint(tenantId, fields, given ?? made, current);
  return { index, name, tenantId, plan, madeSecret: made === null ? null : signingSecretText(made) };
}

function planTemplates(checked: CheckedResources, stored: Stored): readonly Planned<TemplatePlan>[] {
  return checked.templates.map(({ index, name, tenantId, id, fields }) => {
    if (fields === null) throw new TypeError(`${name} has faults`);
    const plan = planTemplate(tenantId, fields, stored.templates.get(`${tenantId}/${id}`));
    return { index, name, tenantId, plan, madeSecret: null };
  });
}

function logLines(noun: string, planned: readonly Planned<Plan>[], { principal }: Caller): readonly OperatorLogLine[] {
  return planned.flatMap(({ name, tenantId, plan: { kind, fields } }) => {
    if (kind === 'unchanged') return [];
    const action = `${noun}.${kind === 'created' ? 'create' : 'update'}`;
    return [{ tenantId, principal, action, target: name, reason: 'apply', detail: { fields } }];
  });
}

function appliedResource({ name, plan, madeSecret }: Planned<Plan>): AppliedResource {
  return { name, change: plan.kind, fields: plan.fields, madeSecret };
}
