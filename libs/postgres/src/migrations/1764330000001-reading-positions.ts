import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * How far readers have come, finished or not, by offset and by time: whoever writes to a partition counts by it what of its
 * own is not read yet, and a receiver that answers late does not make its partition one that nobody reads.
 */
export class ReadingPositions1764330000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE consumer_progress ADD COLUMN next_offset bigint, ADD COLUMN begun_to timestamptz');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE consumer_progress DROP COLUMN next_offset, DROP COLUMN begun_to');
  }
}
