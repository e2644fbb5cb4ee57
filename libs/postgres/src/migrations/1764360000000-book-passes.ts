import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A pass of the books over all notifications goes on where it was, whoever leads next; and a lost row goes with its day. */
export class BookPasses1764360000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(passes);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'DROP TABLE book_pass_pages, book_passes; ALTER TABLE book_differences DROP COLUMN event_day_ms; ALTER TABLE book_checks DROP COLUMN looked_into',
    );
  }
}

/**
 * One row at most, while a pass takes more than a round. Of a page \`known\` are the offsets that were matched when they were
 * taken up, \`unseen\` those of which no notification was seen since. Of a line \`looked_into\` are the deleted rows that were looked into, as Postgres
 * counts them.
 */
const passes = `
  CREATE TABLE book_passes (
    is_one boolean PRIMARY KEY DEFAULT true CHECK (is_one),
    below uuid NOT NULL,
    counts jsonb NOT NULL,
    unlisted integer NOT NULL,
    begun_at timestamptz NOT NULL DEFAULT now());
  CREATE TABLE book_pass_pages (
    topic text NOT NULL,
    partition integer NOT NULL,
    page bigint NOT NULL,
    known bytea NOT NULL,
    unseen bytea NOT NULL,
    PRIMARY KEY (topic, partition, page));
  ALTER TABLE book_differences ADD COLUMN event_day_ms bigint;
  ALTER TABLE book_checks ADD COLUMN looked_into bigint`;
