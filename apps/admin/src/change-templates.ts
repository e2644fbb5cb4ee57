import { writeOperatorLog } from '#audit/operator-log';
import { templateName } from '#contracts/resource-names';
import { type EndpointId, endpointKey, type TenantId } from '#domain/ids';
import type { Transaction } from '#postgres/transaction';
import { checkEtag, lockEndpoints } from '#registry/endpoint-store';
import { changeRegistry } from '#registry/registry-change';
import { ResourceFault } from '#registry/resource-fault';
import { faultsOfChanges, readTemplate, type TemplateFields, templateFaults } from '#registry/resource-fields';
import {
  deleteTemplate as deleteStored,
  getTemplate,
  lockTemplates,
  planTemplate,
  type StoredTemplate,
  type TemplateName,
  type TemplatePlan,
  writeTemplates,
} from '#registry/template-store';
import type { Caller } from './call-gate.js';
import { type RegistryDeps, requireTenant } from './registry-deps.js';
import { storedTemplate } from './template-answers.js';
import type { Described } from './update-mask.js';

/** What an update says. */
export interface TemplateUpdate {
  readonly name: TemplateName;
  readonly fields: Described;
  /** Empty: whatever is current. */
  readonly etag: string;
}

/** Throws ResourceFault invalid (also for an endpoint there is not), not-found (the tenant), already-exists, or a Failure. */
export async function createTemplate(
  tenantId: TenantId,
  described: Described,
  caller: Caller,
  deps: RegistryDeps,
): Promise<StoredTemplate> {
  const fields = checkedTemplate(described, null, deps);
  return changeRegistry(deps.changes, async (tx) => {
    await requireTenant(tx, tenantId);
    const name = { tenantId, id: fields.id as TemplateName['id'] };
    const current = (await lockTemplates(tx, [name])).get(`${tenantId}/${name.id}`);
    if (current?.row.deletedAt === null)
      throw new ResourceFault('already-exists', `there is a template ${name.id} in tenant ${tenantId}`);
    await write(tx, planTemplate(tenantId, fields, current), caller, deps);
    return getTemplate(tx, name);
  });
}

/** Throws ResourceFault invalid, not-found or etag, or a Failure. */
export async function updateTemplate(
  update: TemplateUpdate,
  caller: Caller,
  deps: RegistryDeps,
): Promise<StoredTemplate> {
  const { name, fields: changes, etag } = update;
  return changeRegistry(deps.changes, async (tx) => {
    const current = (await lockTemplates(tx, [name])).get(`${name.tenantId}/${name.id}`);
    if (current === undefined || current.row.deletedAt !== null) return getTemplate(tx, name); // which throws
    checkEtag(etag, current.row.etag);
    const fields = checkedTemplate(changes, storedTemplate(current), deps);
    await write(tx, planTemplate(name.tenantId, fields, current), caller, deps);
    return getTemplate(tx, name);
  });
}

/** Throws ResourceFault not-found or etag, or a Failure. */
export async function deleteTemplate(
  name: TemplateName,
  etag: string,
  caller: Caller,
  deps: RegistryDeps,
): Promise<void> {
  await changeRegistry(deps.changes, async (tx) => {
    await deleteStored(tx, name, etag);
    const { tenantId } = name;
    const target = templateName(name);
    await writeOperatorLog(tx, [{ tenantId, principal: caller.principal, action: 'templates.delete', target }]);
  });
}

/** What is described over what is stored. Throws ResourceFault invalid naming every wrong field that changes. */
function checkedTemplate(described: Described, stored: Described | null, { checkers }: RegistryDeps): TemplateFields {
  const fields = readTemplate({ ...stored, ...described });
  const faults = faultsOfChanges(templateFaults(fields, checkers), fields, stored);
  if (faults.length > 0) throw ResourceFault.invalid(faults);
  return fields;
}

async function write(tx: Transaction, plan: TemplatePlan, caller: Caller, deps: RegistryDeps): Promise<void> {
  if (plan.kind === 'unchanged') return;
  const { tenantId } = plan.row;
  const id: EndpointId = plan.version.endpointId;
  const endpoint = (await lockEndpoints(tx, [{ tenantId, id }], deps.secretBox)).get(endpointKey(tenantId, id));
  if (endpoint === undefined || endpoint.row.deletedAt !== null)
    throw ResourceFault.invalid([{ field: 'endpoint', said: `there is no endpoint ${id} in tenant ${tenantId}` }]);
  await writeTemplates(tx, [plan]);
  const action = plan.kind === 'created' ? 'templates.create' : 'templates.update';
  const { principal } = caller;
  const target = templateName(plan.row);
  await writeOperatorLog(tx, [{ tenantId, principal, action, target, detail: { fields: plan.fields } }]);
}
