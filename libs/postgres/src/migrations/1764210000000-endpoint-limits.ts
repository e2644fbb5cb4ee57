import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * How many requests a second an endpoint takes, and its pause: `held_since` is set by a pause and stays until what was held
 * has gone on, so whoever lets it go on finds the few endpoints that are, or were, paused.
 */
export class EndpointLimits1764210000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE endpoints ADD COLUMN rate_per_second double precision,
      ADD COLUMN paused_at timestamptz, ADD COLUMN held_since timestamptz, ADD COLUMN drain_per_second double precision`);
    await runner.query('CREATE INDEX endpoints_held ON endpoints (tenant_id, id) WHERE held_since IS NOT NULL');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX endpoints_held');
    await runner.query(`ALTER TABLE endpoints DROP COLUMN rate_per_second, DROP COLUMN paused_at,
      DROP COLUMN held_since, DROP COLUMN drain_per_second`);
  }
}
