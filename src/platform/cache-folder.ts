import { homedir } from 'node:os';
import { join } from 'node:path';

/** A folder of that name in the user's cache, outside the checkout (XDG Base Directory Specification). */
export function cacheFolder(name: string): string {
  // biome-ignore lint/style/noProcessEnv: where a user's caches lie is no setting of the service.
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'waymark', name);
}
