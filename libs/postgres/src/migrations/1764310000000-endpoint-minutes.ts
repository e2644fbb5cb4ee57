import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Counters of each endpoint's minutes, written by the statement that finishes attempts: each attempt is counted once,
 * however often a batch is repeated. They come with the next version of the function that finishes and claims; what
 * dispatchers of the version before finish meanwhile is not counted. A claim says as well which topic its event stands in, and
 * a finish takes the phases of its attempt.
 */
export class EndpointMinutes1764310000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(table);
    await runner.query(view);
    await runner.query(`${head} AS $$ ${lock} ${finish} ${claim} ${claimForItems} END $$`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION hookline_finish_and_claim_2');
    await runner.query('DROP VIEW v1_endpoint_minutes');
    await runner.query('DROP TABLE endpoint_minutes');
  }
}

/** Upper bounds in milliseconds, not included; the last column is for what took longer. As in \`audit/endpoint-minutes\`. */
const boundsMs = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 15_000, 30_000];
const durations = [...boundsMs, null].map((_, i) => `d${i}`);
const counts = ['accepted', 'gone', 'failed', 'unknown', 'first', 'retry', 'manual'];

/**
 * A row for each writer that would otherwise wait for another one's commit: \`slot\` is 0 or 1 for the two batches a
 * dispatcher has under way, -1 for the sweep. Nothing indexed ever changes, and a page keeps room: updates stay on it (HOT).
 */
const table = `
  CREATE TABLE endpoint_minutes (
    tenant_id text NOT NULL,
    endpoint_id text NOT NULL,
    minute timestamptz NOT NULL,
    slot smallint NOT NULL,
    duration_ms bigint NOT NULL DEFAULT 0,
    ${[...counts, ...durations].map((name) => `${name} integer NOT NULL DEFAULT 0`).join(', ')},
    PRIMARY KEY (tenant_id, endpoint_id, minute, slot)) WITH (fillfactor = 70);
  CREATE INDEX endpoint_minutes_minute ON endpoint_minutes (minute)`;

const sumOf = (name: string) => `sum(${name})::bigint`;
const view = `
  CREATE VIEW v1_endpoint_minutes AS
    SELECT tenant_id, endpoint_id, minute, ${counts.map((name) => `${sumOf(name)} AS ${name}`).join(', ')},
           ${sumOf('duration_ms')} AS duration_ms, ARRAY[${durations.map(sumOf).join(', ')}] AS durations
      FROM endpoint_minutes GROUP BY tenant_id, endpoint_id, minute`;

/**
 * f_: finishes, c_: claims; the n-th elements are one of them, and \`place\` of the answer counts them from 1. A finish that
 * changed nothing has no answer, nor has a claim that is gone; a claim without a number was not given.
 *
 * Planning a statement over all partitions costs 1 to 3 ms, many times what it takes to run: the plans are kept by the
 * session, and are the same whatever the tables hold. All go by key: each row given is looked up (\`LATERAL\` with
 * \`OFFSET 0\` or a lock is never turned around into a scan), and nothing that was given is joined with another such thing.
 */
const head = `
  CREATE FUNCTION hookline_finish_and_claim_2(
    f_id uuid[], f_number int[], f_outcome text[], f_failure_reason text[], f_http_status int[], f_duration_ms int[],
    f_response_body bytea[], f_response_bytes int[], f_response_headers text[], f_error_detail text[],
    f_dns_ms int[], f_connect_ms int[], f_tls_ms int[], f_first_byte_ms int[], f_peer_address text[], f_response_cut text[],
    f_next_kind text[], f_delay_ms float8[], f_step int[], f_final_reason text[], f_slot int,
    c_id uuid[], c_number int[], c_item uuid[], c_asked_by text[], c_url text[], c_url_version int[], c_lease_ms float8[])
  RETURNS TABLE (kind text, place int, number int, step int, age_ms float8, sha256 bytea, due_in_ms float8, due_ms float8,
    is_held boolean, source_topic text)
  LANGUAGE plpgsql
  SET plan_cache_mode = force_generic_plan SET jit = off
  SET enable_seqscan = off SET enable_mergejoin = off SET enable_hashjoin = off`;

/**
 * Every row is locked before anything is judged, in the order of the ids, as the sweep and the holds lock them: no two
 * transactions wait for each other, and the statements that follow see all that was done before. Whoever changes a claim
 * holds its notification's lock. The bounds spare looking into partitions that hold none of the ids.
 */
const lock = `
  #variable_conflict use_column
  DECLARE
    ids uuid[] := ARRAY(SELECT given.id FROM unnest(f_id || c_id) AS given(id) ORDER BY given.id);
    low uuid := ids[1];
    high uuid := ids[cardinality(ids)];
  BEGIN
    PERFORM FROM unnest(ids) AS given(id), LATERAL (
      SELECT FROM notifications n WHERE n.id = given.id AND n.id BETWEEN low AND high FOR NO KEY UPDATE) AS locked;`;

/** Columns that the migration `attempt-phases` adds. */
const phases = (of: string) =>
  ['dns_ms', 'connect_ms', 'tls_ms', 'first_byte_ms', 'peer_address', 'response_cut']
    .map((name) => `${of}${name}`)
    .join(', ');

const isSent = `f.outcome = 'accepted'`;
const inSeries = `n.state = 'pending' AND f.trigger = 'auto' AND f.outcome <> 'accepted'`;
const failsNow = `(${inSeries} AND f.next_kind = 'failed')`;
const goesOn = `(${inSeries} AND f.next_kind = 'retry')`;

/** Of the attempts of one endpoint; only the sweep knows of those that are \`unknown\`. */
const sums: Readonly<Record<string, string>> = {
  accepted: `count(*) FILTER (WHERE e.outcome = 'accepted')`,
  gone: `count(*) FILTER (WHERE e.outcome = 'gone')`,
  failed: `count(*) FILTER (WHERE e.outcome = 'failed')`,
  first: `count(*) FILTER (WHERE e.trigger = 'auto' AND e.ended_number = 1)`,
  retry: `count(*) FILTER (WHERE e.trigger = 'auto' AND e.ended_number > 1)`,
  manual: `count(*) FILTER (WHERE e.trigger = 'manual')`,
  duration_ms: 'coalesce(sum(e.duration_ms) FILTER (WHERE e.bucket IS NOT NULL), 0)',
  ...Object.fromEntries(durations.map((name, i) => [name, `count(*) FILTER (WHERE e.bucket = ${i})`])),
};
const added = Object.keys(sums).map((name) => `${name} = m.${name} + excluded.${name}`);

/** Locked in the order of their keys, and after the notifications, which all others lock first as well: nobody waits in a circle. */
const counted = `counted AS (
      INSERT INTO endpoint_minutes AS m (tenant_id, endpoint_id, minute, slot, ${Object.keys(sums).join(', ')})
      SELECT e.tenant_id, e.endpoint_id, date_trunc('minute', now()), f_slot, ${Object.values(sums).join(', ')}
        FROM (SELECT a.*, CASE WHEN a.http_status IS NOT NULL OR a.attempt_reason = 'TIMEOUT'
                               THEN width_bucket(a.duration_ms, ARRAY[${boundsMs.join(', ')}]) END AS bucket
                FROM moved a) AS e
       GROUP BY e.tenant_id, e.endpoint_id ORDER BY e.tenant_id, e.endpoint_id
      ON CONFLICT (tenant_id, endpoint_id, minute, slot) DO UPDATE SET ${added.join(', ')}`;

/**
 * Deletes the claim (id, number), inserts the finished attempt, moves the notification; only where that claim is open: a
 * late finish changes nothing. \`accepted\` makes any state \`sent\`; any other outcome of an automatic attempt moves only
 * a pending row; a manual one leaves the series as it stands. The number always goes on. The limit cuts nothing: for its
 * sake the planner takes the few that ended first, and looks up their notifications.
 */
const finish = `
  IF cardinality(f_id) > 0 THEN RETURN QUERY
    WITH ended AS MATERIALIZED (
      SELECT c.*, e.*
        FROM unnest(f_id, f_number, f_outcome, f_failure_reason, f_http_status, f_duration_ms, f_response_body,
                    f_response_bytes, f_response_headers, f_error_detail, f_dns_ms, f_connect_ms, f_tls_ms, f_first_byte_ms,
                    f_peer_address, f_response_cut, f_next_kind, f_delay_ms, f_step, f_final_reason)
             WITH ORDINALITY AS e(id, ended_number, outcome, failure_reason, http_status, duration_ms, response_body,
                    response_bytes, response_headers, error_detail, ${phases('')}, next_kind, delay_ms, step, final_reason,
                    place),
             LATERAL (SELECT c.number, c.trigger, c.asked_by, c.requested_by, c.resend_item, c.url, c.endpoint_version,
                             c.due_at, c.started_at, c.lease_until
                        FROM claims c WHERE c.notification_id = e.id AND c.number = e.ended_number OFFSET 0) AS c
       LIMIT cardinality(f_id)),
    freed AS (
      DELETE FROM claims WHERE notification_id = ANY (ARRAY(SELECT id FROM ended))),
    kept AS (
      INSERT INTO attempts (notification_id, number, trigger, asked_by, requested_by, resend_item, url, endpoint_version,
        due_at, started_at, lease_until, finished_at, outcome, failure_reason, http_status, duration_ms, response_body,
        response_bytes, response_headers, error_detail, ${phases('')})
      SELECT f.id, f.number, f.trigger, f.asked_by, f.requested_by, f.resend_item, f.url, f.endpoint_version,
        f.due_at, f.started_at, f.lease_until, now(), f.outcome, f.failure_reason, f.http_status, f.duration_ms,
        f.response_body, f.response_bytes, f.response_headers::jsonb, f.error_detail, ${phases('f.')}
        FROM ended f),
    items AS (
      UPDATE resend_job_items i SET state = 'done', done_at = now()
       WHERE i.id = ANY (ARRAY(SELECT f.resend_item FROM ended f WHERE f.resend_item IS NOT NULL))),
    moved AS (
      UPDATE notifications n SET
        next_number = n.next_number + 1, attempt_count = n.attempt_count + 1,
        unknown_in_row = 0, asked_at = NULL, ask_count = 0,
        state = CASE WHEN ${isSent} THEN 'sent' WHEN ${failsNow} THEN 'failed' ELSE n.state END,
        step = CASE WHEN ${goesOn} THEN f.step ELSE n.step END,
        waiting_reason = CASE WHEN ${isSent} OR ${failsNow} THEN NULL WHEN ${goesOn} THEN 'RETRY_SCHEDULED'
                              ELSE n.waiting_reason END,
        failure_reason = CASE WHEN ${isSent} THEN NULL WHEN ${failsNow} THEN f.final_reason ELSE n.failure_reason END,
        failure_detail = CASE WHEN ${isSent} THEN NULL WHEN ${failsNow} THEN f.error_detail ELSE n.failure_detail END,
        next_attempt_at = CASE WHEN ${isSent} OR ${failsNow} THEN NULL
                               WHEN ${goesOn} THEN now() + f.delay_ms * interval '1 millisecond'
                               ELSE n.next_attempt_at END,
        finished_at = CASE WHEN ${isSent} OR ${failsNow} THEN now() ELSE n.finished_at END
        FROM ended f WHERE n.id = f.id AND n.next_number = f.ended_number
      RETURNING f.place, n.next_number, n.state, n.next_attempt_at, n.waiting_reason, n.tenant_id, n.endpoint_id, f.outcome, f.trigger,
        f.ended_number, f.failure_reason AS attempt_reason, f.http_status, f.duration_ms),
    ${counted})
    SELECT 'finish', m.place::int, m.next_number, NULL::int, NULL::float8, NULL::bytea, NULL::float8,
           CASE WHEN m.state = 'pending' AND coalesce(m.waiting_reason, '') NOT IN ('CIRCUIT_OPEN', 'ENDPOINT_PAUSED')
                THEN ceil(extract(epoch FROM m.next_attempt_at) * 1000)::float8 END, NULL::boolean, NULL::text
      FROM moved m;
  END IF;`;

/** A membership in the list of results is hashed; as a join it would compare each with each. */
const claim = `
  IF cardinality(c_id) > 0 THEN RETURN QUERY
    WITH ready AS MATERIALIZED (
      SELECT a.place, a.asked_by, a.url, a.url_version, a.lease_ms, n.*
        FROM unnest(c_id, c_number, c_item, c_asked_by, c_url, c_url_version, c_lease_ms)
             WITH ORDINALITY AS a(id, asked_number, item, asked_by, url, url_version, lease_ms, place),
             LATERAL (SELECT n.id, n.next_number, n.step, n.created_at, n.payload_sha256, n.next_attempt_at,
                             n.source_topic, n.waiting_reason IN ('CIRCUIT_OPEN', 'ENDPOINT_PAUSED', 'RATE_LIMITED', 'ENDPOINT_FULL')
                               AS held
                        FROM notifications n
                       WHERE n.id = a.id AND n.id BETWEEN low AND high
                         AND n.state = 'pending' AND n.next_number = a.asked_number OFFSET 0) AS n
       WHERE a.item IS NULL),
    opened AS (
      INSERT INTO claims (notification_id, number, trigger, asked_by, url, endpoint_version, due_at, lease_until)
      SELECT r.id, r.next_number, 'auto', r.asked_by, r.url, r.url_version, r.next_attempt_at,
             now() + r.lease_ms * interval '1 millisecond'
        FROM ready r WHERE r.next_attempt_at <= now()
      ON CONFLICT (notification_id) DO NOTHING RETURNING notification_id)
    SELECT 'auto', r.place::int, CASE WHEN r.id IN (SELECT notification_id FROM opened) THEN r.next_number END, r.step,
           (extract(epoch FROM now() - r.created_at) * 1000)::float8, r.payload_sha256,
           ceil(extract(epoch FROM r.next_attempt_at - now()) * 1000)::float8,
           ceil(extract(epoch FROM r.next_attempt_at) * 1000)::float8, r.held, r.source_topic
      FROM ready r;
  END IF;`;

/** While another claim is open the item stays requested and is asked again. */
const claimForItems = `
  IF array_remove(c_item, NULL) <> '{}' THEN
    RETURN QUERY
    WITH ready AS MATERIALIZED (
      SELECT a.place, a.item, a.asked_by, a.url, a.url_version, a.lease_ms, j.principal, n.*
        FROM unnest(c_id, c_item, c_asked_by, c_url, c_url_version, c_lease_ms)
             WITH ORDINALITY AS a(id, item, asked_by, url, url_version, lease_ms, place),
             LATERAL (SELECT i.job_id FROM resend_job_items i
                       WHERE i.id = a.item AND i.notification_id = a.id AND i.state = 'requested'
                         FOR NO KEY UPDATE) AS i,
             LATERAL (SELECT j.principal FROM resend_jobs j WHERE j.id = i.job_id OFFSET 0) AS j,
             LATERAL (SELECT n.id, n.next_number, n.step, n.created_at, n.payload_sha256, n.source_topic
                        FROM notifications n
                       WHERE n.id = a.id AND n.id BETWEEN low AND high AND n.payload_sha256 IS NOT NULL OFFSET 0) AS n),
    opened AS (
      INSERT INTO claims (notification_id, number, trigger, asked_by, requested_by, resend_item, url, endpoint_version,
        lease_until)
      SELECT r.id, r.next_number, 'manual', r.asked_by, r.principal, r.item, r.url, r.url_version,
             now() + r.lease_ms * interval '1 millisecond'
        FROM ready r
      ON CONFLICT (notification_id) DO NOTHING RETURNING resend_item)
    SELECT 'manual', r.place::int, CASE WHEN r.item IN (SELECT resend_item FROM opened) THEN r.next_number END, r.step,
           (extract(epoch FROM now() - r.created_at) * 1000)::float8, r.payload_sha256,
           NULL::float8, NULL::float8, false, r.source_topic
      FROM ready r;
    UPDATE resend_job_items i SET state = 'claimed',
           number = (SELECT c.number FROM claims c WHERE c.notification_id = i.notification_id)
     WHERE i.id = ANY (c_item) AND i.state = 'requested'
       AND i.id = (SELECT c.resend_item FROM claims c WHERE c.notification_id = i.notification_id);
  END IF;`;
