import { z } from 'zod';
import { type CheckedSettings, ConfigError, readSettings } from '../platform/config.ts';
import { readRegularFile } from '../platform/regular-file.ts';
import { file, host, hosts, path, port, positive, type Setting, url } from '../platform/setting-kinds.ts';

const label = { schema: z.string().min(1), allowed: "one of the model's labels" };

const settings = {
  GATEWAY_HOST: { ...host, fallback: '127.0.0.1' },
  ALLOWED_HOSTS: hosts,
  GATEWAY_PORT: { ...port, fallback: '3025' },
  GATEWAY_SMTP_PORT: { ...port, fallback: '2525' },
  GATEWAY_DELIVER_TO: {
    schema: z.url({ protocol: /^smtps?$/ }),
    allowed: 'an smtp or smtps URL',
  },
  GATEWAY_MAILDIR: { ...path, fallback: './data/maildir' },
  GATEWAY_DEADLINE_MS: { ...positive, fallback: '5000' },
  GATEWAY_READ_TIMEOUT_MS: { ...positive, fallback: '1000' },
  GATEWAY_MAX_MESSAGE_BYTES: { ...positive, fallback: String(10 * 1024 * 1024) },
  GATEWAY_MAX_TEXT_CHARACTERS: { ...positive, fallback: '100000' },
  GATEWAY_MAX_IN_FLIGHT: { ...positive, fallback: '64' },
  GATEWAY_SPAM_LABEL: { ...label, fallback: 'spam' },
  GATEWAY_HAM_LABEL: { ...label, fallback: 'ham' },
  WAYMARK_URL: { ...url, fallback: 'http://127.0.0.1:3000' },
  WAYMARK_MODEL: { schema: z.string().max(129), allowed: '"NAME" or "NAME@VERSION"' },
  WAYMARK_TOKEN: { schema: z.string().regex(/^[\x21-\x7e]+$/), allowed: 'one of its API_TOKENS', secret: true },
  WAYMARK_TOKEN_FILE: file,
} satisfies Record<string, Setting>;

/** The settings of the gateway alone. It shares others with the service. */
export type GatewayConfig = CheckedSettings<typeof settings>;

/**
 * Reads and validates the settings of the gateway.
 *
 * @throws {ConfigError} for the first setting with an invalid value
 */
export function readGatewayConfig(env?: Record<string, string | undefined>): GatewayConfig {
  return readSettings(settings, env);
}

/** The maximum size of a file with a token. */
const MAX_TOKEN_BYTES = 8_192;

/**
 * Returns the token for the service, from `WAYMARK_TOKEN` or `WAYMARK_TOKEN_FILE`; `undefined` if neither is set.
 *
 * @throws {ConfigError} if both are set, or if the file cannot be used
 */
export async function readServiceToken({
  WAYMARK_TOKEN,
  WAYMARK_TOKEN_FILE,
}: Pick<GatewayConfig, 'WAYMARK_TOKEN' | 'WAYMARK_TOKEN_FILE'>): Promise<string | undefined> {
  if (WAYMARK_TOKEN_FILE === undefined) return WAYMARK_TOKEN;
  const value = JSON.stringify(WAYMARK_TOKEN_FILE);
  if (WAYMARK_TOKEN !== undefined) {
    throw new ConfigError(
      `WAYMARK_TOKEN_FILE: ${value} cannot be used together with WAYMARK_TOKEN; allowed: one of them`,
    );
  }
  const text = await readRegularFile(WAYMARK_TOKEN_FILE, MAX_TOKEN_BYTES).catch(() => undefined);
  const token = text?.toString().trim();
  if (token !== undefined && settings.WAYMARK_TOKEN.schema.safeParse(token).success) return token;
  throw new ConfigError(`WAYMARK_TOKEN_FILE: ${value} cannot be used; allowed: a file that holds one token`);
}
