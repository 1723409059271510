import { createSecureContext } from 'node:tls';
import { type Config, ConfigError } from '../../platform/config.ts';
import { followFiles, readRegularFile } from '../../platform/regular-file.ts';
import type { Log } from '../../telemetry/logs/log.ts';
import { ATTRIBUTE } from '../../telemetry/names.ts';

/** The files of a server with TLS. */
export type TlsSettings = Pick<Config, 'TLS_CERT_FILE' | 'TLS_KEY_FILE' | 'TLS_CLIENT_CA_FILE'>;

/** The content of the files, as options of a TLS server. With `ca`, clients must have a certificate of it. */
export interface TlsOptions {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca?: Buffer;
  readonly requestCert: boolean;
}

/** The maximum size of a file of certificates or keys. */
const MAX_BYTES = 1024 * 1024;

/**
 * Reads the files of a server with TLS. Returns `undefined` if they are not set.
 *
 * @throws {ConfigError} if one of them cannot be used. The message does not quote them
 */
export async function readTlsFiles(settings: TlsSettings): Promise<TlsOptions | undefined> {
  const { TLS_CERT_FILE, TLS_KEY_FILE, TLS_CLIENT_CA_FILE } = settings;
  if (TLS_CERT_FILE === undefined && TLS_KEY_FILE === undefined && TLS_CLIENT_CA_FILE === undefined) return undefined;
  if (TLS_CERT_FILE === undefined || TLS_KEY_FILE === undefined) {
    const missing = TLS_CERT_FILE === undefined ? 'TLS_CERT_FILE' : 'TLS_KEY_FILE';
    throw new ConfigError(`${missing}: it is not set; allowed: a file, if one of the TLS files is set`);
  }
  const [cert, key] = [await read('TLS_CERT_FILE', TLS_CERT_FILE), await read('TLS_KEY_FILE', TLS_KEY_FILE)];
  const ca = TLS_CLIENT_CA_FILE === undefined ? undefined : await read('TLS_CLIENT_CA_FILE', TLS_CLIENT_CA_FILE);
  check('TLS_CERT_FILE', 'PEM certificates', () => createSecureContext({ cert }));
  check('TLS_KEY_FILE', 'the PEM key of TLS_CERT_FILE', () => createSecureContext({ cert, key }));
  if (ca === undefined) return { cert, key, requestCert: false };
  check('TLS_CLIENT_CA_FILE', 'PEM certificates', () => {
    // OpenSSL takes a file without a certificate, and then would trust nobody.
    if (!ca.includes('-----BEGIN CERTIFICATE-----')) throw new Error('no certificate');
    createSecureContext({ ca });
  });
  return { cert, key, ca, requestCert: true };
}

/**
 * Follows the files of a server with TLS. Files that cannot be used are logged, and the former ones stay.
 *
 * @param apply receives the options each time the files change
 * @returns a function that stops it
 */
export function followTlsFiles(settings: TlsSettings, apply: (options: TlsOptions) => void, log: Log): () => void {
  const { TLS_CERT_FILE, TLS_KEY_FILE, TLS_CLIENT_CA_FILE } = settings;
  const paths = [TLS_CERT_FILE, TLS_KEY_FILE, TLS_CLIENT_CA_FILE].filter((path) => path !== undefined);
  let isFirst = true;
  // Files that changed since they were read are noticed too: the first look applies them.
  return followFiles(paths, undefined, async () => {
    try {
      const options = await readTlsFiles(settings);
      if (options) apply(options);
      if (!isFirst) log.info('certificate loaded', {});
    } catch (error) {
      log.error('certificate not loaded', { [ATTRIBUTE.reason]: (error as Error).message });
    }
    isFirst = false;
  });
}

function read(name: string, path: string): Promise<Buffer> {
  return readRegularFile(path, MAX_BYTES).catch(() => {
    throw new ConfigError(`${name}: ${JSON.stringify(path)} cannot be read; allowed: a file`);
  });
}

function check(name: string, allowed: string, load: () => unknown): void {
  try {
    load();
  } catch {
    throw new ConfigError(`${name}: its content cannot be used; allowed: ${allowed}`);
  }
}
