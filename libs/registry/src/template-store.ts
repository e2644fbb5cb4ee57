import { type DataSource, type EntityManager, IsNull } from 'typeorm';
import type { EndpointId, TemplateId, TenantId } from '#domain/ids';
import { rowsOf, stored, type Transaction } from '#postgres/transaction';
import { checkEtag } from './endpoint-store.js';
import { TemplateRow, TemplateVersionRow } from './registry-rows.js';
import { ResourceFault } from './resource-fault.js';
import { defaultContentType, type TemplateFields } from './resource-fields.js';

/** Which template. */
export interface TemplateName {
  readonly tenantId: TenantId;
  readonly id: TemplateId;
}

/** A template and its active version. */
export interface StoredTemplate {
  readonly row: TemplateRow;
  readonly version: TemplateVersionRow;
}

/** What is stored of a template, perhaps deleted. */
export interface CurrentTemplate extends StoredTemplate {
  /** The highest version number that was ever given. */
  readonly versionMax: number;
}

/** What a change of a template comes to. */
export interface TemplatePlan {
  readonly kind: 'created' | 'updated' | 'unchanged';
  /** Fields that change, by their name in the API. */
  readonly fields: readonly string[];
  readonly row: Pick<TemplateRow, 'tenantId' | 'id' | 'activeVersion' | 'active' | 'retryScheduleMs' | 'etag'>;
  readonly version: TemplateVersionRow;
  readonly isNewVersion: boolean;
}

/**
 * What has to change so that the template is as described: a new version only if something of the version changes. Its
 * retry schedule is not of the version: a version says what is rendered, and an operator who makes retries slower must not
 * make a version that renders the same. It holds at once, also for what was rendered by an earlier version.
 */
export function planTemplate(
  tenantId: TenantId,
  given: TemplateFields,
  current: CurrentTemplate | undefined,
): TemplatePlan {
  const { endpoint, eventTypes, method = 'POST', body = null, strict = false, active = true } = given;
  const contentType = given.contentType ?? defaultContentType(given);
  const old = current?.row.deletedAt === null ? current : undefined;
  const changes: Readonly<Record<string, boolean>> = {
    endpoint: old?.version.endpointId !== endpoint,
    eventTypes: JSON.stringify(old?.version.eventTypes) !== JSON.stringify(eventTypes),
    method: old?.version.method !== method,
    contentType: old?.version.contentType !== contentType,
    body: (old?.version.body ?? null) !== body,
    strict: old?.version.strict !== strict,
  };
  const ofVersion = Object.keys(changes).filter((field) => changes[field]);
  const retryScheduleMs = given.retrySchedule?.map(String) ?? null;
  const isNewSchedule = String(old?.row.retryScheduleMs ?? null) !== String(retryScheduleMs);
  const ofRow = [...(old?.row.active === active ? [] : ['active']), ...(isNewSchedule ? ['retrySchedule'] : [])];
  const fields = [...ofVersion, ...ofRow];
  const isNewVersion = ofVersion.length > 0;
  const kind = old === undefined ? 'created' : fields.length > 0 ? 'updated' : 'unchanged';
  const id = given.id as TemplateId;
  const version = isNewVersion ? (current?.versionMax ?? 0) + 1 : (old?.row.activeVersion ?? 1);
  const etag = String(BigInt(current?.row.etag ?? 0) + (kind === 'unchanged' ? 0n : 1n));
  const endpointId = endpoint as EndpointId;
  return {
    ...{ kind, fields, isNewVersion },
    row: { tenantId, id, activeVersion: version, active, retryScheduleMs, etag },
    version: { tenantId, templateId: id, version, endpointId, eventTypes, method, contentType, body, strict },
  };
}

/** Locks templates, also deleted ones, until the transaction ends; by `tenant/id`. Throws a Failure. */
export async function lockTemplates(
  tx: Transaction,
  names: readonly TemplateName[],
): Promise<ReadonlyMap<string, CurrentTemplate>> {
  if (names.length === 0) return new Map();
  const parameters = { tenants: names.map(({ tenantId }) => tenantId), ids: names.map(({ id }) => id) };
  const rows = await stored(() =>
    tx
      .createQueryBuilder(TemplateRow, 't')
      .where('(t.tenantId, t.id) IN (SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS text[])))', parameters)
      .orderBy('t.tenantId')
      .addOrderBy('t.id')
      .setLock('pessimistic_write')
      .getMany(),
  );
  const highest = await rowsOf<{ tenant_id: string; template_id: string; highest: number }>(
    tx,
    `SELECT tenant_id, template_id, max(version) AS highest FROM webhook_template_versions
      WHERE (tenant_id, template_id) IN (SELECT * FROM unnest($1::text[], $2::text[])) GROUP BY tenant_id, template_id`,
    [parameters.tenants, parameters.ids],
  );
  const versionsMax = new Map(highest.map((row) => [`${row.tenant_id}/${row.template_id}`, row.highest]));
  const templates = await withVersions(tx, rows);
  return new Map(
    templates.map((template) => {
      const key = `${template.row.tenantId}/${template.row.id}`;
      return [key, { ...template, versionMax: versionsMax.get(key) ?? 0 }];
    }),
  );
}

/** Writes what plans change; without a change no statement runs. Throws a Failure. */
export async function writeTemplates(tx: Transaction, plans: readonly TemplatePlan[]): Promise<void> {
  const changed = plans.filter(({ kind }) => kind !== 'unchanged');
  if (changed.length === 0) return;
  await rowsOf(tx, writeStatement, [JSON.stringify(changed.map(({ row }) => row))]);
  const versions = changed.filter(({ isNewVersion }) => isNewVersion).map(({ version }) => version);
  if (versions.length > 0) await rowsOf(tx, versionStatement, [JSON.stringify(versions)]);
}

/** A template that is not deleted. Throws ResourceFault not-found, or a Failure. */
export async function getTemplate(on: DataSource | EntityManager, name: TemplateName): Promise<StoredTemplate> {
  const { tenantId, id } = name;
  const row = await stored(() => on.getRepository(TemplateRow).findOneBy({ tenantId, id, deletedAt: IsNull() }));
  const [template] = row === null ? [] : await withVersions(on, [row]);
  if (template === undefined) throw noTemplate(name);
  return template;
}

/** Templates by tenant and id, of one tenant or (null) of all, after a key. Throws a Failure. */
export async function listTemplates(
  dataSource: DataSource,
  tenantId: TenantId | null,
  after: TemplateName | null,
  rowsMax: number,
): Promise<readonly StoredTemplate[]> {
  const rows = await stored(() => {
    const query = dataSource.getRepository(TemplateRow).createQueryBuilder('t').where('t.deletedAt IS NULL');
    if (tenantId !== null) query.andWhere('t.tenantId = :tenantId', { tenantId });
    if (after !== null)
      query.andWhere('(t.tenantId, t.id) > (:afterTenant, :afterId)', {
        afterTenant: after.tenantId,
        afterId: after.id,
      });
    return query.orderBy('t.tenantId').addOrderBy('t.id').limit(rowsMax).getMany();
  });
  return withVersions(dataSource, rows);
}

/** Deletes a template: it matches nothing any more, its versions stay. Throws ResourceFault not-found or etag. */
export async function deleteTemplate(tx: Transaction, name: TemplateName, etag: string): Promise<void> {
  const parameters = [name.tenantId, name.id];
  const [row] = await rowsOf<{ etag: string }>(
    tx,
    'SELECT etag FROM webhook_templates WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL FOR UPDATE',
    parameters,
  );
  if (row === undefined) throw noTemplate(name);
  checkEtag(etag, row.etag);
  await rowsOf(
    tx,
    `UPDATE webhook_templates SET deleted_at = now(), updated_at = now(), active = false, etag = etag + 1
      WHERE tenant_id = $1 AND id = $2`,
    parameters,
  );
}

function noTemplate({ tenantId, id }: TemplateName): ResourceFault {
  return new ResourceFault('not-found', `there is no template ${id} in tenant ${tenantId}`);
}

/** A version is never changed, so reading it after its template cannot tear the two apart. */
async function withVersions(
  on: DataSource | EntityManager,
  rows: readonly TemplateRow[],
): Promise<readonly StoredTemplate[]> {
  if (rows.length === 0) return [];
  const versions = await stored(() =>
    on
      .getRepository(TemplateVersionRow)
      .createQueryBuilder('v')
      .where(
        `(v.tenantId, v.templateId, v.version) IN
           (SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS text[]), CAST(:versions AS int[])))`,
        {
          tenants: rows.map(({ tenantId }) => tenantId),
          ids: rows.map(({ id }) => id),
          versions: rows.map(({ activeVersion }) => activeVersion),
        },
      )
      .getMany(),
  );
  const byKey = new Map(versions.map((version) => [`${version.tenantId}/${version.templateId}`, version]));
  return rows.flatMap((row) => {
    const version = byKey.get(`${row.tenantId}/${row.id}`);
    return version === undefined ? [] : [{ row, version }];
  });
}

const writeStatement = `
  INSERT INTO webhook_templates AS t (tenant_id, id, active_version, active, retry_schedule_ms, etag)
  SELECT "tenantId", id, "activeVersion", active, "retryScheduleMs", etag
    FROM jsonb_to_recordset($1::jsonb) AS x("tenantId" text, id text, "activeVersion" integer, active boolean,
      "retryScheduleMs" bigint[], etag bigint)
  ON CONFLICT (tenant_id, id) DO UPDATE SET
    active_version = excluded.active_version, active = excluded.active, retry_schedule_ms = excluded.retry_schedule_ms,
    etag = excluded.etag, updated_at = now(),
    created_at = CASE WHEN t.deleted_at IS NULL THEN t.created_at ELSE now() END, deleted_at = NULL`;

const versionStatement = `
  INSERT INTO webhook_template_versions (tenant_id, template_id, version, endpoint_id, event_types, method, content_type,
    body, strict)
  SELECT "tenantId", "templateId", version, "endpointId", "eventTypes", method, "contentType", body, strict
    FROM jsonb_to_recordset($1::jsonb) AS x("tenantId" text, "templateId" text, version integer, "endpointId" text,
      "eventTypes" text[], method text, "contentType" text, body text, strict boolean)`;
