import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The first schema. Partitions of the time-ordered tables are made by `hookline_ensure_partitions`, 14 days ahead. */
export class InitialSchema1764000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [registry, notifications, attempts, positions, jobs, views, partitions])
      await runner.query(statement);
    await runner.query(`SELECT hookline_ensure_partitions(now() - interval '8 days', now() + interval '14 days')`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP VIEW v1_notifications, v1_attempts, v1_parked_events, v1_endpoint_circuits;
      DROP FUNCTION hookline_ensure_partitions, hookline_mask_url;
      DROP TABLE resend_job_items, resend_jobs, operator_log, consumer_progress, books, unmatched_events, parked_events,
        attempts, claims, notification_payloads, notifications, receipt_generation, event_receipts_a, event_receipts_b,
        endpoint_circuits, endpoint_secrets, webhook_template_versions, webhook_templates, endpoints, tenants, registry_version;
      DROP FUNCTION hookline_touch_registry`);
  }
}

/**
 * What operators configure. Every change moves `registry_version`, which every app watches (a change is seen within 1 s).
 * A deleted endpoint or template keeps its row: when its id is used again its versions go on, so no version means two things.
 */
const registry = `
  CREATE TABLE registry_version (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), version bigint NOT NULL);
  INSERT INTO registry_version (version) VALUES (1);
  CREATE TABLE tenants (
    id text PRIMARY KEY,
    webhooks_enabled boolean NOT NULL DEFAULT true,
    etag bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now());
  CREATE TABLE endpoints (
    tenant_id text NOT NULL REFERENCES tenants,
    id text NOT NULL,
    url text NOT NULL,
    url_version integer NOT NULL DEFAULT 1,
    enabled boolean NOT NULL DEFAULT true,
    disabled_reason text,
    disabled_at timestamptz,
    concurrency integer,
    attempt_timeout_ms integer,
    retry_schedule_ms bigint[],
    etag bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    PRIMARY KEY (tenant_id, id));
  CREATE TABLE endpoint_secrets (
    tenant_id text NOT NULL,
    endpoint_id text NOT NULL,
    purpose text NOT NULL,
    version integer NOT NULL,
    kek_id text NOT NULL,
    wrapped_key bytea NOT NULL,
    iv bytea NOT NULL,
    ciphertext bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    not_after timestamptz,
    PRIMARY KEY (tenant_id, endpoint_id, purpose, version),
    FOREIGN KEY (tenant_id, endpoint_id) REFERENCES endpoints ON DELETE CASCADE);
  CREATE TABLE webhook_templates (
    tenant_id text NOT NULL REFERENCES tenants,
    id text NOT NULL,
    active_version integer NOT NULL,
    active boolean NOT NULL DEFAULT true,
    etag bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    PRIMARY KEY (tenant_id, id));
  CREATE TABLE webhook_template_versions (
    tenant_id text NOT NULL,
    template_id text NOT NULL,
    version integer NOT NULL,
    endpoint_id text NOT NULL,
    event_types text[] NOT NULL,
    method text NOT NULL,
    content_type text NOT NULL,
    body text,
    strict boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, template_id, version),
    FOREIGN KEY (tenant_id, template_id) REFERENCES webhook_templates ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED);
  CREATE TABLE endpoint_circuits (
    tenant_id text NOT NULL,
    endpoint_id text NOT NULL,
    shard integer NOT NULL,
    state text NOT NULL CHECK (state IN ('closed', 'open', 'half-open')),
    opened_at timestamptz,
    probe_at timestamptz,
    open_count integer NOT NULL DEFAULT 0,
    version bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, endpoint_id, shard),
    FOREIGN KEY (tenant_id, endpoint_id) REFERENCES endpoints ON DELETE CASCADE);
  CREATE FUNCTION hookline_touch_registry() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN UPDATE registry_version SET version = version + 1; RETURN NULL; END $$;
  CREATE TRIGGER touch AFTER INSERT OR UPDATE OR DELETE ON tenants FOR EACH STATEMENT EXECUTE FUNCTION hookline_touch_registry();
  CREATE TRIGGER touch AFTER INSERT OR UPDATE OR DELETE ON endpoints FOR EACH STATEMENT EXECUTE FUNCTION hookline_touch_registry();
  CREATE TRIGGER touch AFTER INSERT OR UPDATE OR DELETE ON endpoint_secrets FOR EACH STATEMENT EXECUTE FUNCTION hookline_touch_registry();
  CREATE TRIGGER touch AFTER INSERT OR UPDATE OR DELETE ON webhook_templates FOR EACH STATEMENT EXECUTE FUNCTION hookline_touch_registry();
  CREATE TRIGGER touch AFTER INSERT OR UPDATE OR DELETE ON webhook_template_versions FOR EACH STATEMENT EXECUTE FUNCTION hookline_touch_registry();`;

/**
 * Ids begin with the event's time in ms (UUID version 7), so a range of ids is a range of time. Receipts remember the
 * time first seen of each event, in two generations: the older one is emptied as a whole (\`audit/receipts\`).
 */
const notifications = `
  CREATE TABLE notifications (
    id uuid PRIMARY KEY,
    tenant_id text NOT NULL,
    event_source text NOT NULL,
    event_id text NOT NULL,
    event_type text NOT NULL,
    event_time timestamptz,
    subject text,
    search_keys jsonb,
    template_id text NOT NULL,
    template_version integer NOT NULL,
    endpoint_id text NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'sent', 'failed', 'cancelled')),
    waiting_reason text,
    failure_reason text,
    failure_detail text,
    next_number integer NOT NULL DEFAULT 1,
    attempt_count integer NOT NULL DEFAULT 0,
    step integer NOT NULL DEFAULT 0,
    unknown_in_row integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz,
    asked_at timestamptz,
    ask_count integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    payload_sha256 bytea,
    payload_bytes integer,
    event_bytes bytea,
    source_topic text NOT NULL,
    source_partition integer NOT NULL,
    source_offset bigint NOT NULL,
    trace_parent text,
    CHECK (state <> 'pending' OR next_attempt_at IS NOT NULL)
  ) PARTITION BY RANGE (id);
  CREATE INDEX ON notifications (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
  CREATE INDEX ON notifications (failure_reason, id) WHERE failure_reason IS NOT NULL;
  CREATE INDEX ON notifications (tenant_id, id);
  CREATE INDEX ON notifications (tenant_id, endpoint_id, id);
  CREATE INDEX ON notifications (tenant_id, subject, id) WHERE subject IS NOT NULL;
  CREATE INDEX ON notifications (tenant_id, event_id);
  CREATE TABLE event_receipts_a (event uuid PRIMARY KEY, time_ms bigint NOT NULL);
  CREATE TABLE event_receipts_b (event uuid PRIMARY KEY, time_ms bigint NOT NULL);
  CREATE TABLE receipt_generation (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    writes_to text NOT NULL CHECK (writes_to IN ('a', 'b')),
    since timestamptz NOT NULL DEFAULT now());
  INSERT INTO receipt_generation (writes_to) VALUES ('a');
  CREATE TABLE notification_payloads (
    id uuid PRIMARY KEY,
    method text NOT NULL,
    content_type text NOT NULL,
    body bytea NOT NULL,
    sha256 bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
  ) PARTITION BY RANGE (id);`;

/** A started attempt is a row of \`claims\`; once finished it moves to \`attempts\` and never changes. */
const attempts = `
  CREATE TABLE claims (
    notification_id uuid PRIMARY KEY,
    number integer NOT NULL,
    trigger text NOT NULL CHECK (trigger IN ('auto', 'manual')),
    asked_by text NOT NULL CHECK (asked_by IN ('renderer', 'tier', 'release', 'sweep', 'admin')),
    requested_by text,
    resend_item uuid,
    url text NOT NULL,
    endpoint_version integer NOT NULL,
    due_at timestamptz,
    started_at timestamptz NOT NULL DEFAULT now(),
    lease_until timestamptz NOT NULL
  ) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 2000);
  CREATE INDEX ON claims (lease_until);
  CREATE TABLE attempts (
    notification_id uuid NOT NULL,
    number integer NOT NULL,
    trigger text NOT NULL CHECK (trigger IN ('auto', 'manual')),
    asked_by text NOT NULL CHECK (asked_by IN ('renderer', 'tier', 'release', 'sweep', 'admin')),
    requested_by text,
    resend_item uuid,
    url text NOT NULL,
    endpoint_version integer NOT NULL,
    due_at timestamptz,
    started_at timestamptz NOT NULL,
    lease_until timestamptz NOT NULL,
    finished_at timestamptz NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('accepted', 'gone', 'failed', 'unknown')),
    failure_reason text,
    http_status integer,
    duration_ms integer,
    response_body bytea,
    response_bytes integer,
    response_headers jsonb,
    error_detail text,
    PRIMARY KEY (notification_id, number)
  ) PARTITION BY RANGE (notification_id);`;

/** Where Kafka's records went. \`books\` has four bits for each offset, 4,096 offsets a row: setting a bit twice changes nothing. */
const positions = `
  CREATE TABLE parked_events (
    topic text NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    key bytea,
    value bytea,
    headers jsonb NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL,
    tenant_id text,
    record_at timestamptz NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT now(),
    released_at timestamptz,
    PRIMARY KEY (topic, partition, "offset"));
  CREATE INDEX ON parked_events (parked_at, topic, partition, "offset");
  CREATE TABLE unmatched_events (
    topic text NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    tenant_id text NOT NULL,
    event_source text NOT NULL,
    event_id text NOT NULL,
    event_type text NOT NULL,
    subject text,
    seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, partition, "offset"));
  CREATE INDEX ON unmatched_events (tenant_id, event_id);
  CREATE TABLE books (
    topic text NOT NULL,
    partition integer NOT NULL,
    page bigint NOT NULL,
    matched bit(4096) NOT NULL,
    unmatched bit(4096) NOT NULL,
    duplicate bit(4096) NOT NULL,
    parked bit(4096) NOT NULL,
    PRIMARY KEY (topic, partition, page));
  CREATE TABLE consumer_progress (
    topic text NOT NULL,
    partition integer NOT NULL,
    read_to timestamptz NOT NULL,
    reported_at timestamptz NOT NULL,
    PRIMARY KEY (topic, partition)) WITH (fillfactor = 50);
  CREATE TABLE operator_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    tenant_id text,
    principal text NOT NULL,
    action text NOT NULL,
    target text NOT NULL,
    reason text,
    request_id text,
    detail jsonb);
  CREATE INDEX ON operator_log (tenant_id, id);`;

/** A single re-send is a job of one item. */
const jobs = `
  CREATE TABLE resend_jobs (
    id uuid PRIMARY KEY,
    tenant_id text NOT NULL,
    request_id text NOT NULL,
    principal text NOT NULL,
    reason text,
    state text NOT NULL CHECK (state IN ('running', 'done', 'cancelled')),
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, request_id));
  CREATE TABLE resend_job_items (
    id uuid PRIMARY KEY,
    job_id uuid NOT NULL REFERENCES resend_jobs,
    notification_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('requested', 'claimed', 'done', 'cancelled')),
    number integer,
    created_at timestamptz NOT NULL DEFAULT now(),
    asked_at timestamptz,
    done_at timestamptz,
    UNIQUE (job_id, notification_id));
  CREATE INDEX ON resend_job_items (asked_at) WHERE state IN ('requested', 'claimed');
  CREATE INDEX ON resend_job_items (notification_id);`;

/** The stable interface for readers of the database (\`docs/views.md\`). */
const views = `
  CREATE FUNCTION hookline_mask_url(url text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT regexp_replace(regexp_replace(url, '//[^/?#]*@', '//***@'), '=[^&#]*', '=***', 'g') $$;
  CREATE VIEW v1_notifications AS
    SELECT n.id, n.tenant_id, n.event_source, n.event_id, n.event_type, n.event_time, n.subject, n.search_keys,
           n.template_id, n.template_version, n.endpoint_id, n.state,
           CASE WHEN n.state <> 'pending' THEN NULL WHEN c.notification_id IS NOT NULL THEN 'SENDING' ELSE n.waiting_reason END AS waiting_reason,
           n.failure_reason, n.attempt_count, n.step, n.next_attempt_at, n.created_at, n.finished_at,
           n.payload_sha256, n.payload_bytes, n.source_topic, n.source_partition, n.source_offset
      FROM notifications n LEFT JOIN claims c ON c.notification_id = n.id;
  CREATE VIEW v1_attempts AS
    SELECT notification_id, number, trigger, asked_by, requested_by, 'finished'::text AS state, outcome, failure_reason, http_status,
           hookline_mask_url(url) AS url, endpoint_version, due_at, started_at, finished_at, lease_until, duration_ms, response_bytes, error_detail
      FROM attempts
    UNION ALL
    SELECT notification_id, number, trigger, asked_by, requested_by, 'started'::text, NULL, NULL, NULL,
           hookline_mask_url(url), endpoint_version, due_at, started_at, NULL, lease_until, NULL, NULL, NULL
      FROM claims;
  CREATE VIEW v1_parked_events AS
    SELECT topic, partition, "offset", key, reason, detail, parked_at, released_at FROM parked_events;
  CREATE VIEW v1_endpoint_circuits AS
    SELECT tenant_id, endpoint_id, shard, state, opened_at, probe_at, open_count FROM endpoint_circuits;`;

/** One partition a day (UTC) of each time-ordered table, plus DEFAULT, which must stay empty. */
const partitions = `
  CREATE TABLE notifications_default PARTITION OF notifications DEFAULT;
  CREATE TABLE notification_payloads_default PARTITION OF notification_payloads DEFAULT;
  CREATE TABLE attempts_default PARTITION OF attempts DEFAULT;
  CREATE FUNCTION hookline_ensure_partitions(from_time timestamptz, to_time timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
  DECLARE
    parent text; day date; made integer := 0; part text; low uuid; high uuid; lost bigint; key_column text;
  BEGIN
    FOREACH parent IN ARRAY ARRAY['notifications', 'notification_payloads', 'attempts'] LOOP
      key_column := CASE parent WHEN 'attempts' THEN 'notification_id' ELSE 'id' END;
      FOR day IN SELECT generate_series((from_time AT TIME ZONE 'UTC')::date, (to_time AT TIME ZONE 'UTC')::date, interval '1 day')::date LOOP
        part := parent || '_' || to_char(day, 'YYYYMMDD');
        CONTINUE WHEN to_regclass(part) IS NOT NULL;
        low := (lpad(to_hex((extract(epoch FROM day::timestamp AT TIME ZONE 'UTC') * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid;
        high := (lpad(to_hex((extract(epoch FROM (day + 1)::timestamp AT TIME ZONE 'UTC') * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid;
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)', part, parent);
        EXECUTE format('WITH lost AS (DELETE FROM %I WHERE %I >= %L AND %I < %L RETURNING *) INSERT INTO %I SELECT * FROM lost',
          parent || '_default', key_column, low, key_column, high, part);
        GET DIAGNOSTICS lost = ROW_COUNT;
        IF lost > 0 THEN RAISE NOTICE 'moved % rows of % out of DEFAULT', lost, parent; END IF;
        IF parent = 'notification_payloads' THEN EXECUTE format('ALTER TABLE %I ALTER body SET STORAGE EXTERNAL', part); END IF;
        IF parent = 'notifications' THEN EXECUTE format('ALTER TABLE %I SET (fillfactor = 80)', part); END IF;
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, part, low, high);
        made := made + 1;
      END LOOP;
    END LOOP;
    RETURN made;
  END $$;`;
