import { type DataSource, type EntityManager, IsNull } from 'typeorm';
import { type EndpointId, type EndpointKey, endpointKey, type TenantId } from '#domain/ids';
import type { Secret } from '#domain/secret';
import { rowsOf, stored, type Transaction } from '#postgres/transaction';
import { EndpointRow, EndpointSecretRow } from './registry-rows.js';
import { ResourceFault } from './resource-fault.js';
import type { EndpointFields } from './resource-fields.js';
import type { SecretBox } from './secret-box.js';

/** What a description says nothing of (`pause-endpoint`). */
type PauseColumns = Pick<EndpointRow, 'pausedAt' | 'heldSince' | 'drainPerSecond'>;

/** Which endpoint. */
export interface EndpointName {
  readonly tenantId: TenantId;
  readonly id: EndpointId;
}

/** What is stored of an endpoint, perhaps deleted, and its active secret. */
export interface CurrentEndpoint {
  readonly row: EndpointRow;
  /** The newest version's number; 0: it has no secret. */
  readonly secretVersion: number;
  /** Opens the active secret; null when it has none or the key that sealed it is not at hand. */
  readonly openSecret: () => Secret | null;
}

/** What a change of an endpoint comes to. */
export interface EndpointPlan {
  readonly kind: 'created' | 'updated' | 'unchanged';
  /** Fields that change, by their name in the API. */
  readonly fields: readonly string[];
  readonly row: Omit<EndpointRow, 'createdAt' | 'updatedAt' | 'deletedAt' | 'disabledAt' | keyof PauseColumns>;
  /** Null: the secret stays. */
  readonly secret: Secret | null;
  readonly secretVersion: number;
}

/** Why an operator's own switch says that it is off. */
const operatorReason = 'OPERATOR';

/**
 * What has to change so that the endpoint is as described; a null secret keeps the one there is. The version of the URL
 * never takes a number twice, also not for an id that was deleted and is used again.
 */
export function planEndpoint(
  tenantId: TenantId,
  given: EndpointFields,
  secret: Secret | null,
  current: CurrentEndpoint | undefined,
): EndpointPlan {
  const { url, concurrency = null, ratePerSecond = null, attemptTimeoutMs = null, shards = 1 } = given;
  const retryScheduleMs = given.retrySchedule?.map(String) ?? null;
  const old = current?.row.deletedAt === null ? current.row : undefined;
  // A description that does not speak of it must not wake an endpoint that answered 410.
  const enabled = given.enabled ?? old?.enabled ?? true;
  const newSecret = secret !== null && !isSame(secret, current?.openSecret() ?? null) ? secret : null;
  const changes: Readonly<Record<string, boolean>> = {
    url: old?.url !== url,
    signingSecret: newSecret !== null,
    enabled: old?.enabled !== enabled,
    concurrency: (old?.concurrency ?? null) !== concurrency,
    ratePerSecond: (old?.ratePerSecond ?? null) !== ratePerSecond,
    shards: (old?.shards ?? 1) !== shards,
    attemptTimeoutMs: (old?.attemptTimeoutMs ?? null) !== attemptTimeoutMs,
    retrySchedule: String(old?.retryScheduleMs ?? null) !== String(retryScheduleMs),
  };
  const fields = Object.keys(changes).filter((field) => changes[field]);
  const urlVersion = (current?.row.urlVersion ?? 0) + (changes['url'] ? 1 : 0);
  const disabledReason = enabled ? null : old?.enabled === false ? old.disabledReason : operatorReason;
  const kind = old === undefined ? 'created' : fields.length > 0 ? 'updated' : 'unchanged';
  const etag = String(BigInt(current?.row.etag ?? 0) + (kind === 'unchanged' ? 0n : 1n));
  const id = given.id as EndpointId;
  const limits = { concurrency, ratePerSecond, shards, attemptTimeoutMs, retryScheduleMs };
  const settings = { url, urlVersion, enabled, disabledReason, ...limits, etag };
  const secretVersion = (current?.secretVersion ?? 0) + 1;
  return { kind, fields, row: { tenantId, id, ...settings }, secret: newSecret, secretVersion };
}

/** Locks endpoints, also deleted ones, until the transaction ends. Throws a Failure. */
export async function lockEndpoints(
  tx: Transaction,
  names: readonly EndpointName[],
  secretBox: SecretBox,
): Promise<ReadonlyMap<EndpointKey, CurrentEndpoint>> {
  if (names.length === 0) return new Map();
  const parameters = { tenants: names.map(({ tenantId }) => tenantId), ids: names.map(({ id }) => id) };
  const rows = await stored(() =>
    tx
      .createQueryBuilder(EndpointRow, 'e')
      .where('(e.tenantId, e.id) IN (SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS text[])))', parameters)
      .orderBy('e.tenantId')
      .addOrderBy('e.id')
      .setLock('pessimistic_write')
      .getMany(),
  );
  const secrets = await stored(() =>
    tx
      .createQueryBuilder(EndpointSecretRow, 's')
      .where(
        '(s.tenantId, s.endpointId) IN (SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS text[])))',
        parameters,
      )
      .orderBy('s.version')
      .getMany(),
  );
  const newest = new Map(secrets.map((secret) => [endpointKey(secret.tenantId, secret.endpointId), secret]));
  return new Map(
    rows.map((row) => {
      const key = endpointKey(row.tenantId, row.id);
      const secret = newest.get(key);
      const openSecret = () => (secret === undefined ? null : openQuietly(secret, secretBox));
      return [key, { row, secretVersion: secret?.version ?? 0, openSecret }];
    }),
  );
}

/** Writes what plans change; without a change no statement runs. Throws a Failure. */
export async function writeEndpoints(
  tx: Transaction,
  plans: readonly EndpointPlan[],
  secretBox: SecretBox,
): Promise<void> {
  const changed = plans.filter(({ kind }) => kind !== 'unchanged');
  if (changed.length === 0) return;
  await rowsOf(tx, writeStatement, [JSON.stringify(changed.map(({ row }) => row))]);
  const sealed = changed.flatMap((plan) => (plan.secret === null ? [] : [sealedRow(plan, plan.secret, secretBox)]));
  if (sealed.length > 0) await rowsOf(tx, secretStatement, [JSON.stringify(sealed)]);
}

/** An endpoint that is not deleted; null when there is none. Throws a Failure. */
export function findEndpoint(on: DataSource | EntityManager, name: EndpointName): Promise<EndpointRow | null> {
  const { tenantId, id } = name;
  return stored(() => on.getRepository(EndpointRow).findOneBy({ tenantId, id, deletedAt: IsNull() }));
}

/** An endpoint that is not deleted. Throws ResourceFault not-found, or a Failure. */
export async function getEndpoint(on: DataSource | EntityManager, name: EndpointName): Promise<EndpointRow> {
  const row = await findEndpoint(on, name);
  if (row === null) throw noEndpoint(name);
  return row;
}

/** Endpoints by tenant and id, of one tenant or (null) of all, after a key. Throws a Failure. */
export async function listEndpoints(
  dataSource: DataSource,
  tenantId: TenantId | null,
  after: EndpointName | null,
  rowsMax: number,
): Promise<readonly EndpointRow[]> {
  return stored(() => {
    const query = dataSource.getRepository(EndpointRow).createQueryBuilder('e').where('e.deletedAt IS NULL');
    if (tenantId !== null) query.andWhere('e.tenantId = :tenantId', { tenantId });
    if (after !== null) query.andWhere('(e.tenantId, e.id) > (:afterTenant, :afterId)', afterParameters(after));
    return query.orderBy('e.tenantId').addOrderBy('e.id').limit(rowsMax).getMany();
  });
}

/**
 * Deletes an endpoint: its secrets go, its row stays for the version it counts. Throws ResourceFault not-found, etag, or
 * precondition naming the active templates that lead to it.
 */
export async function deleteEndpoint(tx: Transaction, name: EndpointName, etag: string): Promise<void> {
  const { tenantId, id } = name;
  const [row] = await rowsOf<{ etag: string }>(
    tx,
    'SELECT etag FROM endpoints WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL FOR UPDATE',
    [tenantId, id],
  );
  if (row === undefined) throw noEndpoint(name);
  checkEtag(etag, row.etag);
  const templates = await rowsOf<{ id: string }>(
    tx,
    `SELECT t.id FROM webhook_templates t JOIN webhook_template_versions v
         ON v.tenant_id = t.tenant_id AND v.template_id = t.id AND v.version = t.active_version
      WHERE t.tenant_id = $1 AND v.endpoint_id = $2 AND t.active AND t.deleted_at IS NULL ORDER BY t.id LIMIT 11`,
    [tenantId, id],
  );
  if (templates.length > 0) throw stillUsed(templates.map((template) => template.id));
  await rowsOf(tx, 'DELETE FROM endpoint_secrets WHERE tenant_id = $1 AND endpoint_id = $2', [tenantId, id]);
  await rowsOf(
    tx,
    'UPDATE endpoints SET deleted_at = now(), updated_at = now(), etag = etag + 1 WHERE tenant_id = $1 AND id = $2',
    [tenantId, id],
  );
}

/** Throws ResourceFault etag when one is given and another is current. */
export function checkEtag(given: string, current: string): void {
  if (given !== '' && given !== current)
    throw new ResourceFault('etag', 'somebody changed it meanwhile: read it again and repeat the change', {
      fields: [{ field: 'etag', said: `is ${current} now` }],
    });
}

function noEndpoint({ tenantId, id }: EndpointName): ResourceFault {
  return new ResourceFault('not-found', `there is no endpoint ${id} in tenant ${tenantId}`);
}

function stillUsed(templates: readonly string[]): ResourceFault {
  const shown = templates.length > 10 ? [...templates.slice(0, 10), '...'] : templates;
  const message = `active templates lead to it: ${shown.join(', ')}`;
  return new ResourceFault('precondition', message, { reason: 'ENDPOINT_IN_USE' });
}

function afterParameters({ tenantId, id }: EndpointName) {
  return { afterTenant: tenantId, afterId: id };
}

function isSame(a: Secret, b: Secret | null): boolean {
  return b?.reveal().equals(a.reveal()) ?? false;
}

/** A secret that cannot be opened is another one: giving a new one is how it is repaired. */
function openQuietly(row: EndpointSecretRow, secretBox: SecretBox): Secret | null {
  const { tenantId, endpointId: ownerId, purpose, version } = row;
  try {
    return secretBox.open(row, { tenantId, ownerId, purpose, version });
  } catch {
    return null; // said by the null
  }
}

function sealedRow({ row, secretVersion: version }: EndpointPlan, secret: Secret, secretBox: SecretBox) {
  const { tenantId, id: ownerId } = row;
  const sealed = secretBox.seal(secret, { tenantId, ownerId, purpose: 'signing', version });
  const hex = (bytes: Buffer) => `\\x${bytes.toString('hex')}`;
  const { kekId, wrappedKey, iv, ciphertext } = sealed;
  return {
    ...{ tenant: tenantId, endpoint: ownerId, version, kek: kekId },
    ...{ key: hex(wrappedKey), iv: hex(iv), ciphertext: hex(ciphertext) },
  };
}

const writeStatement = `
  INSERT INTO endpoints AS e (tenant_id, id, url, url_version, enabled, disabled_reason, disabled_at, concurrency,
    rate_per_second, shards, attempt_timeout_ms, retry_schedule_ms, etag)
  SELECT "tenantId", id, url, "urlVersion", enabled, "disabledReason", CASE WHEN NOT enabled THEN now() END, concurrency,
    "ratePerSecond", shards, "attemptTimeoutMs", "retryScheduleMs", etag
    FROM jsonb_to_recordset($1::jsonb) AS x("tenantId" text, id text, url text, "urlVersion" integer, enabled boolean,
      "disabledReason" text, concurrency integer, "ratePerSecond" double precision, shards integer, "attemptTimeoutMs" integer,
      "retryScheduleMs" bigint[], etag bigint)
  ON CONFLICT (tenant_id, id) DO UPDATE SET
    url = excluded.url, url_version = excluded.url_version, enabled = excluded.enabled,
    disabled_reason = excluded.disabled_reason,
    disabled_at = CASE WHEN NOT excluded.enabled THEN coalesce(e.disabled_at, now()) END,
    concurrency = excluded.concurrency, rate_per_second = excluded.rate_per_second, shards = excluded.shards,
    attempt_timeout_ms = excluded.attempt_timeout_ms,
    retry_schedule_ms = excluded.retry_schedule_ms, etag = excluded.etag, updated_at = now(),
    paused_at = CASE WHEN e.deleted_at IS NULL THEN e.paused_at END,
    created_at = CASE WHEN e.deleted_at IS NULL THEN e.created_at ELSE now() END, deleted_at = NULL`;

/** The secret before goes at once. */
const secretStatement = `
  WITH new AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS x(tenant text, endpoint text, version integer, kek text, key bytea,
      iv bytea, ciphertext bytea)),
  gone AS (
    DELETE FROM endpoint_secrets s USING new
     WHERE s.tenant_id = new.tenant AND s.endpoint_id = new.endpoint AND s.purpose = 'signing')
  INSERT INTO endpoint_secrets (tenant_id, endpoint_id, purpose, version, kek_id, wrapped_key, iv, ciphertext)
  SELECT tenant, endpoint, 'signing', version, kek, key, iv, ciphertext FROM new`;
