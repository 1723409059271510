import { type Config, ConfigError } from '../../platform/config.ts';
import type { DatabaseAddress } from '../../postgres/address.ts';

/** The settings that choose the place of the versions. */
export type ModelsSettings = Pick<Config, 'MODELS_STORE' | 'DATABASE_URL' | 'DATABASE_PASSWORD_FILE'>;

/**
 * Returns the database of the versions, or undefined if the models folder alone has them.
 *
 * @throws {ConfigError} if they are in a database, and there is none
 */
export function modelsDatabaseOf(settings: ModelsSettings): DatabaseAddress | undefined {
  const { MODELS_STORE, DATABASE_URL: url, DATABASE_PASSWORD_FILE: passwordFile } = settings;
  if (MODELS_STORE === 'folder') return undefined;
  if (url !== undefined) return { url, passwordFile };
  throw new ConfigError('MODELS_STORE: "database" cannot be used without DATABASE_URL; allowed: folder');
}
