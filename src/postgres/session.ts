import type { PoolClient, QueryConfig } from 'pg';
import { fromStoredText, toStoredText } from './stored-text.ts';

/** A row of a result, by the names of its columns. Large integers are strings. */
export type Row = Readonly<Record<string, unknown>>;

/** The time in milliseconds after which a query is given up: those that a client of the service waits for, and others. */
export const SHORT_QUERY_MS = 5_000;
export const LONG_QUERY_MS = 35_000;

/** Runs one statement, which is a transaction of its own, so that no lock of the database ever waits for this process. */
export type Query = (sql: string, values?: readonly unknown[], timeoutMs?: number) => Promise<Row[]>;

/** A lock of a session. It ends with the session, also if this process dies. */
export interface SessionLock {
  /** Runs a statement in the session of the lock. It rejects if the lock is lost. */
  readonly query: Query;
  /** Returns whether the session has ended. */
  isLost(): boolean;
  /** Ends the session, and so the lock. */
  release(): void;
}

/**
 * The settings of a session. The server ends a session that has lost its client within about 30 s, and with it its locks.
 * A commit is durable when it is acknowledged, also if the default of the server is another one.
 */
export const SESSION_SETTINGS = `
  SET search_path TO waymark;
  SET client_min_messages TO warning;
  SET extra_float_digits TO 1;
  SET statement_timeout TO 30000;
  SET lock_timeout TO 4000;
  SET idle_in_transaction_session_timeout TO 10000;
  SET tcp_keepalives_idle TO 10;
  SET tcp_keepalives_interval TO 5;
  SET tcp_keepalives_count TO 3;
  SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';
`;

interface TimedQuery extends QueryConfig {
  readonly query_timeout: number;
}

/** Runs a statement on a connection. Its strings may hold any character. */
export async function run(
  client: PoolClient,
  text: string,
  values: readonly unknown[] = [],
  timeoutMs = SHORT_QUERY_MS,
): Promise<Row[]> {
  const stored = values.map((value) => (typeof value === 'string' ? toStoredText(value) : value));
  const config: TimedQuery = { text, values: stored, query_timeout: timeoutMs };
  const { rows } = await client.query<Record<string, unknown>>(config);
  for (const row of rows) {
    for (const [name, value] of Object.entries(row)) if (typeof value === 'string') row[name] = fromStoredText(value);
  }
  return rows;
}

/** Does work on a connection, and closes the connection if the work fails: its state is not known then. */
export async function releaseOnError<T>(client: PoolClient, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    client.release(true);
    throw error;
  }
}

/** Returns the lock that a connection holds. The connection is closed at the end of the lock, or when a statement fails. */
export function lockOf(client: PoolClient): SessionLock {
  let isLost = false;
  let last: Promise<unknown> = Promise.resolve();
  const release = () => {
    if (!isLost) client.release(true);
    isLost = true;
  };
  client.once('end', release);
  return {
    isLost: () => isLost,
    release,
    query(sql, values, timeoutMs = SHORT_QUERY_MS) {
      const result = last.then(async () => {
        if (isLost) throw new Error('the session of the lock has ended');
        try {
          return await run(client, sql, values, timeoutMs);
        } catch (error) {
          release();
          throw error;
        }
      });
      last = result.catch(() => {});
      return result;
    },
  };
}
