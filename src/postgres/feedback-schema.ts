/**
 * The tables of feedback and experiments, whose columns are those of the SQLite file, and of shared documents.
 *
 * A label has up to 3,000 bytes and an id more than 1,000, which is too long for an index together with others. So rows are
 * found by the SHA-256 of an id, and counts by the SHA-256 of their columns. The order of `sequence` is the order of
 * arrival, because feedback has one writer at a time. Texts compare by their bytes (`COLLATE "C"`).
 */
export const FEEDBACK_TABLES = `
  DO $body$ BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = 'waymark') THEN CREATE SCHEMA waymark; END IF;
  END $body$;
  CREATE TABLE waymark.migrations (
    version integer PRIMARY KEY,
    compatible_with integer NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE TABLE waymark.write_probe (at timestamptz NOT NULL);
  INSERT INTO waymark.write_probe VALUES (now());
  CREATE TABLE waymark.documents (
    name text COLLATE "C" PRIMARY KEY,
    revision bigint NOT NULL DEFAULT 0,
    content text COLLATE "C" NOT NULL,
    written_at timestamptz NOT NULL
  );
  CREATE TABLE waymark.document_changes (
    name text COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    change text COLLATE "C" NOT NULL,
    PRIMARY KEY (name, revision)
  );
  CREATE TABLE waymark.moves (
    source text COLLATE "C" NOT NULL,
    table_name text COLLATE "C" NOT NULL,
    moved_rows bigint NOT NULL,
    PRIMARY KEY (source, table_name)
  );

  CREATE TABLE waymark.feedback (
    key bytea PRIMARY KEY,
    sequence bigint GENERATED ALWAYS AS IDENTITY,
    id text COLLATE "C" NOT NULL,
    model text COLLATE "C" NOT NULL,
    version text COLLATE "C" NOT NULL,
    artefact text COLLATE "C" NOT NULL,
    predicted text COLLATE "C" NOT NULL,
    actual text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    reported text COLLATE "C",
    role text COLLATE "C" NOT NULL,
    bin integer NOT NULL,
    review_share double precision NOT NULL,
    predicted_at bigint NOT NULL,
    received_at bigint NOT NULL,
    text text COLLATE "C",
    shadow text COLLATE "C",
    shadow_artefact text COLLATE "C",
    shadow_label text COLLATE "C"
  );
  CREATE INDEX feedback_by_prediction ON waymark.feedback (model, version, predicted_at);
  CREATE INDEX feedback_with_shadow ON waymark.feedback (model, version, shadow, predicted_at) WHERE shadow IS NOT NULL;
  CREATE INDEX feedback_with_text ON waymark.feedback (model, sequence) WHERE text IS NOT NULL;
  CREATE INDEX feedback_text_age ON waymark.feedback (received_at) WHERE text IS NOT NULL;
  CREATE TABLE waymark.feedback_changes (
    sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key bytea NOT NULL,
    at bigint NOT NULL,
    id text COLLATE "C" NOT NULL,
    actor text COLLATE "C" NOT NULL,
    action text COLLATE "C" NOT NULL,
    label_before text COLLATE "C",
    label_after text COLLATE "C"
  );
  CREATE INDEX feedback_changes_by_key ON waymark.feedback_changes (key);

  CREATE TABLE waymark.feedback_counts (
    key bytea PRIMARY KEY,
    model text COLLATE "C" NOT NULL,
    version text COLLATE "C" NOT NULL,
    artefact text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    review_share double precision NOT NULL,
    bin integer NOT NULL,
    actual text COLLATE "C" NOT NULL,
    predicted text COLLATE "C" NOT NULL,
    count bigint NOT NULL
  );
  CREATE TABLE waymark.shadow_counts (
    key bytea PRIMARY KEY,
    model text COLLATE "C" NOT NULL,
    active text COLLATE "C" NOT NULL,
    active_artefact text COLLATE "C" NOT NULL,
    shadow text COLLATE "C" NOT NULL,
    shadow_artefact text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    actual text COLLATE "C" NOT NULL,
    active_label text COLLATE "C" NOT NULL,
    shadow_label text COLLATE "C" NOT NULL,
    count bigint NOT NULL
  );
  CREATE TABLE waymark.shadow_agreement (
    key bytea PRIMARY KEY,
    model text COLLATE "C" NOT NULL,
    active text COLLATE "C" NOT NULL,
    active_artefact text COLLATE "C" NOT NULL,
    shadow text COLLATE "C" NOT NULL,
    shadow_artefact text COLLATE "C" NOT NULL,
    active_label text COLLATE "C" NOT NULL,
    shadow_label text COLLATE "C" NOT NULL,
    count bigint NOT NULL
  );
  CREATE TABLE waymark.shadow_labels (
    predicted_at bigint NOT NULL,
    key text COLLATE "C" NOT NULL,
    version text COLLATE "C" NOT NULL,
    artefact text COLLATE "C" NOT NULL,
    label text COLLATE "C" NOT NULL,
    PRIMARY KEY (predicted_at, key)
  );
  CREATE TABLE waymark.reviews (
    key bytea PRIMARY KEY,
    predicted_at bigint NOT NULL,
    id text COLLATE "C" NOT NULL,
    model text COLLATE "C" NOT NULL,
    version text COLLATE "C" NOT NULL,
    artefact text COLLATE "C" NOT NULL,
    label text COLLATE "C" NOT NULL,
    confidence double precision NOT NULL
  );
  CREATE INDEX reviews_by_prediction ON waymark.reviews (model, predicted_at);
  CREATE INDEX reviews_by_age ON waymark.reviews (predicted_at);
  CREATE TABLE waymark.version_minutes (
    model text COLLATE "C" NOT NULL,
    version text COLLATE "C" NOT NULL,
    use text COLLATE "C" NOT NULL,
    minute bigint NOT NULL,
    bucket integer NOT NULL,
    count bigint NOT NULL,
    confidence double precision NOT NULL,
    PRIMARY KEY (model, version, use, minute, bucket)
  );
  CREATE TABLE waymark.usage_slots (
    model text COLLATE "C" NOT NULL,
    version text COLLATE "C" NOT NULL,
    artefact text COLLATE "C" NOT NULL,
    role text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    slot bigint NOT NULL,
    bin integer NOT NULL,
    asked boolean NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (model, version, artefact, role, kind, slot, bin, asked)
  );
  CREATE TABLE waymark.pair_slots (
    model text COLLATE "C" NOT NULL,
    active text COLLATE "C" NOT NULL,
    active_artefact text COLLATE "C" NOT NULL,
    shadow text COLLATE "C" NOT NULL,
    shadow_artefact text COLLATE "C" NOT NULL,
    slot bigint NOT NULL,
    asked boolean NOT NULL,
    agrees boolean NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (model, active, active_artefact, shadow, shadow_artefact, slot, asked, agrees)
  );
`;
