import { homedir } from 'node:os';
import { join } from 'node:path';

/** Returns the path of a folder in the user's cache, outside the checkout (XDG Base Directory Specification). */
export function cacheFolder(name: string): string {
  // biome-ignore lint/style/noProcessEnv: the cache of the user is no setting of the service.
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'waymark', name);
}
