import type { DatabaseSync } from 'node:sqlite';
import { inTransaction } from './transaction.ts';

/** The version of the schema, in `PRAGMA user_version`. Files of the first schema have 0. */
const SCHEMA_VERSION = 2;

/**
 * The tables of the first schema that the second one keeps.
 *
 * The key of a shadow's label is the time of the prediction and the last 16 characters of its id. These are 96 bits of the
 * signature, and distinguish predictions of the same millisecond. A key that begins with the time makes inserts
 * sequential, and the oldest rows are adjacent.
 */
const FIRST_TABLES = `
  CREATE TABLE IF NOT EXISTS feedback (
    id TEXT PRIMARY KEY,
    model TEXT NOT NULL,
    version TEXT NOT NULL,
    predicted TEXT NOT NULL,
    actual TEXT NOT NULL,
    predicted_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    text TEXT
  ) STRICT;
  CREATE TABLE IF NOT EXISTS shadow_labels (
    predicted_at INTEGER NOT NULL,
    key TEXT NOT NULL,
    version TEXT NOT NULL,
    label TEXT NOT NULL,
    PRIMARY KEY (predicted_at, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS version_minutes (
    minute INTEGER NOT NULL,
    model TEXT NOT NULL,
    version TEXT NOT NULL,
    use TEXT NOT NULL,
    bucket INTEGER NOT NULL,
    count INTEGER NOT NULL,
    confidence REAL NOT NULL,
    PRIMARY KEY (model, version, use, minute, bucket)
  ) STRICT, WITHOUT ROWID;
`;

const COLUMNS = `
  ALTER TABLE feedback ADD COLUMN source TEXT NOT NULL DEFAULT 'truth';
  ALTER TABLE feedback ADD COLUMN reported TEXT;
  ALTER TABLE feedback ADD COLUMN role TEXT NOT NULL DEFAULT '';
  ALTER TABLE feedback ADD COLUMN bin INTEGER NOT NULL DEFAULT -1;
  ALTER TABLE feedback ADD COLUMN review_share REAL NOT NULL DEFAULT 0;
  ALTER TABLE feedback ADD COLUMN artefact TEXT NOT NULL DEFAULT '';
  ALTER TABLE feedback ADD COLUMN shadow TEXT;
  ALTER TABLE feedback ADD COLUMN shadow_artefact TEXT;
  ALTER TABLE feedback ADD COLUMN shadow_label TEXT;
  ALTER TABLE shadow_labels ADD COLUMN artefact TEXT NOT NULL DEFAULT '';
`;

const TABLES = `
  CREATE INDEX feedback_by_prediction ON feedback
    (model, version, predicted_at, artefact, role, source, review_share, bin, actual, predicted, reported);
  CREATE INDEX feedback_with_shadow ON feedback
    (model, version, shadow, predicted_at, artefact, shadow_artefact, source, review_share, actual, predicted, shadow_label)
    WHERE shadow IS NOT NULL;
  CREATE INDEX IF NOT EXISTS feedback_with_text ON feedback (model, received_at) WHERE text IS NOT NULL;
  CREATE INDEX feedback_text_age ON feedback (received_at) WHERE text IS NOT NULL;
  CREATE TABLE feedback_counts (
    model TEXT NOT NULL,
    version TEXT NOT NULL,
    artefact TEXT NOT NULL,
    source TEXT NOT NULL,
    review_share REAL NOT NULL,
    bin INTEGER NOT NULL,
    actual TEXT NOT NULL,
    predicted TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (model, version, artefact, source, review_share, bin, actual, predicted)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE shadow_counts (
    model TEXT NOT NULL,
    active TEXT NOT NULL,
    active_artefact TEXT NOT NULL,
    shadow TEXT NOT NULL,
    shadow_artefact TEXT NOT NULL,
    source TEXT NOT NULL,
    actual TEXT NOT NULL,
    active_label TEXT NOT NULL,
    shadow_label TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (model, active, active_artefact, shadow, shadow_artefact, source, actual, active_label, shadow_label)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE shadow_agreement (
    model TEXT NOT NULL,
    active TEXT NOT NULL,
    active_artefact TEXT NOT NULL,
    shadow TEXT NOT NULL,
    shadow_artefact TEXT NOT NULL,
    active_label TEXT NOT NULL,
    shadow_label TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (model, active, active_artefact, shadow, shadow_artefact, active_label, shadow_label)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE usage_slots (
    model TEXT NOT NULL,
    version TEXT NOT NULL,
    artefact TEXT NOT NULL,
    role TEXT NOT NULL,
    kind TEXT NOT NULL,
    slot INTEGER NOT NULL,
    bin INTEGER NOT NULL,
    asked INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (model, version, artefact, role, kind, slot, bin, asked)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE pair_slots (
    model TEXT NOT NULL,
    active TEXT NOT NULL,
    active_artefact TEXT NOT NULL,
    shadow TEXT NOT NULL,
    shadow_artefact TEXT NOT NULL,
    slot INTEGER NOT NULL,
    asked INTEGER NOT NULL,
    agrees INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (model, active, active_artefact, shadow, shadow_artefact, slot, asked, agrees)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE reviews (
    predicted_at INTEGER NOT NULL,
    id TEXT NOT NULL,
    model TEXT NOT NULL,
    version TEXT NOT NULL,
    artefact TEXT NOT NULL,
    label TEXT NOT NULL,
    confidence REAL NOT NULL,
    PRIMARY KEY (predicted_at, id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE feedback_changes (
    at INTEGER NOT NULL,
    id TEXT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    label_before TEXT,
    label_after TEXT
  ) STRICT;
  CREATE INDEX feedback_changes_by_id ON feedback_changes (id);
`;

const COUNT_LABEL = (row: 'NEW' | 'OLD', step: 1 | -1) => `
  INSERT INTO feedback_counts VALUES (${row}.model, ${row}.version, ${row}.artefact, ${row}.source, ${row}.review_share,
      ${row}.bin, ${row}.actual, ${row}.predicted, ${step})
    ON CONFLICT DO UPDATE SET count = count + ${step};
`;

const COUNT_PAIR = (row: 'NEW' | 'OLD', step: 1 | -1) => `
  INSERT INTO shadow_counts
    SELECT ${row}.model, ${row}.version, ${row}.artefact, ${row}.shadow, ${row}.shadow_artefact, ${row}.source, ${row}.actual,
      ${row}.predicted, ${row}.shadow_label, ${step} WHERE ${row}.shadow IS NOT NULL
    ON CONFLICT DO UPDATE SET count = count + ${step};
`;

/** Counts follow the rows, in the transaction that changes them: a correction or an erasure changes every count. */
const TRIGGERS = `
  CREATE TRIGGER feedback_added AFTER INSERT ON feedback BEGIN
    ${COUNT_LABEL('NEW', 1)} ${COUNT_PAIR('NEW', 1)}
  END;
  CREATE TRIGGER feedback_changed AFTER UPDATE OF actual, source, shadow ON feedback BEGIN
    ${COUNT_LABEL('OLD', -1)} ${COUNT_PAIR('OLD', -1)} ${COUNT_LABEL('NEW', 1)} ${COUNT_PAIR('NEW', 1)}
  END;
  CREATE TRIGGER feedback_erased AFTER DELETE ON feedback BEGIN
    ${COUNT_LABEL('OLD', -1)} ${COUNT_PAIR('OLD', -1)}
  END;
`;

/** Moves the rows of the first schema, which had no sources: every label counts as `truth`. */
const MOVE = `
  DROP TRIGGER IF EXISTS feedback_counted;
  DROP TRIGGER IF EXISTS shadow_judged_by_feedback;
  DROP INDEX IF EXISTS feedback_by_time;
  INSERT INTO feedback_counts SELECT model, version, '', 'truth', 0, -1, actual, predicted, count FROM feedback_totals;
  INSERT INTO shadow_counts
    SELECT model, active, '', shadow, '', 'truth', actual, active_label, shadow_label, count FROM shadow_feedback;
  INSERT INTO shadow_agreement SELECT model, active, '', shadow, '', active_label, shadow_label, count FROM shadow_pairs;
  DROP TABLE feedback_totals;
  DROP TABLE shadow_feedback;
  DROP TABLE shadow_pairs;
`;

/**
 * Creates the tables, or moves those of an older schema. The names of tables, columns and triggers change only together with
 * the version of the schema: a renamed trigger would run beside the old one and count feedback twice.
 *
 * @throws if the file has a newer schema
 */
export function prepareSchema(db: DatabaseSync): void {
  inTransaction(db, () => {
    const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
    if (version > SCHEMA_VERSION) throw new Error('the feedback file was written by a newer version of Waymark');
    if (version === SCHEMA_VERSION) return;
    const isOld = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'feedback_totals'").get() !== undefined;
    db.exec(`${FIRST_TABLES} ${COLUMNS} ${TABLES}`);
    if (isOld) db.exec(MOVE);
    db.exec(`${TRIGGERS} PRAGMA user_version = ${SCHEMA_VERSION};`);
  });
}
