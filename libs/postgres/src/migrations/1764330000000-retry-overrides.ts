import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Retry schedules of tenants and templates; null says nothing. A template's stands beside its versions, not in one: it says
 * how what was rendered is repeated, not what is rendered, and it holds at once for what waits already.
 */
export class RetryOverrides1764330000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE tenants ADD COLUMN retry_schedule_ms bigint[]');
    await runner.query('ALTER TABLE webhook_templates ADD COLUMN retry_schedule_ms bigint[]');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE webhook_templates DROP COLUMN retry_schedule_ms');
    await runner.query('ALTER TABLE tenants DROP COLUMN retry_schedule_ms');
  }
}
