import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Over how many partitions of `deliveries` an endpoint is spread. */
export class EndpointShards1764330000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'ALTER TABLE endpoints ADD COLUMN shards integer NOT NULL DEFAULT 1 CHECK (shards BETWEEN 1 AND 64)',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE endpoints DROP COLUMN shards');
  }
}
