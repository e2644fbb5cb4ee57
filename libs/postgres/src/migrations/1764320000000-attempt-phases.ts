import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Where the time of an attempt went, and which address it was made to. The columns are nullable: adding them rewrites
 * nothing, and dispatchers of the version before leave them empty. `hookline_finish_and_claim_2` (`endpoint-minutes`) fills
 * them.
 */
export class AttemptPhases1764320000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE attempts ${columns.map((column) => `ADD COLUMN ${column}`).join(', ')}`);
    await runner.query(view);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP VIEW v1_attempts');
    await runner.query(`ALTER TABLE attempts ${names.map((name) => `DROP COLUMN ${name}`).join(', ')}`);
    await runner.query(narrowView);
  }
}

const columns = [
  'dns_ms integer',
  'connect_ms integer',
  'tls_ms integer',
  'first_byte_ms integer',
  'peer_address text',
  `response_cut text CHECK (response_cut IN ('size', 'deadline', 'broken'))`,
];
const names = columns.map((column) => column.split(' ')[0] ?? '');
const types = columns.map((column) => column.split(' ')[1] ?? '');
const list = (before: string) => names.map((name) => `${before}${name}`).join(', ');

const shown = (of: 'attempts' | 'claims', more: string) =>
  of === 'attempts'
    ? `SELECT notification_id, number, trigger, asked_by, requested_by, 'finished'::text AS state, outcome, failure_reason, http_status,
         hookline_mask_url(url) AS url, endpoint_version, due_at, started_at, finished_at, lease_until, duration_ms, response_bytes, error_detail${more}
       FROM attempts`
    : `SELECT notification_id, number, trigger, asked_by, requested_by, 'started'::text, NULL, NULL, NULL,
         hookline_mask_url(url), endpoint_version, due_at, started_at, NULL, lease_until, NULL, NULL, NULL${more}
       FROM claims`;
const noneOf = types.map((type) => `, NULL::${type}`).join('');
/** New columns stand at the end: readers count on the order of those before. */
const view = `CREATE OR REPLACE VIEW v1_attempts AS ${shown('attempts', `, ${list('')}`)} UNION ALL ${shown('claims', noneOf)}`;
const narrowView = `CREATE VIEW v1_attempts AS ${shown('attempts', '')} UNION ALL ${shown('claims', '')}`;
