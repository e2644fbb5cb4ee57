import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { EndpointId, TemplateId, TenantId } from '#domain/ids';
import type { RequestMethod } from '#domain/webhook-template';

@Entity('tenants')
export class TenantRow {
  @PrimaryColumn('text')
  declare id: TenantId;
  @Column('boolean', { name: 'webhooks_enabled', default: true })
  declare webhooksEnabled: boolean;
  /** Null: none of its own. Postgres' bigint comes as text. */
  @Column('bigint', { name: 'retry_schedule_ms', array: true, nullable: true })
  declare retryScheduleMs: readonly string[] | null;
}

@Entity('endpoints')
export class EndpointRow {
  @PrimaryColumn('text', { name: 'tenant_id' })
  declare tenantId: TenantId;
  @PrimaryColumn('text')
  declare id: EndpointId;
  @Column('text')
  declare url: string;
  /** Grows when the URL changes. */
  @Column('integer', { name: 'url_version' })
  declare urlVersion: number;
  @Column('boolean')
  declare enabled: boolean;
  @Column('text', { name: 'disabled_reason', nullable: true })
  declare disabledReason: string | null;
  @Column('timestamptz', { name: 'disabled_at', nullable: true })
  declare disabledAt: Date | null;
  /** Null: it is not paused. */
  @Column('timestamptz', { name: 'paused_at', nullable: true })
  declare pausedAt: Date | null;
  /** Since when something may be held for a pause, also after it; null: nothing is. */
  @Column('timestamptz', { name: 'held_since', nullable: true })
  declare heldSince: Date | null;
  /** How many of those go on in a second; null: in a ramp. */
  @Column('double precision', { name: 'drain_per_second', nullable: true })
  declare drainPerSecond: number | null;
  /** Null takes the installation's default. */
  @Column('integer', { nullable: true })
  declare concurrency: number | null;
  @Column('double precision', { name: 'rate_per_second', nullable: true })
  declare ratePerSecond: number | null;
  /** Of `deliveries`: over so many partitions it is spread. */
  @Column('integer', { default: 1 })
  declare shards: number;
  @Column('integer', { name: 'attempt_timeout_ms', nullable: true })
  declare attemptTimeoutMs: number | null;
  /** Postgres' bigint comes as text. */
  @Column('bigint', { name: 'retry_schedule_ms', array: true, nullable: true })
  declare retryScheduleMs: readonly string[] | null;
  /** Grows with every change; Postgres' bigint comes as text. */
  @Column('bigint')
  declare etag: string;
  @Column('timestamptz', { name: 'created_at' })
  declare createdAt: Date;
  @Column('timestamptz', { name: 'updated_at' })
  declare updatedAt: Date;
  /** Set: deleted; the row stays so that a later owner of the id goes on counting versions. */
  @Column('timestamptz', { name: 'deleted_at', nullable: true })
  declare deletedAt: Date | null;
}

@Entity('endpoint_secrets')
export class EndpointSecretRow {
  @PrimaryColumn('text', { name: 'tenant_id' })
  declare tenantId: TenantId;
  @PrimaryColumn('text', { name: 'endpoint_id' })
  declare endpointId: EndpointId;
  @PrimaryColumn('text')
  declare purpose: 'signing';
  @PrimaryColumn('integer')
  declare version: number;
  @Column('text', { name: 'kek_id' })
  declare kekId: string;
  @Column('bytea', { name: 'wrapped_key' })
  declare wrappedKey: Buffer;
  @Column('bytea')
  declare iv: Buffer;
  @Column('bytea')
  declare ciphertext: Buffer;
  @Column('timestamptz', { name: 'not_after', nullable: true })
  declare notAfter: Date | null;
}

@Entity('webhook_templates')
export class TemplateRow {
  @PrimaryColumn('text', { name: 'tenant_id' })
  declare tenantId: TenantId;
  @PrimaryColumn('text')
  declare id: TemplateId;
  @Column('integer', { name: 'active_version' })
  declare activeVersion: number;
  @Column('boolean')
  declare active: boolean;
  /** Null: none of its own. Of all its versions: it says how what was rendered is repeated. Postgres' bigint comes as text. */
  @Column('bigint', { name: 'retry_schedule_ms', array: true, nullable: true })
  declare retryScheduleMs: readonly string[] | null;
  @Column('bigint')
  declare etag: string;
  @Column('timestamptz', { name: 'created_at' })
  declare createdAt: Date;
  @Column('timestamptz', { name: 'updated_at' })
  declare updatedAt: Date;
  /** Set: deleted; the row stays so that a later owner of the id goes on counting versions. */
  @Column('timestamptz', { name: 'deleted_at', nullable: true })
  declare deletedAt: Date | null;
}

/** Never changed once written: a change of a template is a new version. */
@Entity('webhook_template_versions')
export class TemplateVersionRow {
  @PrimaryColumn('text', { name: 'tenant_id' })
  declare tenantId: TenantId;
  @PrimaryColumn('text', { name: 'template_id' })
  declare templateId: TemplateId;
  @PrimaryColumn('integer')
  declare version: number;
  @Column('text', { name: 'endpoint_id' })
  declare endpointId: EndpointId;
  @Column('text', { name: 'event_types', array: true })
  declare eventTypes: readonly string[];
  @Column('text')
  declare method: RequestMethod;
  @Column('text', { name: 'content_type' })
  declare contentType: string;
  @Column('text', { nullable: true })
  declare body: string | null;
  @Column('boolean')
  declare strict: boolean;
}

/** Every entity of the registry, for the data source. */
export const registryRows = [TenantRow, EndpointRow, EndpointSecretRow, TemplateRow, TemplateVersionRow];
