import type { Database } from './database.ts';
import { LONG_QUERY_MS, type Query, SHORT_QUERY_MS } from './session.ts';

/** The versions of models. A deleted version has no digest and no files: its name is not used again. */
export const VERSION_TABLES = `
  CREATE TABLE waymark.versions (
    model text COLLATE "C" NOT NULL,
    version text COLLATE "C" NOT NULL,
    digest text COLLATE "C",
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (model, version)
  );
  CREATE TABLE waymark.version_files (
    model text COLLATE "C" NOT NULL,
    version text COLLATE "C" NOT NULL,
    path text COLLATE "C" NOT NULL,
    sha256 text COLLATE "C" NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (model, version, path),
    FOREIGN KEY (model, version) REFERENCES waymark.versions ON DELETE CASCADE
  );
  -- Weights are compressed already, or do not get smaller.
  ALTER TABLE waymark.version_files ALTER COLUMN content SET STORAGE EXTERNAL;
`;

/** One file in the folder of a version. */
export interface VersionFile {
  /** The path below the folder, with `/`. */
  readonly path: string;
  /** In hexadecimal. */
  readonly sha256: string;
  readonly content: Uint8Array<ArrayBuffer>;
}

/** A version in the database, without its files. */
export interface StoredVersion {
  readonly model: string;
  readonly version: string;
  /** The digest of all files; undefined if the version was deleted. */
  readonly digest: string | undefined;
}

/** The files of a version, and the digest that they had when they were stored. */
export interface StoredFiles {
  readonly digest: string;
  readonly files: readonly VersionFile[];
}

/** The versions of models in a database. Each method is one transaction: a version is there whole or not at all. */
export interface VersionStore {
  /** Lists all versions, also deleted ones. */
  list(): Promise<StoredVersion[]>;
  /** Returns the files of a version, or undefined if the database lacks it. */
  read(model: string, version: string): Promise<StoredFiles | undefined>;
  /** Adds a version. Returns false if there is one of this name, or was one. */
  add(model: string, version: string, stored: StoredFiles): Promise<boolean>;
  /** Replaces the files of a version. Returns false if it does not have the digest `former` any more. */
  replace(model: string, version: string, former: string, stored: StoredFiles): Promise<boolean>;
  /** Deletes a version. Returns false if there is none. */
  remove(model: string, version: string): Promise<boolean>;
}

const SELECT_FILES = `
  SELECT v.digest, f.path, f.sha256, f.content FROM versions AS v JOIN version_files AS f USING (model, version)
  WHERE model = $1 AND version = $2 AND v.digest IS NOT NULL ORDER BY f.path`;

const FILES = 'unnest($4::text[], $5::text[], $6::bytea[]) AS f (path, sha256, content)';
const ADD = `
  WITH changed AS (
    INSERT INTO versions (model, version, digest, changed_at) VALUES ($1, $2, $3, now())
      ON CONFLICT DO NOTHING RETURNING model, version
  ), files AS (
    INSERT INTO version_files (model, version, path, sha256, content)
      SELECT model, version, f.path, f.sha256, f.content FROM changed, ${FILES}
  )
  SELECT FROM changed`;
const REPLACE = `
  WITH changed AS (
    UPDATE versions SET digest = $3, changed_at = now() WHERE model = $1 AND version = $2 AND digest = $7
      RETURNING model, version
  ), removed AS (
    DELETE FROM version_files AS old USING changed
      WHERE old.model = changed.model AND old.version = changed.version AND old.path <> ALL ($4::text[])
  ), files AS (
    INSERT INTO version_files (model, version, path, sha256, content)
      SELECT model, version, f.path, f.sha256, f.content FROM changed, ${FILES}
      ON CONFLICT (model, version, path) DO UPDATE SET sha256 = EXCLUDED.sha256, content = EXCLUDED.content
  )
  SELECT FROM changed`;
const REMOVE = `
  WITH changed AS (
    UPDATE versions SET digest = NULL, changed_at = now() WHERE model = $1 AND version = $2 AND digest IS NOT NULL
      RETURNING model, version
  ), removed AS (
    DELETE FROM version_files AS old USING changed WHERE old.model = changed.model AND old.version = changed.version
  )
  SELECT FROM changed`;

/** Returns the versions in a database. */
export function createVersionStore({ query }: Pick<Database, 'query'>): VersionStore {
  return {
    async list() {
      const rows = await query('SELECT model, version, digest FROM versions', [], SHORT_QUERY_MS);
      return rows.map(({ model, version, digest }) => ({
        model: String(model),
        version: String(version),
        digest: digest === null ? undefined : String(digest),
      }));
    },
    async read(model, version) {
      const rows = await query(SELECT_FILES, [model, version], LONG_QUERY_MS);
      if (rows.length === 0) return undefined;
      const files = rows.map(({ path, sha256, content }) => ({
        path: String(path),
        sha256: String(sha256),
        content: content as Uint8Array<ArrayBuffer>,
      }));
      return { digest: String(rows[0]!['digest']), files };
    },
    add: (model, version, stored) => changes(query, ADD, [model, version, ...valuesOf(stored)]),
    replace: (model, version, former, stored) => changes(query, REPLACE, [model, version, ...valuesOf(stored), former]),
    remove: (model, version) => changes(query, REMOVE, [model, version]),
  };
}

/** Runs a statement. Returns whether it has changed a version. */
async function changes(query: Query, sql: string, values: readonly unknown[]): Promise<boolean> {
  return (await query(sql, values, LONG_QUERY_MS)).length > 0;
}

function valuesOf({ digest, files }: StoredFiles): unknown[] {
  return [
    digest,
    files.map(({ path }) => path),
    files.map(({ sha256 }) => sha256),
    files.map(({ content }) => content),
  ];
}
