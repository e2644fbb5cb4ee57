import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * How many attempts at once a half-open circuit lets through, and the way to what is held for one: rows wait alone, so
 * whoever lets them go on must find the oldest of an endpoint among millions. The index is made while nothing is written.
 */
export class Circuits1764200000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE endpoint_circuits ADD COLUMN allowed integer NOT NULL DEFAULT 0');
    await runner.query(`CREATE INDEX notifications_held ON notifications (tenant_id, endpoint_id, next_attempt_at)
      WHERE waiting_reason IN ('CIRCUIT_OPEN', 'ENDPOINT_PAUSED', 'RATE_LIMITED', 'ENDPOINT_FULL')`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX notifications_held');
    await runner.query('ALTER TABLE endpoint_circuits DROP COLUMN allowed');
  }
}
