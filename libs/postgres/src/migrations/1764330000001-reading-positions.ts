import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How far readers have come by offset: whoever releases to a partition counts by it what of its own is not read yet. */
export class ReadingPositions1764330000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE consumer_progress ADD COLUMN next_offset bigint');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE consumer_progress DROP COLUMN next_offset');
  }
}
