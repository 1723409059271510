import { LOCK_SPACE, WRITER_LOCK } from './locks.ts';

/**
 * Waits until this transaction is the only writer. A function is one statement, and so one transaction: the lock is never
 * held while a client is waited for. One writer at a time is also the order of SQLite. A feedback and the label of a
 * shadow cannot miss each other, and no two writers wait for each other.
 */
const BECOME_WRITER = `PERFORM pg_advisory_xact_lock(${LOCK_SPACE}, ${WRITER_LOCK});`;

const KEY_OF = (columns: string) => `sha256(convert_to(ROW(${columns})::text, 'UTF8'))`;

/**
 * Counts follow the rows, in the transaction that changes them: a correction or an erasure changes every count. A
 * transaction that moves rows from SQLite sets `waymark.moving`, because it moves the counts too.
 */
const COUNTS = `
  CREATE FUNCTION waymark.key_of(id text) RETURNS bytea LANGUAGE sql STABLE AS $body$
    SELECT sha256(convert_to(id, 'UTF8'))
  $body$;
  CREATE FUNCTION waymark.add_to_counts(f waymark.feedback, step bigint) RETURNS void LANGUAGE plpgsql AS $body$
  BEGIN
    INSERT INTO waymark.feedback_counts AS known VALUES (
        ${KEY_OF('f.model, f.version, f.artefact, f.source, f.review_share, f.bin, f.actual, f.predicted')},
        f.model, f.version, f.artefact, f.source, f.review_share, f.bin, f.actual, f.predicted, step)
      ON CONFLICT (key) DO UPDATE SET count = known.count + EXCLUDED.count;
    IF f.shadow IS NULL THEN RETURN; END IF;
    INSERT INTO waymark.shadow_counts AS known VALUES (
        ${KEY_OF('f.model, f.version, f.artefact, f.shadow, f.shadow_artefact, f.source, f.actual, f.predicted, f.shadow_label')},
        f.model, f.version, f.artefact, f.shadow, f.shadow_artefact, f.source, f.actual, f.predicted, f.shadow_label, step)
      ON CONFLICT (key) DO UPDATE SET count = known.count + EXCLUDED.count;
  END $body$;
  CREATE FUNCTION waymark.count_feedback() RETURNS trigger LANGUAGE plpgsql AS $body$
  BEGIN
    IF TG_OP <> 'INSERT' THEN PERFORM waymark.add_to_counts(OLD, -1); END IF;
    IF TG_OP <> 'DELETE' THEN PERFORM waymark.add_to_counts(NEW, 1); END IF;
    RETURN NULL;
  END $body$;
  CREATE TRIGGER feedback_counted AFTER INSERT OR DELETE OR UPDATE OF actual, source, shadow ON waymark.feedback
    FOR EACH ROW WHEN (current_setting('waymark.moving', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION waymark.count_feedback();
`;

/** Stores feedback, and returns the outcome of each one in their order. */
const RECORD = `
  CREATE FUNCTION waymark.record_feedback_1(entries jsonb) RETURNS text[] LANGUAGE plpgsql AS $body$
  DECLARE
    entry record;
    known record;
    outcomes text[] := '{}';
  BEGIN
    ${BECOME_WRITER}
    FOR entry IN SELECT waymark.key_of(e.id) AS key, e.* FROM jsonb_to_recordset(entries) AS e (
      id text, model text, version text, artefact text, predicted text, actual text, source text, role text, bin integer,
      "reviewShare" double precision, "predictedAt" bigint, "receivedAt" bigint, text text)
    LOOP
      IF entry.source <> 'report' THEN DELETE FROM waymark.reviews WHERE key = entry.key; END IF;
      SELECT actual, source INTO known FROM waymark.feedback WHERE key = entry.key;
      IF NOT FOUND THEN
        INSERT INTO waymark.feedback (key, id, model, version, artefact, predicted, actual, source, reported, role, bin,
            review_share, predicted_at, received_at, text, shadow, shadow_artefact, shadow_label)
          SELECT entry.key, entry.id, entry.model, entry.version, entry.artefact, entry.predicted, entry.actual, entry.source,
              CASE WHEN entry.source = 'report' THEN entry.actual END, entry.role, entry.bin, entry."reviewShare",
              entry."predictedAt", entry."receivedAt", entry.text, l.version, l.artefact, l.label
            FROM (SELECT 1) AS one LEFT JOIN waymark.shadow_labels AS l
              ON l.predicted_at = entry."predictedAt" AND l.key = right(entry.id, 16);
        outcomes := outcomes || 'recorded'::text;
        CONTINUE;
      END IF;
      IF entry.source = 'report' THEN
        UPDATE waymark.feedback SET reported = entry.actual WHERE key = entry.key AND reported IS NULL;
      ELSIF known.source = 'report' THEN
        UPDATE waymark.feedback SET actual = entry.actual, source = entry.source, received_at = entry."receivedAt",
            text = COALESCE(text, entry.text) WHERE key = entry.key;
        outcomes := outcomes || 'recorded'::text;
        CONTINUE;
      END IF;
      IF known.actual <> entry.actual THEN
        outcomes := outcomes || 'conflict'::text;
      ELSE
        UPDATE waymark.feedback SET text = entry.text WHERE key = entry.key AND text IS NULL AND entry.text IS NOT NULL;
        outcomes := outcomes || 'repeated'::text;
      END IF;
    END LOOP;
    RETURN outcomes;
  END $body$;
`;

const CHANGES = `
  CREATE FUNCTION waymark.correct_feedback_1(feedback_id text, label text, actor text, at bigint)
      RETURNS TABLE (actual text, source text) LANGUAGE plpgsql AS $body$
  DECLARE
    known waymark.feedback;
  BEGIN
    ${BECOME_WRITER}
    SELECT * INTO known FROM waymark.feedback AS f WHERE f.key = waymark.key_of(feedback_id);
    IF NOT FOUND THEN RETURN; END IF;
    IF known.actual <> label THEN
      UPDATE waymark.feedback AS f SET actual = label WHERE f.key = known.key;
      INSERT INTO waymark.feedback_changes (key, at, id, actor, action, label_before, label_after)
        VALUES (known.key, at, feedback_id, actor, 'correct', known.actual, label);
    END IF;
    RETURN QUERY SELECT known.actual, known.source;
  END $body$;
  CREATE FUNCTION waymark.erase_feedback_1(feedback_id text, actor text, at bigint) RETURNS boolean LANGUAGE plpgsql AS $body$
  DECLARE
    known waymark.feedback;
  BEGIN
    ${BECOME_WRITER}
    DELETE FROM waymark.feedback AS f WHERE f.key = waymark.key_of(feedback_id) RETURNING * INTO known;
    IF NOT FOUND THEN RETURN false; END IF;
    DELETE FROM waymark.shadow_labels AS l WHERE l.predicted_at = known.predicted_at AND l.key = right(feedback_id, 16);
    DELETE FROM waymark.feedback_changes AS c WHERE c.key = known.key;
    INSERT INTO waymark.feedback_changes (key, at, id, actor, action) VALUES (known.key, at, feedback_id, actor, 'erase');
    RETURN true;
  END $body$;
  CREATE FUNCTION waymark.delete_texts_1(before bigint, max_rows integer) RETURNS bigint LANGUAGE plpgsql AS $body$
  DECLARE
    deleted bigint;
  BEGIN
    ${BECOME_WRITER}
    UPDATE waymark.feedback SET text = NULL WHERE key IN (
      SELECT key FROM waymark.feedback WHERE text IS NOT NULL AND received_at < before LIMIT max_rows);
    GET DIAGNOSTICS deleted = ROW_COUNT;
    RETURN deleted;
  END $body$;
  CREATE FUNCTION waymark.replace_texts_1(replacements jsonb) RETURNS void LANGUAGE plpgsql AS $body$
  BEGIN
    ${BECOME_WRITER}
    UPDATE waymark.feedback AS f SET text = r.after FROM jsonb_to_recordset(replacements) AS r (id text, before text, after text)
      WHERE f.key = waymark.key_of(r.id) AND f.text = r.before;
  END $body$;
`;

/** All functions that change feedback, and the triggers of its counts. Their numbers are their versions. */
export const WRITE_FUNCTIONS = `${COUNTS} ${RECORD} ${CHANGES}`;
