import { homedir } from 'node:os';
import { join } from 'node:path';

/** Returns the path of a folder in the user's cache, outside the checkout (XDG Base Directory Specification). */
export function cacheFolder(name: string): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'waymark', name);
}
