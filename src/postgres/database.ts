import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseError, Pool, type PoolClient } from 'pg';
import { type DatabaseAddress, readAddress } from './address.ts';
import { LOCK_SPACE } from './locks.ts';
import { migrate } from './migrations.ts';
import {
  LONG_QUERY_MS,
  lockOf,
  type Query,
  releaseOnError,
  run,
  SESSION_SETTINGS,
  type SessionLock,
  SHORT_QUERY_MS,
} from './session.ts';

/** A PostgreSQL database. It connects when it is needed, and again after failures. */
export interface Database {
  /** Rejects at once while the database is away. Strings may hold any character. */
  readonly query: Query;
  /** Takes a lock, or returns undefined if another session has it. */
  tryLock(id: number): Promise<SessionLock | undefined>;
  /** Resolves after the first attempt to connect, whether it succeeded or not. */
  readonly opened: Promise<void>;
  /** Closes all connections. Queries in progress have a short time to end. */
  close(): Promise<void>;
}

/** Some of them can hold a lock: for the report of totals, an evaluation, and each retraining. */
const MAX_CONNECTIONS = 8;
const CONNECT_TIMEOUT_MS = 3_000;
const IDLE_TIMEOUT_MS = 60_000;
const CLOSE_TIMEOUT_MS = 2_000;
/** The pause in milliseconds between two attempts to reach a database that is away. It doubles with each failure in a row. */
const MIN_RETRY_MS = 250;
const MAX_RETRY_MS = 2_000;

/** The message of `pg-pool` if all connections are in use for too long: the database is busy, and not away. */
const POOL_IS_BUSY = 'timeout exceeded when trying to connect';

/**
 * The SQLSTATE of errors that retries can heal: connections, authorisation, resources, operator intervention, system; also
 * a database, schema, table or function that is missing, and a server that can only be read, such as a standby.
 */
const AWAY_STATES = /^(?:08|28|3D|3F|53|57P|58|25006|42P01|42883)/;
const MISSING_STATES = /^(?:3D|3F|42P01|42883)/;

/**
 * Opens a database and creates its tables if necessary. It opens also if the database is away, and tries again until it is
 * there.
 *
 * @param onFault receives the reason when the database goes away, and `undefined` when it is back
 */
export function openDatabase(address: DatabaseAddress, onFault: (fault: string | undefined) => void): Database {
  let pool: Pool | undefined;
  let fault: string | undefined;
  let isMigrated = false;
  let isClosed = false;
  let retryMs = MIN_RETRY_MS;
  let timer: NodeJS.Timeout | undefined;
  const prepared = new WeakSet<PoolClient>();
  const locks = new Set<SessionLock>();

  function createPool(): Pool {
    const created = new Pool({
      ...readAddress(address),
      max: MAX_CONNECTIONS,
      application_name: 'waymark',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      idleTimeoutMillis: IDLE_TIMEOUT_MS,
      keepAlive: true,
      query_timeout: SHORT_QUERY_MS,
    });
    // The next query finds out that an idle connection was lost.
    created.on('error', () => {});
    return created;
  }

  /** Gives up all connections: those to a former primary would go on to fail. */
  function dropPool(): void {
    void pool?.end().catch(() => {});
    pool = undefined;
  }

  async function connect(): Promise<PoolClient> {
    if (isClosed) throw new Error('the database is closed');
    pool ??= createPool();
    const client = await pool.connect();
    if (prepared.has(client)) return client;
    // A query in progress gets the error too. Without a listener the event would end the thread.
    client.on('error', () => {});
    await releaseOnError(client, () => client.query(SESSION_SETTINGS));
    prepared.add(client);
    return client;
  }

  /** Connects, creates or changes the tables, and checks that the database can be written. */
  async function prepare(): Promise<void> {
    const client = await connect();
    await releaseOnError(client, async () => {
      if (!isMigrated) await migrate(client);
      isMigrated = true;
      await client.query('UPDATE waymark.write_probe SET at = now()');
    });
    client.release();
  }

  async function probe(): Promise<void> {
    try {
      await prepare();
      retryMs = MIN_RETRY_MS;
      setFault(undefined);
    } catch (error) {
      if (isClosed) return;
      if (isMissing(error)) isMigrated = false;
      dropPool();
      setFault(describeFault(error));
      scheduleProbe();
    }
  }

  function scheduleProbe(): void {
    // Many replicas must not try at the same moment.
    timer = setTimeout(() => void probe(), retryMs * (0.75 + Math.random() / 2));
    retryMs = Math.min(2 * retryMs, MAX_RETRY_MS);
  }

  function setFault(reason: string | undefined): void {
    if (reason === fault) return;
    fault = reason;
    if (!isClosed) onFault(reason);
  }

  /** Stops using the database until it can be used again. One lost connection is found to be one at once. */
  function reportAway(error: unknown): void {
    if (fault !== undefined || isClosed) return;
    if (isMissing(error)) isMigrated = false;
    dropPool();
    setFault(describeFault(error));
    void probe();
  }

  const opened = probe();

  async function withClient<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    await opened;
    if (fault !== undefined) throw new Error(fault);
    try {
      const client = await connect();
      return await releaseOnError(client, () => work(client));
    } catch (error) {
      if (isAway(error)) reportAway(error);
      throw error;
    }
  }

  return {
    opened,
    query: (sql, values, timeoutMs = LONG_QUERY_MS) =>
      withClient(async (client) => {
        const rows = await run(client, sql, values, timeoutMs);
        client.release();
        return rows;
      }),
    tryLock: (id) =>
      withClient(async (client) => {
        const [row] = await run(client, 'SELECT pg_try_advisory_lock($1, $2) AS is_locked', [LOCK_SPACE, id]);
        if (row?.['is_locked'] !== true) {
          client.release();
          return undefined;
        }
        for (const lock of locks) if (lock.isLost()) locks.delete(lock);
        const lock = lockOf(client);
        locks.add(lock);
        return lock;
      }),
    async close() {
      isClosed = true;
      clearTimeout(timer);
      for (const lock of locks) lock.release();
      await Promise.race([pool?.end().catch(() => {}), delay(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
    },
  };
}

function isAway(error: unknown): boolean {
  if (error instanceof DatabaseError) return AWAY_STATES.test(error.code ?? '');
  if (error instanceof TypeError || error instanceof RangeError) return false;
  return error instanceof Error && error.message !== POOL_IS_BUSY;
}

function isMissing(error: unknown): boolean {
  return error instanceof DatabaseError && MISSING_STATES.test(error.code ?? '');
}

/** Describes an error of a connection. Some errors of the system have a code and no message. */
function describeFault(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  return message || code || 'unknown';
}
