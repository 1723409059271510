import { z } from 'zod';
import { type CheckedSettings, readSettings } from '../platform/config.ts';
import { host, hosts, path, port, positive, type Setting, url } from '../platform/setting-kinds.ts';

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
