import type { Clock } from '#domain/clock';
import type { EndpointId, TemplateId, TenantId } from '#domain/ids';
import { type FieldFault, ResourceFault } from '#registry/resource-fault';
import {
  type EndpointFields,
  endpointFaults,
  type FieldCheckers,
  readEndpoint,
  readTemplate,
  readTenant,
  type TemplateFields,
  type TenantFields,
  templateFaults,
} from '#registry/resource-fields';
import { parseEndpoint, parseTemplate, parseTenant } from './resource-names.js';
import type { Described } from './update-mask.js';

/** One resource as it was described, in the order it came. */
export interface DescribedResource {
  readonly kind: 'tenants' | 'endpoints' | 'templates';
  readonly name: string;
  readonly described: Described;
}

/** Where it stood in the request, for the answer and for faults. */
interface Place {
  readonly index: number;
  readonly name: string;
  /** `endpoints[0]`: its place among those of its kind. */
  readonly path: string;
}

export type CheckedTenant = Place & { readonly tenantId: TenantId; readonly fields: TenantFields | null };
export type CheckedEndpoint = Place & {
  readonly tenantId: TenantId;
  readonly id: EndpointId;
  /** Null: something of it is wrong, which is among the faults. */
  readonly fields: EndpointFields | null;
  /** What is wrong with its values; those that are stored already do not count. */
  readonly valueFaults: readonly FieldFault[];
};
export type CheckedTemplate = Place & {
  readonly tenantId: TenantId;
  readonly id: TemplateId;
  readonly fields: TemplateFields | null;
  readonly valueFaults: readonly FieldFault[];
};

/** All resources, each checked by itself, and everything that is wrong with the form of any. */
export interface CheckedResources {
  readonly tenants: readonly CheckedTenant[];
  readonly endpoints: readonly CheckedEndpoint[];
  readonly templates: readonly CheckedTemplate[];
  readonly faults: readonly FieldFault[];
}

/** Bodies compiled in a row before other calls are let in. */
const checkedInRowMax = 200;

/** Checks every resource by itself; nothing is thrown, all that is wrong is listed. */
export async function checkResources(
  resources: readonly DescribedResource[],
  checkers: FieldCheckers,
  clock: Clock,
): Promise<CheckedResources> {
  const tenants: CheckedTenant[] = [];
  const endpoints: CheckedEndpoint[] = [];
  const templates: CheckedTemplate[] = [];
  const faults: FieldFault[] = [];
  const names = new Set<string>();
  const counts = { tenants: 0, endpoints: 0, templates: 0 };
  for (const [index, { kind, name, described }] of resources.entries()) {
    if (index % checkedInRowMax === checkedInRowMax - 1) await clock.wait(0);
    const path = `${kind}[${counts[kind]++}]`;
    const place = { index, name, path };
    if (names.has(name)) faults.push({ field: `${path}.name`, said: `${name} is described twice` });
    names.add(name);
    collected(faults, path, () => {
      if (kind === 'tenants') tenants.push(checkedTenant(place, described, faults));
      else if (kind === 'endpoints') endpoints.push(checkedEndpoint(place, described, checkers, faults));
      else templates.push(checkedTemplate(place, described, checkers, faults));
    });
  }
  return { tenants, endpoints, templates, faults };
}

function checkedTenant(place: Place, described: Described, faults: FieldFault[]): CheckedTenant {
  const tenantId = parseTenant(place.name, 'name');
  return {
    ...place,
    tenantId,
    fields: collected(faults, place.path, () => readTenant({ ...described, id: tenantId })),
  };
}

function checkedEndpoint(
  place: Place,
  described: Described,
  ...[checkers, faults]: [FieldCheckers, FieldFault[]]
): CheckedEndpoint {
  const { tenantId, id } = parseEndpoint(place.name);
  const fields = collected(faults, place.path, () => readEndpoint({ ...described, id }));
  return { ...place, tenantId, id, fields, valueFaults: fields === null ? [] : endpointFaults(fields, checkers) };
}

function checkedTemplate(
  place: Place,
  described: Described,
  ...[checkers, faults]: [FieldCheckers, FieldFault[]]
): CheckedTemplate {
  const { tenantId, id } = parseTemplate(place.name);
  const fields = collected(faults, place.path, () => readTemplate({ ...described, id }));
  return { ...place, tenantId, id, fields, valueFaults: fields === null ? [] : templateFaults(fields, checkers) };
}

/** What the check answers; null when it refuses, and why is added to the faults. */
function collected<T>(faults: FieldFault[], path: string, check: () => T): T | null {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof ResourceFault)) throw error;
    faults.push(...error.fields.map(({ field, said }) => ({ field: `${path}.${field}`, said })));
    return null;
  }
}
