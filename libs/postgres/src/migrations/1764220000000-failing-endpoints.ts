import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Endpoints that have only failed since their last success: few rows, written every few seconds while they fail. */
export class FailingEndpoints1764220000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE failing_endpoints (
        tenant_id text NOT NULL,
        endpoint_id text NOT NULL,
        since timestamptz NOT NULL,
        last_failed_at timestamptz NOT NULL,
        attempts integer NOT NULL,
        notification_ids uuid[] NOT NULL,
        warnings integer NOT NULL DEFAULT 0,
        PRIMARY KEY (tenant_id, endpoint_id),
        FOREIGN KEY (tenant_id, endpoint_id) REFERENCES endpoints ON DELETE CASCADE) WITH (fillfactor = 50)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE failing_endpoints');
  }
}
