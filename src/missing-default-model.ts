import type { ModelRegistry } from './models/registry.ts';
import { type Config, ConfigError } from './platform/config.ts';

/** Returns the error of a start without a version of the default model. It has the reason if all versions are refused. */
export function missingDefaultModel({ DEFAULT_MODEL, MODELS_DIR }: Config, registry: ModelRegistry): ConfigError {
  const names = [...registry.models().keys()];
  const refused = registry.refused().find(({ model }) => model === DEFAULT_MODEL);
  const reason = refused
    ? `cannot be used: of version ${refused.version}, ${refused.reason}`
    : `is not in MODELS_DIR ${JSON.stringify(MODELS_DIR)}`;
  const allowed = names.length > 0 ? names.join(', ') : 'none';
  return new ConfigError(`DEFAULT_MODEL: ${JSON.stringify(DEFAULT_MODEL)} ${reason}; allowed: ${allowed}`);
}
