import { z } from 'zod';
import { SAFE_NAME } from './safe-names.ts';

/** Exit code of a start that was stopped by a bad setting (`EX_CONFIG` of sysexits.h). */
export const EXIT_CONFIG = 78;

/** A setting that cannot be used; `message` is one line that names the variable, the value and what is allowed. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

const integer = (min: number, max = Number.MAX_SAFE_INTEGER) =>
  z
    .string()
    .regex(/^\d+$/)
    .transform(Number)
    .refine((value) => value >= min && value <= max);

const boolean = z.enum(['true', 'false']).transform((value) => value === 'true');

const httpUrl = z.url({ protocol: /^https?$/ });

/** How one environment variable is checked. */
export interface Setting {
  schema: z.ZodType<unknown, string>;
  fallback?: string;
  allowed: string;
  secret?: true;
}

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** How telemetry is written when it is sent: JSON costs this process less, and protobuf is shorter. */
const protocols = ['http/json', 'http/protobuf'] as const;

const samplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

/** Kinds of setting. */
export const port = { schema: integer(0, 65_535), allowed: 'a port number from 0 to 65535' };
export const url = { schema: httpUrl, allowed: 'an http or https URL' };
/** As long as a timer of Node can be set, some 24 days: a batch that was not taken is sent again, not given up. */
const LONGEST_TIMER = String(2 ** 31 - 1);
const milliseconds = {
  schema: integer(1, Number(LONGEST_TIMER)),
  allowed: `milliseconds from 1 to ${LONGEST_TIMER}`,
};
export const positive = { schema: integer(1), allowed: 'a whole number from 1' };
const onOff = { schema: boolean, allowed: 'true or false' };
export const path = { schema: z.string(), allowed: 'a folder' };
export const host = { schema: z.string(), allowed: 'a host name or address' };

/** More than any machine has use for: each is a process that holds the models, and has series of its own in the metrics. */
const MAX_WORKERS = 64;

const settings = {
  HOST: { ...host, fallback: '127.0.0.1' },
  PORT: { ...port, fallback: '3000' },
  MODELS_DIR: { ...path, fallback: './models' },
  DATA_DIR: { ...path, fallback: './data' },
  DEFAULT_MODEL: {
    schema: z.string().regex(SAFE_NAME),
    fallback: 'spam',
    allowed: 'a model name of letters, digits, ".", "_" and "-"',
  },
  WORKERS: { schema: integer(1, MAX_WORKERS), fallback: '1', allowed: `a whole number from 1 to ${MAX_WORKERS}` },
  API_TOKENS: {
    schema: z
      .string()
      .transform((list) => list.split(',').map((token) => token.trim()))
      .pipe(z.array(z.string().regex(/^[\x21-\x7e]+$/))),
    allowed: 'bearer tokens of printable ASCII without blanks, separated by commas',
    secret: true,
  },
  PREDICTION_ID_KEY: { schema: z.string().min(16), allowed: 'a secret of at least 16 characters', secret: true },
  MAX_BODY_BYTES: { ...positive, fallback: String(1024 * 1024) },
  MAX_TEXT_CHARACTERS: { ...positive, fallback: '100000' },
  MAX_BATCH_SIZE: { ...positive, fallback: '1024' },
  MAX_IN_FLIGHT: { ...positive, fallback: '256' },
  SHUTDOWN_TIMEOUT_MS: { ...positive, fallback: '10000' },
  CAPTURE_TEXT: { ...onOff, fallback: 'false' },
  LOG_LEVEL: { schema: z.enum(logLevels), fallback: 'info', allowed: `one of ${logLevels.join(', ')}` },
  JAEGER_UI_URL: url,
  PROMETHEUS_URL: url,
  GRAFANA_URL: url,
  OTEL_SERVICE_NAME: { schema: z.string(), fallback: 'waymark', allowed: 'a name' },
  OTEL_SDK_DISABLED: { ...onOff, fallback: 'false' },
  OTEL_EXPORTER_OTLP_ENDPOINT: url,
  OTEL_EXPORTER_OTLP_PROTOCOL: {
    schema: z.enum(protocols),
    fallback: 'http/json',
    allowed: `one of ${protocols.join(', ')}`,
  },
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url,
  OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: url,
  OTEL_EXPORTER_PROMETHEUS_HOST: { ...host, fallback: '127.0.0.1' },
  OTEL_EXPORTER_PROMETHEUS_PORT: {
    schema: integer(1, 65_535),
    fallback: '9464',
    allowed: 'a port number from 1 to 65535',
  },
  OTEL_TRACES_SAMPLER: { schema: z.enum(samplers), allowed: `one of ${samplers.join(', ')}` },
  OTEL_TRACES_SAMPLER_ARG: {
    schema: z
      .string()
      .transform(Number)
      .refine((share) => share >= 0 && share <= 1),
    allowed: 'a share from 0 to 1',
  },
  // The SDK's defaults hold 2,048 spans, half a second of 1,000 predictions a second; these hold a minute of it.
  OTEL_BSP_MAX_QUEUE_SIZE: { ...positive, fallback: '131072' },
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: { ...positive, fallback: '512' },
  OTEL_BSP_SCHEDULE_DELAY: { ...positive, fallback: '1000' },
  OTEL_BSP_EXPORT_TIMEOUT: { ...milliseconds, fallback: LONGEST_TIMER },
  OTEL_BLRP_MAX_QUEUE_SIZE: { ...positive, fallback: '32768' },
  OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: { ...positive, fallback: '512' },
  OTEL_BLRP_SCHEDULE_DELAY: { ...positive, fallback: '1000' },
  OTEL_BLRP_EXPORT_TIMEOUT: { ...milliseconds, fallback: LONGEST_TIMER },
} satisfies Record<string, Setting>;

/** Settings after their check; those without a default are undefined where they are not set. */
export type Checked<S extends Record<string, Setting>> = {
  readonly [N in keyof S]: z.output<S[N]['schema']> | (S[N] extends { fallback: string } ? never : undefined);
};

/** Every setting of the service. */
export type Config = Checked<typeof settings>;

/**
 * Reads and checks every setting of the service.
 *
 * @param env the environment; an empty value counts as not set
 * @throws {ConfigError} for the first setting that cannot be used
 */
export function readConfig(env: Record<string, string | undefined> = process.env): Config {
  return readSettings(settings, env);
}

/** Whether there is a limit on what telemetry may hold (`OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT` and the like); the SDK reads them. */
export function hasTelemetryLimits(env: Record<string, string | undefined> = process.env): boolean {
  return Object.entries(env).some(([name, value]) => /^OTEL_.+_LIMIT$/.test(name) && value?.trim());
}

/**
 * Reads and checks the settings that are named.
 *
 * @param env the environment; an empty value counts as not set
 * @throws {ConfigError} for the first setting that cannot be used
 */
export function readSettings<S extends Record<string, Setting>>(
  named: S,
  env: Record<string, string | undefined> = process.env,
): Checked<S> {
  const config: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(named)) {
    const value = env[name]?.trim() || setting.fallback;
    if (value === undefined) continue;
    const result = setting.schema.safeParse(value);
    if (!result.success) {
      const shown = setting.secret ? 'its value' : JSON.stringify(value);
      throw new ConfigError(`${name}: ${shown} cannot be used; allowed: ${setting.allowed}`);
    }
    config[name] = result.data;
  }
  return config as Checked<S>;
}

/** Reads the settings of this process, or ends it with one line on stderr and exit code 78. */
export function readConfigOrExit(): Config {
  return exitOnConfigError(readConfig);
}

/** What `read` returns; a setting that cannot be used ends the process with one line on stderr and exit code 78. */
export function exitOnConfigError<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(EXIT_CONFIG);
  }
}

/** Waymark's defaults for settings that the OpenTelemetry SDK reads by itself. */
export function applyTelemetryDefaults(env: Record<string, string | undefined> = process.env): void {
  // An allow-list: what is not named here is not even set up. `undici` follows fetch.
  env['OTEL_NODE_ENABLED_INSTRUMENTATIONS'] ??= 'undici,runtime-node,host-metrics';
}
