import { type Config, readSetting } from '../../platform/config.ts';
import type { Log } from '../../telemetry/logs/log.ts';
import type { EndpointLimits } from './endpoint.ts';
import { openKeys } from './keys.ts';
import { createRemotes, type RemoteInstruments, type Remotes } from './remotes.ts';

/** The number of texts that wait for an endpoint: those of two batch requests. Each one keeps a request in the service. */
const MAX_WAITING = 64;

/** The settings of endpoints. */
export type RemoteSettings = Pick<
  Config,
  'REMOTE_ENDPOINTS' | 'REMOTE_KEYS_FILE' | 'REMOTE_MAX_IN_FLIGHT' | 'REMOTE_TIMEOUT_MS'
>;

/** The endpoints whose models a command opens: those of `REMOTE_ENDPOINTS`, or any, if it sends no text or the user named it. */
export type EndpointChoice = 'allowed' | 'any';

/**
 * Opens the endpoints of a service by its settings.
 *
 * @throws {ConfigError} if the file of keys cannot be used
 */
export async function openServiceRemotes(
  settings: RemoteSettings,
  instruments: RemoteInstruments,
  log: Log,
): Promise<Remotes> {
  const keys = await openKeys(settings.REMOTE_KEYS_FILE, log);
  return createRemotes({ allowed: settings.REMOTE_ENDPOINTS ?? [], keys, limits: limitsOf(settings), instruments });
}

/**
 * Reads the settings of endpoints from the environment.
 *
 * @throws {ConfigError} if one of them has a bad value
 */
function readRemoteSettings(): RemoteSettings {
  return {
    REMOTE_ENDPOINTS: readSetting('REMOTE_ENDPOINTS'),
    REMOTE_KEYS_FILE: readSetting('REMOTE_KEYS_FILE'),
    REMOTE_MAX_IN_FLIGHT: readSetting('REMOTE_MAX_IN_FLIGHT'),
    REMOTE_TIMEOUT_MS: readSetting('REMOTE_TIMEOUT_MS'),
  };
}

/**
 * Opens the endpoints of a command. Its texts never have to be refused because others wait.
 *
 * @param endpoints the endpoints whose models can be opened
 * @throws {ConfigError} if a setting cannot be used
 */
export async function openCommandRemotes(endpoints: EndpointChoice): Promise<Remotes> {
  const settings = readRemoteSettings();
  const limits: EndpointLimits = { ...limitsOf(settings), maxWaiting: 100_000 };
  const keys = await openKeys(settings.REMOTE_KEYS_FILE);
  return createRemotes({ allowed: endpoints === 'any' ? 'any' : (settings.REMOTE_ENDPOINTS ?? []), keys, limits });
}

function limitsOf({ REMOTE_MAX_IN_FLIGHT, REMOTE_TIMEOUT_MS }: RemoteSettings): EndpointLimits {
  return { maxInFlight: REMOTE_MAX_IN_FLIGHT, maxWaiting: MAX_WAITING, timeoutMs: REMOTE_TIMEOUT_MS };
}
