import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Weekly partitions of notifications and attempts, what their retention must know, and indexes by which other old rows are
 * found. Partitions that exist stay as they are; a new one takes what they leave of its week, so none overlap. An older
 * release beside this one leaves wider partitions alone. The indexes are made while nothing is written to their tables.
 */
export class WeeklyPartitions1764340000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [payloadDrops, isDayTaken, ensureWeeks, indexes]) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX unmatched_events_seen_at; DROP INDEX operator_log_at; DROP TABLE payload_drops;
      ALTER TABLE unmatched_events RESET (autovacuum_vacuum_scale_factor)`);
    await runner.query(ensureDays);
    await runner.query('DROP FUNCTION hookline_is_day_taken');
  }
}

/** Days whose payloads were dropped, until their notifications are. */
const payloadDrops = `
  CREATE TABLE payload_drops (from_ms bigint PRIMARY KEY, to_ms bigint NOT NULL, dropped_at timestamptz NOT NULL)`;

/** Rows are removed as fast as they come, so their places must be free again soon. */
const indexes = `
  CREATE INDEX unmatched_events_seen_at ON unmatched_events (seen_at);
  CREATE INDEX operator_log_at ON operator_log (at);
  ALTER TABLE unmatched_events SET (autovacuum_vacuum_scale_factor = 0.02)`;

/** The least id of a day, which is given as an expression. */
const leastId = (day: string) =>
  `(lpad(to_hex((extract(epoch FROM (${day})::timestamp AT TIME ZONE 'UTC') * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid`;

/**
 * Whether a new partition may not reach over this day: some table attached to the parent holds a part of it, whoever made
 * it; a table that is not attached has its name; or, \`with_rows\`, its rows lie in DEFAULT: they are moved day by day.
 */
const isDayTaken = `
  CREATE FUNCTION hookline_is_day_taken(parent text, day date, with_rows boolean) RETURNS boolean LANGUAGE plpgsql AS $$
  DECLARE low uuid := ${leastId('day')}; high uuid := ${leastId('day + 1')}; found boolean;
  BEGIN
    IF to_regclass(parent || '_' || to_char(day, 'YYYYMMDD')) IS NOT NULL THEN RETURN true; END IF;
    SELECT EXISTS (
      SELECT FROM (SELECT pg_get_expr(c.relpartbound, c.oid) AS bound FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                    WHERE i.inhparent = parent::regclass) AS attached,
             LATERAL regexp_match(bound, 'FROM \\((.*)\\) TO \\((.*)\\)') AS ends
       WHERE CASE ends[1] WHEN 'MINVALUE' THEN true ELSE trim(ends[1], '''')::uuid < high END
         AND CASE ends[2] WHEN 'MAXVALUE' THEN true ELSE trim(ends[2], '''')::uuid > low END)
      INTO found;
    IF NOT found AND with_rows THEN
      EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE %I >= $1 AND %2$I < $2)', parent || '_default',
        CASE parent WHEN 'attempts' THEN 'notification_id' ELSE 'id' END) INTO found USING low, high;
    END IF;
    RETURN found;
  END $$`;

const head = `
  CREATE OR REPLACE FUNCTION hookline_ensure_partitions(from_time timestamptz, to_time timestamptz) RETURNS integer LANGUAGE plpgsql AS $$`;

/** Made beside the table, filled, and attached last. */
const makeAndAttach = `
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)', part, parent);
        EXECUTE format('WITH lost AS (DELETE FROM %I WHERE %I >= %L AND %I < %L RETURNING *) INSERT INTO %I SELECT * FROM lost',
          parent || '_default', key_column, low, key_column, high, part);
        GET DIAGNOSTICS lost = ROW_COUNT;
        IF lost > 0 THEN RAISE NOTICE 'moved % rows of % out of DEFAULT', lost, parent; END IF;
        IF parent = 'notification_payloads' THEN EXECUTE format('ALTER TABLE %I ALTER body SET STORAGE EXTERNAL', part); END IF;
        IF parent = 'notifications' THEN EXECUTE format('ALTER TABLE %I SET (fillfactor = 80)', part); END IF;
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, part, low, high);
        made := made + 1;`;

/** A day of payloads, and of the others what is free around the day, from Monday to Sunday (UTC). */
const ensureWeeks = `${head}
  DECLARE
    parent text; day date; first_day date; end_day date; made integer := 0; part text; low uuid; high uuid; lost bigint;
    key_column text;
  BEGIN
    FOREACH parent IN ARRAY ARRAY['notifications', 'notification_payloads', 'attempts'] LOOP
      key_column := CASE parent WHEN 'attempts' THEN 'notification_id' ELSE 'id' END;
      FOR day IN SELECT generate_series((from_time AT TIME ZONE 'UTC')::date, (to_time AT TIME ZONE 'UTC')::date, interval '1 day')::date LOOP
        CONTINUE WHEN hookline_is_day_taken(parent, day, false);
        first_day := day;
        end_day := day + 1;
        IF parent <> 'notification_payloads' THEN
          WHILE first_day > date_trunc('week', day::timestamp)::date AND NOT hookline_is_day_taken(parent, first_day - 1, true) LOOP
            first_day := first_day - 1;
          END LOOP;
          WHILE end_day < date_trunc('week', day::timestamp)::date + 7 AND NOT hookline_is_day_taken(parent, end_day, true) LOOP
            end_day := end_day + 1;
          END LOOP;
        END IF;
        part := parent || '_' || to_char(first_day, 'YYYYMMDD');
        low := ${leastId('first_day')};
        high := ${leastId('end_day')};
        ${makeAndAttach}
      END LOOP;
    END LOOP;
    RETURN made;
  END $$`;

/** As the first schema has it; once a week begins in a day that is to come, there is no way back to it. */
const ensureDays = `${head}
  DECLARE
    parent text; day date; made integer := 0; part text; low uuid; high uuid; lost bigint; key_column text;
  BEGIN
    FOREACH parent IN ARRAY ARRAY['notifications', 'notification_payloads', 'attempts'] LOOP
      key_column := CASE parent WHEN 'attempts' THEN 'notification_id' ELSE 'id' END;
      FOR day IN SELECT generate_series((from_time AT TIME ZONE 'UTC')::date, (to_time AT TIME ZONE 'UTC')::date, interval '1 day')::date LOOP
        part := parent || '_' || to_char(day, 'YYYYMMDD');
        CONTINUE WHEN to_regclass(part) IS NOT NULL;
        low := ${leastId('day')};
        high := ${leastId('day + 1')};
        ${makeAndAttach}
      END LOOP;
    END LOOP;
    RETURN made;
  END $$`;
