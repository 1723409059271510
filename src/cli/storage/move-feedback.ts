import { createHash } from 'node:crypto';
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { Client } from 'pg';
import { fromStoredText, toStoredJson } from '../../postgres/stored-text.ts';
import { MOVED_TABLES, type MovedTable } from './moved-tables.ts';

/** The rows of one table that a move has checked. */
export interface MovedRows {
  readonly table: string;
  readonly rows: number;
  /** The sum of the hashes of all rows, in hexadecimal. */
  readonly hash: string;
}

/** The database holds other feedback, or the rows of both sides differ. */
class MoveError extends Error {
  override name = 'MoveError';
}

const PAGE_ROWS = 1_000;
/** The sum of hashes has 128 bits. */
const HASH_MODULUS = 1n << 128n;

type Values = (string | number | boolean | null)[];

/**
 * Moves the rows of the SQLite file to an empty database, and compares both sides by the numbers and hashes of their
 * rows. A move that was interrupted goes on where it ended, because each page and its progress are one transaction.
 *
 * @param source the name of the file in the progress, the same for each attempt.
 * @param onProgress receives each table and its number of moved rows
 * @throws {MoveError} if the database holds other feedback, or if both sides differ
 */
export async function moveFeedback(
  sqlite: DatabaseSync,
  client: Client,
  source: string,
  onProgress: (table: string, rows: number) => void = () => {},
): Promise<MovedRows[]> {
  await requireOwnMove(client, source);
  for (const table of MOVED_TABLES) await moveTable(sqlite, client, source, table, onProgress);
  const results: MovedRows[] = [];
  for (const table of MOVED_TABLES) results.push(await compareTable(sqlite, client, table));
  return results;
}

async function requireOwnMove(client: Client, source: string): Promise<void> {
  const { rows } = await client.query('SELECT source FROM waymark.moves WHERE source = $1 LIMIT 1', [source]);
  if (rows.length > 0) return;
  for (const { name } of MOVED_TABLES) {
    const found = await client.query(`SELECT 1 FROM waymark.${name} LIMIT 1`);
    if (found.rows.length === 0) continue;
    throw new MoveError(`the table waymark.${name} has rows already, and a move needs an empty database`);
  }
}

async function moveTable(
  sqlite: DatabaseSync,
  client: Client,
  source: string,
  table: MovedTable,
  onProgress: (table: string, rows: number) => void,
): Promise<void> {
  const progress = [source, table.name];
  await client.query('INSERT INTO waymark.moves VALUES ($1, $2, 0) ON CONFLICT DO NOTHING', progress);
  const selectProgress = 'SELECT moved_rows FROM waymark.moves WHERE source = $1 AND table_name = $2';
  const { rows } = await client.query<{ moved_rows: string }>(selectProgress, progress);
  let moved = Number(rows[0]!.moved_rows);
  const insert = insertOf(table);
  for (const page of pagesOf(readSqlite(sqlite, table, moved))) {
    await client.query('BEGIN');
    await client.query("SELECT set_config('waymark.moving', 'on', true)");
    const named = page.map((values) =>
      Object.fromEntries(Object.keys(table.columns).map((name, at) => [name, values[at]])),
    );
    await client.query(insert, [toStoredJson(named)]);
    moved += page.length;
    await client.query('UPDATE waymark.moves SET moved_rows = $3 WHERE source = $1 AND table_name = $2', [
      ...progress,
      moved,
    ]);
    await client.query('COMMIT');
    onProgress(table.name, moved);
  }
}

/** Returns the statement that inserts a page, given as JSON, in its order. */
function insertOf({ name, columns, key }: MovedTable): string {
  const names = Object.keys(columns);
  const definitions = Object.entries(columns).map(([column, type]) => `${column} ${type}`);
  const target = key === undefined ? names : ['key', ...names];
  const values = [...(key === undefined ? [] : [key]), ...names.map((column) => `r.${column}`)];
  return `INSERT INTO waymark.${name} (${target.join(', ')}) SELECT ${values.join(', ')}
    FROM jsonb_to_recordset($1) AS r (${definitions.join(', ')})`;
}

function* readSqlite(sqlite: DatabaseSync, { name, columns, order }: MovedTable, after = 0): Generator<Values> {
  const types = Object.entries(columns);
  const sql = `SELECT ${Object.keys(columns).join(', ')} FROM ${name} ORDER BY ${order} LIMIT -1 OFFSET ?`;
  for (const row of sqlite.prepare(sql).iterate(after)) {
    yield types.map(([column, type]) => convert(row[column] ?? null, type));
  }
}

function convert(value: SQLOutputValue, type: MovedTable['columns'][string]): Values[number] {
  if (value === null) return null;
  if (type === 'text') return String(value);
  return type === 'boolean' ? Number(value) === 1 : Number(value);
}

async function* readPostgres(client: Client, { name, columns }: MovedTable): AsyncGenerator<Values> {
  const types = Object.entries(columns);
  await client.query('BEGIN');
  await client.query(`DECLARE moved CURSOR FOR SELECT ${Object.keys(columns).join(', ')} FROM waymark.${name}`);
  for (let count = PAGE_ROWS; count === PAGE_ROWS; ) {
    const { rows } = await client.query<Record<string, unknown>>(`FETCH ${PAGE_ROWS} FROM moved`);
    count = rows.length;
    for (const row of rows) {
      yield types.map(([column, type]) => {
        const value = row[column];
        if (value === null || value === undefined) return null;
        if (type === 'text') return fromStoredText(String(value));
        return type === 'boolean' ? value === true : Number(value);
      });
    }
  }
  await client.query('COMMIT');
}

async function compareTable(sqlite: DatabaseSync, client: Client, table: MovedTable): Promise<MovedRows> {
  const [before, after] = [await hashRows(readSqlite(sqlite, table)), await hashRows(readPostgres(client, table))];
  if (before.rows !== after.rows || before.hash !== after.hash) {
    throw new MoveError(
      `the table ${table.name} has ${before.rows} rows in SQLite and ${after.rows} in PostgreSQL, or they differ`,
    );
  }
  return { table: table.name, ...before };
}

/** Adds up the hashes of rows, because both sides have an order of their own. */
async function hashRows(rows: Iterable<Values> | AsyncIterable<Values>): Promise<Omit<MovedRows, 'table'>> {
  let sum = 0n;
  let count = 0;
  for await (const values of rows) {
    // Half a surrogate pair in a text of SQLite cannot occur: its texts are UTF-8.
    const digest = createHash('sha256').update(JSON.stringify(values)).digest('hex').slice(0, 32);
    sum = (sum + BigInt(`0x${digest}`)) % HASH_MODULUS;
    count += 1;
  }
  return { rows: count, hash: sum.toString(16).padStart(32, '0') };
}

function* pagesOf(rows: Iterable<Values>): Generator<Values[]> {
  let page: Values[] = [];
  for (const row of rows) {
    page.push(row);
    if (page.length < PAGE_ROWS) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}
