import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, chown, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import type { DatabaseAddress } from '../../src/postgres/address.ts';
import { freePort } from './service-process.ts';

/** A PostgreSQL server that a test started, with a Unix socket and a port of its own. */
export interface PostgresServer {
  readonly port: number;
  /** Creates an empty database, and returns its address: over TCP, or on the Unix socket. */
  newDatabase(by?: 'tcp' | 'socket'): Promise<DatabaseAddress>;
  /** Runs SQL in a database, and returns the rows. */
  sql(address: DatabaseAddress, text: string): Promise<Record<string, unknown>[]>;
  /** Ends the server: SIGKILL and SIGQUIT as a crash does. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts the server again, on the same port and data, if it does not run. */
  start(): Promise<void>;
  /** Starts a standby, which repeats all commits, on a port of its own. */
  startStandby(): Promise<Standby>;
  /** Ends the server and deletes its data. */
  remove(): Promise<void>;
}

/** A server that can be read only, until it is promoted. */
export interface Standby {
  readonly port: number;
  promote(): Promise<void>;
  stop(): Promise<void>;
}

const USER = 'waymark';
/** The second address is not in the certificate. Only Linux has it. */
const LISTEN_ADDRESSES = process.platform === 'linux' ? '127.0.0.1,127.0.0.2' : '127.0.0.1';
const PASSWORD = 'a-password';
const TLS_FIXTURES = join(import.meta.dirname, '../fixtures/tls');
const START_TIMEOUT_MS = 60_000;
const DEBIAN = '/usr/lib/postgresql';

/** The folder of the programs of PostgreSQL, or undefined if they are not installed. */
export const postgresPrograms = findPrograms();

if (process.env['CI'] && postgresPrograms === undefined) {
  throw new Error('PostgreSQL is not installed: the Debian package postgresql has it');
}

function findPrograms(): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...versions.map((version) => join(DEBIAN, version, 'bin')),
    ...(process.env['PATH'] ?? '').split(':'),
  ];
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')));
}

/** Returns the user that runs the server, which refuses to run as root. */
function serverUser(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const idOf = (option: string) => Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8' }));
  return { uid: idOf('-u'), gid: idOf('-g') };
}

/** The folders of a server, if the tests choose them. */
export interface PostgresFolders {
  /** The folder that holds the data folder. */
  readonly parent?: string;
  /** If true, the write-ahead log is not in the data folder. */
  readonly isLogApart?: boolean;
}

/**
 * Starts a server with a data folder of its own.
 *
 * @param settings further settings of the server, such as `max_connections`
 */
export async function startPostgres(
  settings: Record<string, string> = {},
  { parent, isLogApart = false }: PostgresFolders = {},
): Promise<PostgresServer> {
  if (postgresPrograms === undefined) throw new Error('PostgreSQL is not installed');
  const programs = postgresPrograms;
  const user = serverUser();
  const folder = await mkdtemp(join(tmpdir(), 'waymark-postgres-'));
  if (user.uid !== undefined) {
    await chown(folder, user.uid, user.gid!);
    // The other user must be able to enter the temporary folder of the tests.
    const { mode } = await stat(tmpdir());
    if ((mode & 0o001) === 0) await chmod(tmpdir(), mode | 0o001);
  }
  const data = join(parent ?? folder, 'data');
  if (parent !== undefined && user.uid !== undefined) await chown(parent, user.uid, user.gid!);
  const options = { ...user, cwd: folder, env: { PATH: process.env['PATH'], LC_ALL: 'C' } };
  const write = async (name: string, content: string | Buffer) => {
    const path = join(folder, name);
    await writeFile(path, content, { mode: 0o600 });
    if (user.uid !== undefined) await chown(path, user.uid, user.gid!);
    return path;
  };
  // The tests themselves use the socket. A connection over TCP needs the password.
  const authentication = ['--auth-local=trust', '--auth-host=scram-sha-256', '--pwfile', await write('pw', PASSWORD)];
  const initArgs = ['-D', data, '-U', USER, ...authentication, '-E', 'UTF8', '--locale=C', '--no-sync'];
  if (isLogApart) initArgs.push('--waldir', join(folder, 'wal'));
  await promisify(execFile)(join(programs, 'initdb'), initArgs, options);
  const certificate = await write('server.pem', await readFile(join(TLS_FIXTURES, 'server.pem')));
  const key = await write('server.key', await readFile(join(TLS_FIXTURES, 'server.key')));
  const port = await freePort();
  const tls = { ssl: 'on', ssl_cert_file: certificate, ssl_key_file: key };
  // The tests end processes and not the machine, and a start after a crash would write all files to the disk first.
  const all = { fsync: 'off', max_connections: '60', shared_buffers: '32MB', ...tls, ...settings };
  const args = ['-D', data, '-k', folder, '-h', LISTEN_ADDRESSES, '-p', String(port)];
  for (const [name, value] of Object.entries(all)) args.push('-c', `${name}=${value}`);
  let server: ChildProcess | undefined;
  let databases = 0;

  /** Starts once. Returns whether the server accepts connections; it ends if the processes of a crash still live. */
  async function tryStart(): Promise<boolean> {
    server = spawn(join(programs, 'postgres'), args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
    const child = server;
    return new Promise((resolve) => {
      let log = '';
      child.stderr!.on('data', (text) => {
        log = `${log.slice(-200)}${text}`;
        if (log.includes('ready to accept connections')) resolve(true);
      });
      child.once('exit', () => resolve(false));
    });
  }

  async function start(): Promise<void> {
    if (server && server.exitCode === null && server.signalCode === null) return;
    const deadline = performance.now() + START_TIMEOUT_MS;
    while (!(await tryStart())) {
      if (performance.now() > deadline) throw new Error('PostgreSQL does not start');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async function stop(signal: NodeJS.Signals = 'SIGINT'): Promise<void> {
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    server.kill(signal);
    await once(server, 'exit');
  }

  async function sql({ url }: DatabaseAddress, text: string): Promise<Record<string, unknown>[]> {
    const { pathname } = new URL(url);
    const client = new Client({ host: folder, port, user: USER, database: pathname.slice(1), password: '' });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(text)).rows;
    } finally {
      await client.end();
    }
  }

  async function startStandby(): Promise<Standby> {
    const standbyData = join(folder, 'standby');
    const copy = ['-D', standbyData, '-R', '-X', 'stream', '-c', 'fast', '-h', folder, '-p', String(port), '-U', USER];
    await promisify(execFile)(join(programs, 'pg_basebackup'), copy, options);
    const standbyPort = await freePort();
    const standbyArgs = args.map((arg) =>
      arg === data ? standbyData : arg === String(port) ? String(standbyPort) : arg,
    );
    const child = spawn(join(programs, 'postgres'), standbyArgs, { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
    await new Promise<void>((resolve, reject) => {
      let log = '';
      child.stderr.on('data', (text) => {
        log += String(text);
        if (log.includes('ready to accept read-only connections')) resolve();
      });
      child.once('exit', () => reject(new Error(`the standby has ended: ${log}`)));
    });
    return {
      port: standbyPort,
      async promote() {
        await promisify(execFile)(join(programs, 'pg_ctl'), ['promote', '-D', standbyData], options);
      },
      async stop() {
        if (child.exitCode !== null || child.signalCode !== null) return;
        child.kill('SIGINT');
        await once(child, 'exit');
      },
    };
  }

  await start();
  return {
    port,
    startStandby,
    sql,
    start,
    stop,
    async newDatabase(by = 'socket') {
      databases += 1;
      const name = `waymark_${databases}`;
      await sql({ url: 'postgres:///postgres' }, `CREATE DATABASE ${name}`);
      const host = encodeURIComponent(folder);
      return {
        url:
          by === 'tcp'
            ? `postgres://${USER}:${PASSWORD}@127.0.0.1:${port}/${name}`
            : `postgres:///${name}?host=${host}&user=${USER}&port=${port}`,
      };
    },
    async remove() {
      await stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
