import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What the books are compared with, and how they differ. `gaps` are offsets that Kafka itself leaves out; null: none. All
 * of it is made at once, whatever the tables hold: nothing is written anew.
 */
export class BookLedgers1764300000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [ledgers, differences, view]) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP VIEW v1_books;
      DROP TABLE book_differences, notification_ledgers, book_checks, book_ledgers;
      ALTER TABLE books DROP COLUMN gaps`);
  }
}

/**
 * A row of \`book_ledgers\` is one partition: Kafka's side as it was last seen, and the counts of all pages below
 * \`closed_to\`, which is the first offset of a page. Pages below it say nothing any more: they may be gone.
 */
const ledgers = `
  ALTER TABLE books ADD COLUMN gaps bit(4096);
  CREATE TABLE book_ledgers (
    topic text NOT NULL,
    partition integer NOT NULL,
    first_offset bigint NOT NULL,
    log_start bigint NOT NULL,
    log_end bigint NOT NULL,
    committed bigint,
    closed_to bigint NOT NULL,
    matched bigint NOT NULL DEFAULT 0,
    unmatched bigint NOT NULL DEFAULT 0,
    duplicate bigint NOT NULL DEFAULT 0,
    parked bigint NOT NULL DEFAULT 0,
    gaps bigint NOT NULL DEFAULT 0,
    checked_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, partition)) WITH (fillfactor = 50);
  CREATE TABLE book_checks (
    line text PRIMARY KEY CHECK (line IN ('events', 'notifications')),
    checked_at timestamptz,
    counted_at timestamptz,
    unlisted integer NOT NULL DEFAULT 0) WITH (fillfactor = 50);
  INSERT INTO book_checks (line) VALUES ('events'), ('notifications');
  CREATE TABLE notification_ledgers (
    tenant_id text PRIMARY KEY,
    created bigint NOT NULL,
    sent bigint NOT NULL,
    pending bigint NOT NULL,
    failed bigint NOT NULL,
    cancelled bigint NOT NULL,
    attempted bigint NOT NULL,
    waiting bigint NOT NULL,
    ended_without bigint NOT NULL)`;

/** A difference that was seen once may be work under way: only \`confirmed_at\` makes it one, until an operator accepts it. */
const differences = `
  CREATE TABLE book_differences (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    identity text NOT NULL,
    kind text NOT NULL,
    tenant_id text,
    topic text,
    partition integer,
    first_offset bigint,
    last_offset bigint,
    notification_id uuid,
    number integer,
    event_id text,
    detail text NOT NULL,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    confirmed_at timestamptz,
    told_at timestamptz,
    accepted_at timestamptz,
    resolved_at timestamptz);
  CREATE UNIQUE INDEX book_differences_open ON book_differences (identity) WHERE resolved_at IS NULL;
  CREATE INDEX book_differences_resolved ON book_differences (resolved_at) WHERE resolved_at IS NOT NULL`;

const count = (verdict: string) => `sum(bit_count(substring(b.${verdict} FROM m.low + 1))) AS ${verdict}`;
const sum = (verdict: string) => `(coalesce(l.${verdict}, 0) + coalesce(s.${verdict}, 0))::bigint AS ${verdict}`;
const verdicts = ['matched', 'unmatched', 'duplicate', 'parked'];

/** What was read of each partition, in the pages and in the closed counts together. */
const view = `
  CREATE VIEW v1_books AS
    SELECT topic, partition, ${verdicts.map(sum).join(', ')}
      FROM (SELECT b.topic, b.partition, ${verdicts.map(count).join(', ')}
              FROM books b LEFT JOIN book_ledgers l USING (topic, partition)
                   CROSS JOIN LATERAL (SELECT greatest(coalesce(l.first_offset, 0) - b.page * 4096, 0)::int AS low) AS m
             WHERE l.closed_to IS NULL OR b.page * 4096 >= l.closed_to
             GROUP BY b.topic, b.partition) AS s
           FULL JOIN book_ledgers l USING (topic, partition)`;
