import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What moving the rows of a DEFAULT partition needs (`default-rows` in libs/audit): while they are copied a trigger writes
 * down which of them change, and the last step, under the lock, copies only those and changes places. Partitions that are
 * made ahead leave the days whose rows lie in DEFAULT to the move, which makes them. Nothing is rewritten. An older release
 * beside this one moves no rows; going back leaves that function as it is.
 */
export class MovingDefault1764370000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [changes, noteChange, catchUp, endMove, ensurePartitions]) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['notifications', 'notification_payloads', 'attempts'])
      await runner.query(`DROP TRIGGER IF EXISTS hookline_moving ON ${table}_default`);
    await runner.query(`DROP FUNCTION hookline_end_move; DROP FUNCTION hookline_catch_up;
      DROP FUNCTION hookline_note_default_change; DROP TABLE default_changes`);
  }
}

/** The least id of a day, which is given as an expression. */
const leastId = (day: string) =>
  `(lpad(to_hex((extract(epoch FROM (${day})::timestamp AT TIME ZONE 'UTC') * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid`;

/** Rows of DEFAULT that changed since the run began to copy them, by the key their partition goes by. */
const changes = `
  CREATE TABLE default_changes (run text NOT NULL, parent text NOT NULL, id uuid NOT NULL);
  CREATE INDEX default_changes_run ON default_changes (run, parent)`;

const noteChange = `
  CREATE FUNCTION hookline_note_default_change() RETURNS trigger LANGUAGE plpgsql AS $$
  DECLARE changed uuid;
  BEGIN
    IF TG_ARGV[1] = 'attempts' THEN
      IF TG_OP = 'DELETE' THEN changed := OLD.notification_id; ELSE changed := NEW.notification_id; END IF;
    ELSE
      IF TG_OP = 'DELETE' THEN changed := OLD.id; ELSE changed := NEW.id; END IF;
    END IF;
    INSERT INTO default_changes (run, parent, id) VALUES (TG_ARGV[0], TG_ARGV[1], changed);
    RETURN NULL;
  END $$`;

const keyColumn = `key_column text := CASE parent WHEN 'attempts' THEN 'notification_id' ELSE 'id' END;`;

/**
 * Copies what changed anew, at most so many changes. Each statement sees what was committed before it: a change that is
 * written down is seen, and one that comes meanwhile is written down for the next time.
 */
const catchUp = `
  CREATE FUNCTION hookline_catch_up(parent text, run text, copies text[], lows uuid[], highs uuid[], changes_max int,
    OUT taken int, OUT added bigint) LANGUAGE plpgsql SET enable_seqscan = off AS $$
  #variable_conflict use_variable
  DECLARE ${keyColumn} ids uuid[]; n bigint;
  BEGIN
    added := 0;
    WITH known AS (
      DELETE FROM default_changes WHERE ctid = ANY (ARRAY(
        SELECT c.ctid FROM default_changes c WHERE c.run = run AND c.parent = parent LIMIT changes_max)) RETURNING id)
    SELECT array_agg(DISTINCT known.id), count(*) INTO ids, taken FROM known;
    FOR i IN 1 .. CASE taken WHEN 0 THEN 0 ELSE cardinality(copies) END LOOP
      EXECUTE format('DELETE FROM %I WHERE %I = ANY ($1) AND %2$I >= $2 AND %2$I < $3', copies[i], key_column)
        USING ids, lows[i], highs[i];
      GET DIAGNOSTICS n = ROW_COUNT;
      added := added - n;
      EXECUTE format('INSERT INTO %I SELECT * FROM %I WHERE %I = ANY ($1) AND %3$I >= $2 AND %3$I < $3', copies[i],
        parent || '_default', key_column) USING ids, lows[i], highs[i];
      GET DIAGNOSTICS n = ROW_COUNT;
      added := added + n;
    END LOOP;
  END $$`;

/**
 * The copies take the place of what they were copied from. The caller has locked DEFAULT against everybody. What lies in no
 * range, which are in the order of time, stays in DEFAULT. Answers how many rows came to the copies.
 */
const endMove = `
  CREATE FUNCTION hookline_end_move(parent text, run text, copies text[], parts text[], lows uuid[], highs uuid[], stay text)
  RETURNS bigint LANGUAGE plpgsql SET enable_seqscan = off AS $$
  DECLARE
    ${keyColumn}
    whole text := parent || '_default';
    low uuid := '00000000-0000-0000-0000-000000000000';
    caught record;
    added bigint := 0;
  BEGIN
    LOOP
      SELECT * INTO caught FROM hookline_catch_up(parent, run, copies, lows, highs, 10000);
      added := added + caught.added;
      EXIT WHEN caught.taken = 0;
    END LOOP;
    FOR i IN 1 .. cardinality(copies) LOOP
      EXECUTE format('INSERT INTO %I SELECT * FROM %I WHERE %I >= $1 AND %3$I < $2', stay, whole, key_column)
        USING low, lows[i];
      low := highs[i];
    END LOOP;
    EXECUTE format('INSERT INTO %I SELECT * FROM %I WHERE %I >= $1', stay, whole, key_column) USING low;
    EXECUTE format('DROP TRIGGER hookline_moving ON %I', whole);
    EXECUTE format('TRUNCATE ONLY %I', whole);
    FOR i IN 1 .. cardinality(copies) LOOP
      EXECUTE format('ALTER TABLE %I RENAME TO %I', copies[i], parts[i]);
      EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, parts[i], lows[i], highs[i]);
      EXECUTE format('ALTER TABLE %I DROP CONSTRAINT hookline_moved', parts[i]);
    END LOOP;
    EXECUTE format('INSERT INTO %I SELECT * FROM %I', whole, stay);
    EXECUTE format('DROP TABLE %I', stay);
    RETURN added;
  END $$`;

/** As in `weekly-partitions`, but nothing is moved: a day with rows in DEFAULT is passed over. */
const ensurePartitions = `
  CREATE OR REPLACE FUNCTION hookline_ensure_partitions(from_time timestamptz, to_time timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
  DECLARE
    parent text; day date; first_day date; end_day date; made integer := 0; part text;
  BEGIN
    FOREACH parent IN ARRAY ARRAY['notifications', 'notification_payloads', 'attempts'] LOOP
      FOR day IN SELECT generate_series((from_time AT TIME ZONE 'UTC')::date, (to_time AT TIME ZONE 'UTC')::date, interval '1 day')::date LOOP
        CONTINUE WHEN hookline_is_day_taken(parent, day, true);
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
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)', part, parent);
        IF parent = 'notification_payloads' THEN EXECUTE format('ALTER TABLE %I ALTER body SET STORAGE EXTERNAL', part); END IF;
        IF parent = 'notifications' THEN EXECUTE format('ALTER TABLE %I SET (fillfactor = 80)', part); END IF;
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, part,
          ${leastId('first_day')}, ${leastId('end_day')});
        made := made + 1;
      END LOOP;
    END LOOP;
    RETURN made;
  END $$`;
