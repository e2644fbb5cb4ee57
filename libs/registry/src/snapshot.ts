import { type DataSource, IsNull } from 'typeorm';
import type { Clock } from '#domain/clock';
import type { Endpoint } from '#domain/endpoint';
import { Failure } from '#domain/failure';
import { type EndpointKey, endpointKey, type TenantId } from '#domain/ids';
import { MicroBatcher } from '#domain/micro-batcher';
import type { Secret } from '#domain/secret';
import type { WebhookTemplate } from '#domain/webhook-template';
import { storeFailure } from '#postgres/store-failure';
import type { Log } from '#telemetry/log';
import { EndpointRow, EndpointSecretRow, TemplateRow, TemplateVersionRow, TenantRow } from './registry-rows.js';
import type { SecretBox } from './secret-box.js';

/** What operators configured, as of one version; never changed once made. */
export interface RegistryView {
  tenant(id: TenantId): { readonly webhooksEnabled: boolean } | undefined;
  endpoint(key: EndpointKey): Endpoint | undefined;
  /** A tenant's templates in their active version, also those switched off. */
  templates(tenantId: TenantId): readonly WebhookTemplate[];
  /** Newest first, not past their end. */
  signingSecrets(key: EndpointKey): readonly Secret[];
}

export interface SnapshotOptions {
  /** How often a change is looked for, at most 500 ms: every app sees it within a second. */
  readonly pollMs: number;
  /** Defaults of endpoints that say nothing. */
  readonly log: Log;
  readonly clock: Clock;
}

interface Loaded {
  readonly version: string;
  readonly view: RegistryView;
}

/** Keeps the registry in memory, so that no delivery asks the database what is configured. */
export class RegistrySnapshot {
  private loaded: Loaded | null = null;
  private trouble: string | null = 'not loaded yet';
  private readonly looks = new MicroBatcher<undefined, void>(
    async (callers) => {
      await this.refresh().catch((error: unknown) => Promise.reject(storeFailure(error)));
      return callers.map(() => undefined);
    },
    { itemsMax: Number.POSITIVE_INFINITY, flushesMax: 1 },
  );

  constructor(
    private readonly dataSource: DataSource,
    private readonly secretBox: SecretBox | null,
    private readonly options: SnapshotOptions,
  ) {}

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
        if (this.dataSource.isInitialized) await this.refresh();
      } catch (error) {
        const cause = storeFailure(error).message;
        if (this.trouble !== cause) this.options.log.warn('registry.notLoaded', { cause });
        this.trouble = cause;
      }
      await this.options.clock.wait(this.options.pollMs, signal);
    }
  }

  /** Resolves after a look that began after this call; many callers share one. Throws a Failure. */
  refreshed(): Promise<void> {
    return this.looks.add(undefined);
  }

  /** Loads the registry if it has changed. Throws what the database throws. */
  async refresh(): Promise<void> {
    const [row]: readonly { version: string }[] = await this.dataSource.query('SELECT version FROM registry_version');
    const version = row?.version ?? '';
    // The version is read first: a change in between is loaded now and once more at the next look.
    if (this.loaded?.version !== version) this.loaded = { version, view: await this.load(version) };
    this.trouble = null;
  }

  private async load(version: string): Promise<RegistryView> {
    const { manager } = this.dataSource;
    const tenants = new Map(
      (await manager.find(TenantRow)).map(({ id, webhooksEnabled }) => [id, { webhooksEnabled }]),
    );
    const endpoints = (await manager.findBy(EndpointRow, { deletedAt: IsNull() })).map(endpointOf);
    const byKey = new Map(endpoints.map((endpoint) => [endpointKey(endpoint.tenantId, endpoint.id), endpoint]));
    const versions = await manager.find(TemplateVersionRow);
    const templates = groupByTenant(templatesOf(await manager.findBy(TemplateRow, { deletedAt: IsNull() }), versions));
    const secrets = this.openSecrets(await manager.find(EndpointSecretRow, { order: { version: 'DESC' } }));
    this.options.log.info('registry.loaded', { version, tenants: tenants.size, endpoints: byKey.size });
    const { clock } = this.options;
    return {
      tenant: (id) => tenants.get(id),
      endpoint: (key) => byKey.get(key),
      templates: (tenantId) => templates.get(tenantId) ?? [],
      signingSecrets: (key) =>
        (secrets.get(key) ?? []).flatMap(({ secret, notAfterMs }) => (clock.nowMs() < notAfterMs ? [secret] : [])),
    };
  }

  private openSecrets(rows: readonly EndpointSecretRow[]) {
    const secrets = new Map<EndpointKey, { readonly secret: Secret; readonly notAfterMs: number }[]>();
    if (this.secretBox === null) return secrets;
    for (const row of rows) {
      const { tenantId, endpointId: ownerId, purpose, version } = row;
      const key = endpointKey(tenantId, ownerId);
      const secret = this.secretBox.open(row, { tenantId, ownerId, purpose, version });
      const notAfterMs = row.notAfter?.getTime() ?? Number.POSITIVE_INFINITY;
      secrets.set(key, [...(secrets.get(key) ?? []), { secret, notAfterMs }]);
    }
    return secrets;
  }
}

function endpointOf(row: EndpointRow): Endpoint {
  const { tenantId, id, url, urlVersion, enabled, concurrency, attemptTimeoutMs } = row;
  const retryScheduleMs = row.retryScheduleMs?.map(Number) ?? null;
  return { tenantId, id, url, urlVersion, enabled, concurrency, attemptTimeoutMs, retryScheduleMs };
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
