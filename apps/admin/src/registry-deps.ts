import type { TenantId } from '#domain/ids';
import type { DataSource } from '#postgres/data-source';
import type { Transaction } from '#postgres/transaction';
import { ResourceFault } from '#registry/resource-fault';
import type { FieldCheckers } from '#registry/resource-fields';
import type { SecretBox } from '#registry/secret-box';
import { findTenants } from '#registry/tenant-store';

/** What reading and changing the registry touches. */
export interface RegistryDeps {
  /** Questions; every statement has 5 s. */
  readonly reads: DataSource;
  /** Changes, so that slow questions do not keep them waiting. */
  readonly changes: DataSource;
  readonly secretBox: SecretBox;
  readonly checkers: FieldCheckers;
}

/** Throws ResourceFault not-found when there is no such tenant. */
export async function requireTenant(on: DataSource | Transaction, tenantId: TenantId): Promise<void> {
  const tenants = await findTenants(on, [tenantId]);
  if (!tenants.has(tenantId)) throw new ResourceFault('not-found', `there is no tenant ${tenantId}`);
}
