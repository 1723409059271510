import { LOCK_SPACE, WRITER_LOCK } from './locks.ts';

const PAIR = 'model text, active text, "activeArtefact" text, shadow text, "shadowArtefact" text';
const PAIR_COLUMNS = 'p.model, p.active, p."activeArtefact", p.shadow, p."shadowArtefact"';

/**
 * Saves a batch of the log of experiments. A pair becomes complete in the transaction that stores its second part. The
 * commit does not wait for the disk, so a crash of the server may lose the newest batches.
 */
const SAVE = `
  CREATE FUNCTION waymark.save_experiments_1(batch jsonb) RETURNS void LANGUAGE plpgsql AS $body$
  BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    PERFORM pg_advisory_xact_lock(${LOCK_SPACE}, ${WRITER_LOCK});
    WITH given AS (
      SELECT id, right(id, 16) AS key, "predictedAt" AS predicted_at, version, artefact, label
        FROM jsonb_to_recordset(batch->'labels') AS l (id text, "predictedAt" bigint, version text, artefact text, label text)
    ), added AS (
      INSERT INTO waymark.shadow_labels (predicted_at, key, version, artefact, label)
        SELECT predicted_at, key, version, artefact, label FROM given
        ON CONFLICT DO NOTHING RETURNING predicted_at, key, version, artefact, label
    )
    UPDATE waymark.feedback AS f SET shadow = added.version, shadow_artefact = added.artefact, shadow_label = added.label
      FROM added JOIN given USING (predicted_at, key)
      WHERE f.key = waymark.key_of(given.id) AND f.shadow IS NULL;
    INSERT INTO waymark.shadow_agreement AS known
      SELECT sha256(convert_to(ROW(${PAIR_COLUMNS}, p."activeLabel", p."shadowLabel")::text, 'UTF8')),
          ${PAIR_COLUMNS}, p."activeLabel", p."shadowLabel", SUM(p.count)
        FROM jsonb_to_recordset(batch->'pairs') AS p (${PAIR}, "activeLabel" text, "shadowLabel" text, count bigint)
        GROUP BY ${PAIR_COLUMNS}, p."activeLabel", p."shadowLabel"
      ON CONFLICT (key) DO UPDATE SET count = known.count + EXCLUDED.count;
    INSERT INTO waymark.pair_slots AS known
      SELECT ${PAIR_COLUMNS}, p.slot, p.asked, p.agrees, SUM(p.count)
        FROM jsonb_to_recordset(batch->'slotPairs') AS p (${PAIR}, slot bigint, asked boolean, agrees boolean, count bigint)
        GROUP BY ${PAIR_COLUMNS}, p.slot, p.asked, p.agrees
      ON CONFLICT (model, active, active_artefact, shadow, shadow_artefact, slot, asked, agrees)
        DO UPDATE SET count = known.count + EXCLUDED.count;
    INSERT INTO waymark.version_minutes AS known
      SELECT m.model, m.version, m.use, m.minute, m.bucket, SUM(m.count), SUM(m.confidence)
        FROM jsonb_to_recordset(batch->'minutes') AS m (
          model text, version text, use text, minute bigint, bucket integer, count bigint, confidence double precision)
        GROUP BY m.model, m.version, m.use, m.minute, m.bucket
      ON CONFLICT (model, version, use, minute, bucket)
        DO UPDATE SET count = known.count + EXCLUDED.count, confidence = known.confidence + EXCLUDED.confidence;
    INSERT INTO waymark.usage_slots AS known
      SELECT s.model, s.version, s.artefact, s.role, s.kind, s.slot, s.bin, s.asked, SUM(s.count)
        FROM jsonb_to_recordset(batch->'slots') AS s (model text, version text, artefact text, role text, kind text,
          slot bigint, bin integer, asked boolean, count bigint)
        GROUP BY s.model, s.version, s.artefact, s.role, s.kind, s.slot, s.bin, s.asked
      ON CONFLICT (model, version, artefact, role, kind, slot, bin, asked)
        DO UPDATE SET count = known.count + EXCLUDED.count;
    INSERT INTO waymark.reviews (key, predicted_at, id, model, version, artefact, label, confidence)
      SELECT waymark.key_of(r.id), r."predictedAt", r.id, r.model, r.version, r.artefact, r.label, r.confidence
        FROM jsonb_to_recordset(batch->'reviews') AS r (id text, "predictedAt" bigint, model text, version text,
          artefact text, label text, confidence double precision)
        WHERE NOT EXISTS (
          SELECT 1 FROM waymark.feedback AS f WHERE f.key = waymark.key_of(r.id) AND f.source <> 'report')
      ON CONFLICT DO NOTHING;
  END $body$;
`;

/** Deletes records by age, and the oldest ones above the limits. */
const DELETE_OLD = `
  CREATE FUNCTION waymark.delete_old_1(label_time bigint, duration_time bigint, slot_time bigint, first_minute bigint,
      max_labels bigint, max_reviews bigint) RETURNS void LANGUAGE plpgsql AS $body$
  BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    PERFORM pg_advisory_xact_lock(${LOCK_SPACE}, ${WRITER_LOCK});
    DELETE FROM waymark.shadow_labels WHERE predicted_at < label_time;
    DELETE FROM waymark.reviews WHERE predicted_at < label_time;
    DELETE FROM waymark.usage_slots WHERE kind = 'duration' AND slot < duration_time;
    DELETE FROM waymark.usage_slots WHERE slot < slot_time;
    DELETE FROM waymark.pair_slots WHERE slot < slot_time;
    DELETE FROM waymark.version_minutes WHERE minute < first_minute;
    DELETE FROM waymark.shadow_labels WHERE predicted_at <=
      (SELECT predicted_at FROM waymark.shadow_labels ORDER BY predicted_at DESC LIMIT 1 OFFSET max_labels);
    DELETE FROM waymark.reviews WHERE predicted_at <=
      (SELECT predicted_at FROM waymark.reviews ORDER BY predicted_at DESC LIMIT 1 OFFSET max_reviews);
  END $body$;
`;

/** The functions that change the records of experiments. Their numbers are their versions. */
export const EXPERIMENT_FUNCTIONS = `${SAVE} ${DELETE_OLD}`;
