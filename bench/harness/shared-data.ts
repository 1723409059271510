import { fileURLToPath } from 'node:url';

/** Returns the folder of the data sets that are not part of the project: `WAYMARK_DATA`, or the one beside the checkout. */
export function sharedDataFolder(): string {
  return process.env['WAYMARK_DATA'] || fileURLToPath(new URL('../../../shared/data', import.meta.url));
}
