import { readFileSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { userInfo } from 'node:os';
import type { ConnectionOptions } from 'node:tls';

/** The address of a PostgreSQL database, as the settings have it. */
export interface DatabaseAddress {
  /** The value of `DATABASE_URL`. */
  readonly url: string;
  /** The file with the password. It is read for each connection. */
  readonly passwordFile?: string | undefined;
}

/** An address that cannot be used. The message does not quote the address, which can hold a password. */
class AddressError extends Error {
  override name = 'AddressError';
}

/** The settings of one connection. */
export interface ConnectionSettings {
  /** A host name, an address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  /** Returns the password. The server may not ask for one. */
  readonly password: () => Promise<string>;
  readonly ssl: ConnectionOptions | false;
}

const DEFAULT_PORT = 5_432;
const SSL_MODES = ['disable', 'require', 'verify-ca', 'verify-full'] as const;
const PARAMETERS: ReadonlySet<string> = new Set([
  'host',
  'port',
  'user',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
]);
/** As libpq has it: the certificates of the system. */
const SYSTEM_CERTIFICATES = 'system';

/**
 * Reads an address. TLS follows `sslmode`, with the meanings of libpq. Without `sslmode` the certificate of another host is
 * checked (`verify-full`), and a connection on this machine has no TLS.
 *
 * @throws {AddressError} if the address or one of its files cannot be used
 */
export function readAddress({ url, passwordFile }: DatabaseAddress): ConnectionSettings {
  const { username, password, hostname, port, pathname, searchParams } = parse(url);
  for (const name of searchParams.keys()) {
    if (!PARAMETERS.has(name)) throw new AddressError(`its parameters are ${[...PARAMETERS].join(', ')}`);
  }
  const parameter = (name: string) => searchParams.get(name) || undefined;
  const host = parameter('host') ?? (decode(hostname).replace(/^\[(.*)\]$/, '$1') || 'localhost');
  const user = parameter('user') ?? (decode(username) || userInfo().username);
  const portNumber = Number(parameter('port') ?? (port || DEFAULT_PORT));
  if (!Number.isInteger(portNumber) || portNumber < 1 || portNumber > 65_535) {
    throw new AddressError('its port must be a number from 1 to 65535');
  }
  return {
    host,
    port: portNumber,
    user,
    database: decode(pathname.slice(1)) || user,
    password: async () =>
      passwordFile === undefined ? decode(password) : (await readFile(passwordFile, 'utf8')).replace(/\r?\n$/, ''),
    ssl: readTls(host, parameter),
  };
}

/** Checks an address and its files before the first connection. @throws {AddressError} with the name of the setting */
export function requireAddress(address: DatabaseAddress): void {
  try {
    readAddress(address);
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    throw new AddressError(`DATABASE_URL: its value cannot be used: ${error.message}`);
  }
  const { passwordFile } = address;
  if (passwordFile === undefined || statSync(passwordFile, { throwIfNoEntry: false })?.isFile()) return;
  throw new AddressError(`DATABASE_PASSWORD_FILE: ${JSON.stringify(passwordFile)} cannot be used; allowed: a file`);
}

/** Describes a database for the log, without user and password. */
export function describeAddress(address: DatabaseAddress): string {
  const { host, port, database } = readAddress(address);
  return `PostgreSQL at ${host.startsWith('/') ? host : `${host}:${port}`}, database ${database}`;
}

function parse(url: string): URL {
  if (!URL.canParse(url)) throw new AddressError('it is not a URL');
  const parsed = new URL(url);
  if (!/^postgres(?:ql)?:$/.test(parsed.protocol)) throw new AddressError('it must begin with postgres://');
  return parsed;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new AddressError('it has a "%" that is not part of an escape');
  }
}

function readTls(host: string, parameter: (name: string) => string | undefined): ConnectionOptions | false {
  const isHere = host.startsWith('/') || host === 'localhost' || host === '::1' || /^127\.[\d.]+$/.test(host);
  const mode = parameter('sslmode') ?? (isHere ? 'disable' : 'verify-full');
  if (!SSL_MODES.some((known) => known === mode)) {
    throw new AddressError(`its sslmode must be one of ${SSL_MODES.join(', ')}`);
  }
  if (mode === 'disable') return false;
  const [root, cert, key] = [parameter('sslrootcert'), parameter('sslcert'), parameter('sslkey')];
  const hasRoot = root !== undefined && root !== SYSTEM_CERTIFICATES;
  return {
    ...(hasRoot && { ca: readPem(root) }),
    ...(cert !== undefined && { cert: readPem(cert) }),
    ...(key !== undefined && { key: readPem(key) }),
    // Without the name of the host, Node would look for "localhost" in the certificate.
    ...(isIP(host) === 0 ? { servername: host } : { host }),
    // As in libpq, `require` checks the certificate if there is a root certificate.
    rejectUnauthorized: mode !== 'require' || root !== undefined,
    ...(mode !== 'verify-full' && { checkServerIdentity: () => undefined }),
  };
}

function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new AddressError(
      `its file ${JSON.stringify(path)} cannot be read (${(error as NodeJS.ErrnoException).code})`,
    );
  }
}
