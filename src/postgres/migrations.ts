import type { ClientBase } from 'pg';
import { EXPERIMENT_FUNCTIONS } from './experiment-functions.ts';
import { FEEDBACK_TABLES } from './feedback-schema.ts';
import { LOCK_SPACE, MIGRATION_LOCK } from './locks.ts';
import { VERSION_TABLES } from './version-store.ts';
import { WRITE_FUNCTIONS } from './write-functions.ts';

/** One change of the tables. Its SQL never changes after its release. */
interface Migration {
  readonly version: number;
  /**
   * The oldest version of the tables whose programs can also use the result. During a rolling update programs of two
   * releases use the same tables, so a migration only adds what the release before does not need to know.
   */
  readonly compatibleWith: number;
  readonly sql: string;
}

const MIGRATIONS: readonly Migration[] = [
  { version: 1, compatibleWith: 1, sql: `${FEEDBACK_TABLES} ${WRITE_FUNCTIONS} ${EXPERIMENT_FUNCTIONS}` },
  { version: 2, compatibleWith: 1, sql: VERSION_TABLES },
];

/** The version of the tables that this program knows. */
const KNOWN_VERSION = MIGRATIONS.at(-1)!.version;

/** PostgreSQL 12 is the oldest version with all functions that the tables need. */
const MIN_SERVER_VERSION = 120_000;

/** A large table may need some minutes. */
const TIMEOUT_MS = 600_000;

/**
 * Brings the tables of a database to the known version, in one transaction, one process at a time.
 *
 * @throws {Error} if the server is too old or has another encoding than UTF-8, or if the tables are too new
 */
export async function migrate(client: ClientBase): Promise<void> {
  await requireServer(client);
  if ((await pendingMigrations(client)).length === 0) return;
  await client.query('BEGIN');
  await client.query('SET LOCAL statement_timeout TO 0; SET LOCAL lock_timeout TO 0;');
  await runLong(client, `SELECT pg_advisory_xact_lock(${LOCK_SPACE}, ${MIGRATION_LOCK})`);
  // Another process may have run the migrations while this one waited for the lock.
  for (const { version, compatibleWith, sql } of await pendingMigrations(client)) {
    await runLong(client, sql);
    await client.query('INSERT INTO waymark.migrations (version, compatible_with) VALUES ($1, $2)', [
      version,
      compatibleWith,
    ]);
  }
  await client.query('COMMIT');
}

async function requireServer(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ version: string; encoding: string }>(
    `SELECT current_setting('server_version_num') AS version, current_setting('server_encoding') AS encoding`,
  );
  const { version, encoding } = rows[0]!;
  if (Number(version) < MIN_SERVER_VERSION) throw new Error('the server is older than PostgreSQL 12');
  if (encoding !== 'UTF8') throw new Error(`the encoding of the database is ${encoding}, and must be UTF8`);
}

/** Returns the migrations that the tables lack. @throws {Error} if the tables are too new for this program */
async function pendingMigrations(client: ClientBase): Promise<readonly Migration[]> {
  const found = await client.query(`SELECT 1 FROM pg_tables WHERE schemaname = 'waymark' AND tablename = 'migrations'`);
  if (found.rows.length === 0) return MIGRATIONS;
  const { rows } = await client.query<{ version: number; compatible_with: number }>(
    'SELECT version, compatible_with FROM waymark.migrations ORDER BY version DESC LIMIT 1',
  );
  const [latest] = rows;
  if (latest && latest.compatible_with > KNOWN_VERSION) {
    const known = `this one knows version ${KNOWN_VERSION}`;
    throw new Error(
      `the tables were changed by a newer version of Waymark, for those that know version ${latest.compatible_with} of the tables; ${known}`,
    );
  }
  return MIGRATIONS.filter(({ version }) => version > (latest?.version ?? 0));
}

async function runLong(client: ClientBase, text: string): Promise<void> {
  const config = { text, query_timeout: TIMEOUT_MS };
  await client.query(config);
}
