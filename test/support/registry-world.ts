import { randomBytes } from 'node:crypto';
import { systemClock } from '#domain/clock';
import type { EndpointId, TenantId } from '#domain/ids';
import { newSigningSecret } from '#egress/request-signature';
import { createDataSource, type DataSource } from '#postgres/data-source';
import { registryRows } from '#registry/registry-rows';
import { SecretBox } from '#registry/secret-box';
import { RegistrySnapshot } from '#registry/snapshot';
import { createLog } from '#telemetry/log';
import { createTestDatabase, type TestDatabase } from './test-database.js';

export const tenantId = 'acme' as TenantId;

/** An endpoint as a test writes it into the tables. */
export interface WrittenEndpoint {
  readonly id: string;
  readonly secretVersions?: readonly number[];
}

/** A template as a test writes it into the tables, in every version up to `version`. */
export interface WrittenTemplate {
  readonly id: string;
  readonly endpointId: string;
  readonly version?: number;
  readonly eventTypes?: readonly string[];
}

/** The registry's tables and one process' snapshot of them, which looks for changes only when it is asked to. */
export class RegistryWorld {
  readonly lines: string[] = [];
  readonly snapshot: RegistrySnapshot;
  private readonly secretBox = SecretBox.fromKeyFile(`test:${randomBytes(32).toString('base64')}`);

  private constructor(
    readonly database: TestDatabase,
    private readonly dataSource: DataSource,
    private readonly isOwner: boolean,
  ) {
    const log = createLog({ app: 'test', level: 'info', sink: { write: (line) => void this.lines.push(line) } });
    this.snapshot = new RegistrySnapshot(dataSource, this.secretBox, { pollMs: 500, log, clock: systemClock });
  }

  /** Over a database of its own, or over another world's. */
  static async open(shared?: TestDatabase): Promise<RegistryWorld> {
    const database = shared ?? (await createTestDatabase());
    const dataSource = createDataSource({
      ...{ url: database.url, poolMax: 2, applicationName: 'hookline.test', entities: registryRows },
    });
    await dataSource.initialize();
    const world = new RegistryWorld(database, dataSource, shared === undefined);
    await database.query('INSERT INTO tenants (id) VALUES ($1)', [tenantId]);
    return world;
  }

  async close(): Promise<void> {
    await this.dataSource.destroy();
    if (this.isOwner) await this.database.drop();
  }

  async writeEndpoint({ id, secretVersions = [1] }: WrittenEndpoint): Promise<void> {
    await this.database.query('INSERT INTO endpoints (tenant_id, id, url) VALUES ($1, $2, $3)', [
      ...[tenantId, id, 'https://hooks.example.com/in'],
    ]);
    for (const version of secretVersions) {
      const owner = { tenantId, ownerId: id as EndpointId, purpose: 'signing', version } as const;
      const { kekId, wrappedKey, iv, ciphertext } = this.secretBox.seal(newSigningSecret(), owner);
      await this.database.query('INSERT INTO endpoint_secrets VALUES ($1, $2, $3, $4, $5, $6, $7, $8)', [
        ...[tenantId, id, 'signing', version, kekId, wrappedKey, iv, ciphertext],
      ]);
    }
  }

  async writeTemplate({ id, endpointId, version = 1, eventTypes }: WrittenTemplate): Promise<void> {
    await this.database.query('INSERT INTO webhook_templates (tenant_id, id, active_version) VALUES ($1, $2, $3)', [
      ...[tenantId, id, version],
    ]);
    await this.database.query(
      `INSERT INTO webhook_template_versions (tenant_id, template_id, version, endpoint_id, event_types, method, content_type)
       SELECT $1, $2, n, $3, $5, 'POST', 'application/json' FROM generate_series(1, $4::int) AS n`,
      [tenantId, id, endpointId, version, eventTypes ?? ['loan.created']],
    );
  }
}
