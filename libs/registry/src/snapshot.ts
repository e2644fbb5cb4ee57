import { type DataSource, type EntityManager, IsNull } from 'typeorm';
import { type Clock, untilTick } from '#domain/clock';
import type { Endpoint } from '#domain/endpoint';
import { Failure } from '#domain/failure';
import { type EndpointKey, endpointKey, type TemplateId, type TenantId } from '#domain/ids';
import { MicroBatcher } from '#domain/micro-batcher';
import type { Secret } from '#domain/secret';
import type { WebhookTemplate } from '#domain/webhook-template';
import { storeFailure } from '#postgres/store-failure';
import { stored } from '#postgres/transaction';
import type { Log } from '#telemetry/log';
import { EndpointRow, EndpointSecretRow, TemplateRow, TemplateVersionRow, TenantRow } from './registry-rows.js';
import type { SecretBox } from './secret-box.js';

/** A tenant as the workers see it. */
export interface RegisteredTenant {
  readonly webhooksEnabled: boolean;
  /** Milliseconds; null: none of its own. */
  readonly retryScheduleMs: readonly number[] | null;
}

/** What operators configured, as of one version; never changed once made. */
export interface RegistryView {
  tenant(id: TenantId): RegisteredTenant | undefined;
  endpoint(key: EndpointKey): Endpoint | undefined;
  /** A tenant's templates in their active version, also those switched off. */
  templates(tenantId: TenantId): readonly WebhookTemplate[];
  /** What a template and its tenant say of retries, milliseconds; null: nothing, or it is deleted. */
  retrySchedules(tenantId: TenantId, templateId: TemplateId): RetrySchedules;
  /** Newest first, not past their end; none for an endpoint of which one cannot be opened: never some for all. */
  signingSecrets(key: EndpointKey): readonly Secret[];
}

/** What a notification's template and tenant say of its retries, milliseconds. */
export interface RetrySchedules {
  readonly template: readonly number[] | null;
  readonly tenant: readonly number[] | null;
}

export interface SnapshotOptions {
  /** How often a change is looked for, at most 500 ms: every app sees it within a second. */
  readonly pollMs: number;
  /** Defaults of endpoints that say nothing. */
  readonly log: Log;
  readonly clock: Clock;
}

interface OpenSecret {
  readonly secret: Secret;
  readonly notAfterMs: number;
}

interface Loaded {
  readonly version: string;
  readonly view: RegistryView;
}

/** Callers of one look; each of them holds a record, so their number is bounded before. */
const callersMax = 100_000;

/** Keeps the registry in memory, so that no delivery asks the database what is configured. */
export class RegistrySnapshot {
  private loaded: Loaded | null = null;
  private trouble: string | null = 'not loaded yet';
  /** One look at a time: a view is never followed by an older one. */
  private readonly looks: MicroBatcher<void, void>;

  constructor(
    private readonly dataSource: DataSource,
    private readonly secretBox: SecretBox | null,
    private readonly options: SnapshotOptions,
  ) {
    const look = async (callers: readonly void[]) => {
      await this.refresh();
      return callers;
    };
    this.looks = new MicroBatcher(look, { itemsMax: callersMax, flushesMax: 1 });
  }

  /** Throws STORE_UNAVAILABLE before the first load. An older view is used while Postgres is away. */
  get current(): RegistryView {
    if (this.loaded === null)
      throw new Failure('STORE_UNAVAILABLE', 'the registry is not loaded yet', { retryable: true });
    return this.loaded.view;
  }

  /** Null once loaded and answering, else the cause in words. */
  whatIsWrong(): string | null {
    return this.trouble;
  }

  /** Looks for changes until the signal is aborted. Never rejects. */
  async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.dataSource.isInitialized) await this.refreshed();
      } catch (error) {
        const cause = storeFailure(error).message;
        if (this.trouble !== cause) this.options.log.warn('registry.notLoaded', { cause });
        this.trouble = cause;
      }
      await untilTick(this.options.clock, this.options.pollMs, signal);
    }
  }

  /**
   * Resolves after a look for changes that began after the call, one for all who call meanwhile: for whoever must be sure
   * before refusing something. Rejects with a Failure while Postgres is away.
   */
  async refreshed(): Promise<void> {
    await stored(() => this.looks.add());
  }

  private async refresh(): Promise<void> {
    if (this.loaded?.version !== (await versionIn(this.dataSource.manager)))
      this.loaded = await this.dataSource.transaction('REPEATABLE READ', (tx) => this.load(tx));
    this.trouble = null;
  }

  /** Everything as of one instant: what one operator changed together is seen together. */
  private async load(tx: EntityManager): Promise<Loaded> {
    const version = await versionIn(tx);
    const tenants = new Map((await tx.find(TenantRow)).map((row) => [row.id, tenantOf(row)]));
    const endpoints = (await tx.findBy(EndpointRow, { deletedAt: IsNull() })).map(endpointOf);
    const byKey = new Map(endpoints.map((endpoint) => [endpointKey(endpoint.tenantId, endpoint.id), endpoint]));
    const templateRows = await tx.findBy(TemplateRow, { deletedAt: IsNull() });
    const templates = groupByTenant(templatesOf(templateRows, await activeVersions(tx)));
    const ofTemplates = schedulesOf(templateRows);
    const secrets = await this.openSecrets(tx);
    const { clock, log } = this.options;
    log.info('registry.loaded', { version, tenants: tenants.size, endpoints: byKey.size });
    const view: RegistryView = {
      tenant: (id) => tenants.get(id),
      endpoint: (key) => byKey.get(key),
      templates: (tenantId) => templates.get(tenantId) ?? [],
      retrySchedules: (tenantId, templateId) => ({
        template: ofTemplates.get(`${tenantId}/${templateId}`) ?? null,
        tenant: tenants.get(tenantId)?.retryScheduleMs ?? null,
      }),
      signingSecrets: (key) =>
        (secrets.get(key) ?? []).flatMap(({ secret, notAfterMs }) => (clock.nowMs() < notAfterMs ? [secret] : [])),
    };
    return { version, view };
  }

  /** An endpoint of which one cannot be opened has none; those of all others are used. */
  private async openSecrets(tx: EntityManager): Promise<ReadonlyMap<EndpointKey, readonly OpenSecret[]>> {
    const secrets = new Map<EndpointKey, readonly OpenSecret[]>();
    if (this.secretBox === null) return secrets;
    const unreadable = new Set<EndpointKey>();
    for (const row of await tx.find(EndpointSecretRow, { order: { version: 'DESC' } })) {
      const key = endpointKey(row.tenantId, row.endpointId);
      const notAfterMs = row.notAfter?.getTime() ?? Number.POSITIVE_INFINITY;
      if (notAfterMs <= this.options.clock.nowMs()) continue;
      const secret = this.openSecret(row, this.secretBox);
      if (secret === null) unreadable.add(key);
      else secrets.set(key, [...(secrets.get(key) ?? []), { secret, notAfterMs }]);
    }
    for (const key of unreadable) secrets.delete(key);
    return secrets;
  }

  private openSecret(row: EndpointSecretRow, secretBox: SecretBox): Secret | null {
    const { tenantId, endpointId, purpose, version, kekId } = row;
    try {
      return secretBox.open(row, { tenantId, ownerId: endpointId, purpose, version });
    } catch (error) {
      this.options.log.error('registry.secretUnreadable', { tenantId, endpointId, version, kekId, err: error });
      return null;
    }
  }
}

async function versionIn(on: Pick<EntityManager, 'query'>): Promise<string> {
  const [row]: readonly { version: string }[] = await on.query('SELECT version FROM registry_version');
  return row?.version ?? '';
}

/** Of templates that are not deleted: what they once were is not needed, and there may be much of it. */
function activeVersions(tx: EntityManager): Promise<readonly TemplateVersionRow[]> {
  const isActive = [
    't.tenantId = v.tenantId AND t.id = v.templateId',
    't.activeVersion = v.version AND t.deletedAt IS NULL',
  ];
  return tx.createQueryBuilder(TemplateVersionRow, 'v').innerJoin(TemplateRow, 't', isActive.join(' AND ')).getMany();
}

function tenantOf({ webhooksEnabled, retryScheduleMs }: TenantRow): RegisteredTenant {
  return { webhooksEnabled, retryScheduleMs: retryScheduleMs?.map(Number) ?? null };
}

/** Of the few templates that say one, by `tenant/id`. */
function schedulesOf(rows: readonly TemplateRow[]): ReadonlyMap<string, readonly number[]> {
  const own = rows.flatMap(({ tenantId, id, retryScheduleMs }) =>
    retryScheduleMs === null ? [] : [[`${tenantId}/${id}`, retryScheduleMs.map(Number)] as const],
  );
  return new Map(own);
}

function endpointOf(row: EndpointRow): Endpoint {
  const { tenantId, id, url, urlVersion, enabled, concurrency, ratePerSecond, shards, attemptTimeoutMs } = row;
  const retryScheduleMs = row.retryScheduleMs?.map(Number) ?? null;
  const limits = { concurrency, ratePerSecond, shards, attemptTimeoutMs, retryScheduleMs };
  return { tenantId, id, url, urlVersion, enabled, paused: row.pausedAt !== null, ...limits };
}

function templatesOf(
  rows: readonly TemplateRow[],
  versions: readonly TemplateVersionRow[],
): readonly WebhookTemplate[] {
  const byKey = new Map(
    versions.map((version) => [`${version.tenantId}/${version.templateId}/${version.version}`, version]),
  );
  return rows.flatMap(({ tenantId, id, activeVersion, active }) => {
    const version = byKey.get(`${tenantId}/${id}/${activeVersion}`);
    if (version === undefined) return [];
    const { endpointId, eventTypes, method, contentType, body, strict } = version;
    return [
      { tenantId, id, version: activeVersion, active, endpointId, eventTypes, method, contentType, body, strict },
    ];
  });
}

function groupByTenant(templates: readonly WebhookTemplate[]): ReadonlyMap<TenantId, readonly WebhookTemplate[]> {
  const byTenant = new Map<TenantId, WebhookTemplate[]>();
  for (const template of templates) {
    const own = byTenant.get(template.tenantId) ?? [];
    own.push(template);
    byTenant.set(template.tenantId, own);
  }
  return byTenant;
}
