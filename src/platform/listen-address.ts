import type { AddressInfo } from 'node:net';
import { ConfigError } from './config.ts';

/** Returns the URL of a server that listens for HTTP, as `SCHEME://HOST:PORT`. */
export function urlOf({ address, family, port }: AddressInfo, scheme: 'http' | 'https' = 'http'): string {
  return `${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

/** Converts an error of `listen` to a `ConfigError` that names the setting. Returns other errors unchanged. */
export function toListenError(
  error: NodeJS.ErrnoException,
  host: string,
  port: number,
  settings: { readonly host: string; readonly port: string } = { host: 'HOST', port: 'PORT' },
): Error {
  if (error.code === 'EADDRINUSE')
    return new ConfigError(`${settings.port}: ${port} is in use on ${host}; allowed: a free port, or 0 for any`);
  if (error.code === 'EACCES')
    return new ConfigError(`${settings.port}: ${port} needs privileges; allowed: a port this user may open`);
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return new ConfigError(`${settings.host}: ${JSON.stringify(host)} is not an address of this machine`);
  }
  return error;
}
