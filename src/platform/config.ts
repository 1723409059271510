import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { SAFE_NAME } from './safe-names.ts';
import {
  boolean,
  databaseUrl,
  exporters,
  file,
  formerKeys,
  host,
  hosts,
  integer,
  list,
  MAX_TIMER_MS,
  milliseconds,
  onOff,
  origins,
  path,
  port,
  positive,
  type Setting,
  sampler,
  share,
  url,
} from './setting-kinds.ts';

/** The exit code after a start with a bad setting: `EX_CONFIG` of sysexits.h. */
export const EXIT_CONFIG = 78;

/** A setting with a bad value. The message is one line: the variable, its value, and the allowed values. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** The encodings of OTLP. JSON costs this process less CPU time, and protobuf is shorter. */
const OTLP_PROTOCOLS = ['http/json', 'http/protobuf'] as const;

/** The places of the versions of models. The database is that of `DATABASE_URL`. */
const MODELS_STORES = ['folder', 'database'] as const;

/** The callers whose traces are continued. */
const TRACE_TRUST = ['always', 'authenticated', 'never'] as const;

/** The limit on worker processes: each one holds the models, and adds series to the metrics. */
const MAX_WORKERS = 64;
const processes = { schema: integer(1, MAX_WORKERS), allowed: `a whole number from 1 to ${MAX_WORKERS}` };

/** The user's cache (XDG Base Directory Specification). */
const CACHE_HOME = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');

const settings = {
  HOST: { ...host, fallback: '127.0.0.1' },
  PORT: { ...port, fallback: '3000' },
  ALLOWED_HOSTS: hosts,
  CORS_ORIGINS: origins,
  MODELS_DIR: { ...path, fallback: './models' },
  BUNDLED_MODELS_DIR: path,
  DATA_DIR: { ...path, fallback: './data' },
  MODELS_STORE: { schema: z.enum(MODELS_STORES), fallback: 'folder', allowed: `one of ${MODELS_STORES.join(', ')}` },
  DATABASE_URL: databaseUrl,
  DATABASE_PASSWORD_FILE: file,
  RUNTIMES_DIR: { ...path, fallback: join(CACHE_HOME, 'waymark/runtimes') },
  ENCODER_THREADS: { ...processes, fallback: '1' },
  // A batch request has up to 32 texts in the queue.
  ENCODER_MAX_WAITING: { schema: integer(32), fallback: '256', allowed: 'a whole number from 32' },
  ENCODER_TIMEOUT_MS: { ...milliseconds, fallback: '5000' },
  REMOTE_ENDPOINTS: origins,
  REMOTE_KEYS_FILE: file,
  REMOTE_MAX_IN_FLIGHT: { ...positive, fallback: '16' },
  REMOTE_TIMEOUT_MS: { ...milliseconds, fallback: '10000' },
  DEFAULT_MODEL: {
    schema: z.string().regex(SAFE_NAME),
    fallback: 'spam',
    allowed: 'a model name of letters, digits, ".", "_" and "-"',
  },
  WORKERS: { ...processes, fallback: '1' },
  API_TOKENS: {
    schema: list(z.string().regex(/^[\x21-\x7e]+$/)),
    allowed: 'bearer tokens of printable ASCII without blanks, separated by commas',
    secret: true,
  },
  API_TOKENS_FILE: file,
  TLS_CERT_FILE: file,
  TLS_KEY_FILE: file,
  TLS_CLIENT_CA_FILE: file,
  METRICS_TOKEN_FILE: file,
  PREDICTION_ID_KEY: { schema: z.string().min(16), allowed: 'a secret of at least 16 characters', secret: true },
  PREDICTION_ID_KEYS_OLD: formerKeys,
  MODEL_SIGNATURE_KEYS: file,
  MODEL_SIGNING_KEY: file,
  REVIEW_SHARE: { ...share, fallback: '0' },
  FEEDBACK_KEY_FILE: file,
  FEEDBACK_TEXT_DAYS: { ...positive, fallback: '365' },
  MAX_BODY_BYTES: { ...positive, fallback: String(1024 * 1024) },
  MAX_TEXT_CHARACTERS: { ...positive, fallback: '100000' },
  MAX_BATCH_SIZE: { ...positive, fallback: '1024' },
  MAX_IN_FLIGHT: { ...positive, fallback: '256' },
  MAX_BYTES_IN_FLIGHT: { ...positive, fallback: String(128 * 1024 * 1024) },
  MAX_CONNECTIONS_PER_ADDRESS: positive,
  REQUEST_TIMEOUT_MS: { ...milliseconds, fallback: '30000' },
  KEEP_ALIVE_TIMEOUT_MS: { ...milliseconds, fallback: '72000' },
  SHUTDOWN_DELAY_MS: {
    schema: integer(0, MAX_TIMER_MS),
    fallback: '250',
    allowed: `milliseconds from 0 to ${MAX_TIMER_MS}`,
  },
  SHUTDOWN_TIMEOUT_MS: { ...milliseconds, fallback: '10000' },
  CAPTURE_TEXT: { ...onOff, fallback: 'false' },
  LOG_LEVEL: { schema: z.enum(LOG_LEVELS), fallback: 'info', allowed: `one of ${LOG_LEVELS.join(', ')}` },
  JAEGER_UI_URL: url,
  PROMETHEUS_URL: url,
  GRAFANA_URL: url,
  JAEGER_QUERY_URL: url,
  VICTORIALOGS_URL: url,
  WAYMARK_LIGHT_TELEMETRY: { ...onOff, fallback: 'true' },
  TRUST_INCOMING_TRACE: {
    schema: z.enum(TRACE_TRUST),
    fallback: 'always',
    allowed: `one of ${TRACE_TRUST.join(', ')}`,
  },
  OTEL_SERVICE_NAME: { schema: z.string(), fallback: 'waymark', allowed: 'a name' },
  // By OpenTelemetry's specification, in any case.
  OTEL_SDK_DISABLED: {
    ...onOff,
    schema: z
      .string()
      .transform((value) => value.toLowerCase())
      .pipe(boolean),
    fallback: 'false',
  },
  OTEL_TRACES_EXPORTER: { ...exporters, fallback: 'otlp' },
  OTEL_LOGS_EXPORTER: { ...exporters, fallback: 'otlp' },
  OTEL_METRICS_EXPORTER: { ...exporters, fallback: 'prometheus' },
  OTEL_EXPORTER_OTLP_ENDPOINT: url,
  OTEL_EXPORTER_OTLP_PROTOCOL: {
    schema: z.enum(OTLP_PROTOCOLS),
    fallback: 'http/json',
    allowed: `one of ${OTLP_PROTOCOLS.join(', ')}`,
  },
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url,
  OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: url,
  OTEL_EXPORTER_PROMETHEUS_HOST: { ...host, fallback: '127.0.0.1' },
  OTEL_EXPORTER_PROMETHEUS_PORT: {
    schema: integer(1, 65_535),
    fallback: '9464',
    allowed: 'a port number from 1 to 65535',
  },
  OTEL_TRACES_SAMPLER: sampler,
  OTEL_TRACES_SAMPLER_ARG: share,
  // The queue of the SDK holds 2,048 spans: half a second of 1,000 predictions per second. This one holds a minute.
  OTEL_BSP_MAX_QUEUE_SIZE: { ...positive, fallback: '131072' },
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: { ...positive, fallback: '512' },
  OTEL_BSP_SCHEDULE_DELAY: { ...positive, fallback: '1000' },
  // A batch that was not accepted is sent again, and is not given up after the 30 s of the SDK.
  OTEL_BSP_EXPORT_TIMEOUT: { ...milliseconds, fallback: String(MAX_TIMER_MS) },
  OTEL_BLRP_MAX_QUEUE_SIZE: { ...positive, fallback: '32768' },
  OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: { ...positive, fallback: '512' },
  OTEL_BLRP_SCHEDULE_DELAY: { ...positive, fallback: '1000' },
  OTEL_BLRP_EXPORT_TIMEOUT: { ...milliseconds, fallback: String(MAX_TIMER_MS) },
} satisfies Record<string, Setting>;

/** The values of settings. A setting without a default is undefined if it is not set. */
export type CheckedSettings<S extends Record<string, Setting>> = {
  readonly [N in keyof S]: z.output<S[N]['schema']> | (S[N] extends { fallback: string } ? never : undefined);
};

/** The values of all settings of the service. */
export type Config = CheckedSettings<typeof settings>;

/**
 * Reads and checks all settings of the service.
 *
 * @param env the environment; an empty value counts as not set
 * @throws {ConfigError} for the first bad value
 */
export function readConfig(env: Record<string, string | undefined> = process.env): Config {
  return readSettings(settings, env);
}

/**
 * Reads one setting of the service.
 *
 * @throws {ConfigError} if it has a bad value
 */
export function readSetting<N extends keyof Config>(
  name: N,
  env: Record<string, string | undefined> = process.env,
): Config[N] {
  return (readSettings({ [name]: settings[name] }, env) as unknown as Pick<Config, N>)[name];
}

/** Returns whether the environment limits attributes, events or links of telemetry, as `OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT` does. */
export function hasTelemetryLimits(env: Record<string, string | undefined> = process.env): boolean {
  return Object.entries(env).some(([name, value]) => /^OTEL_.+_LIMIT$/.test(name) && value?.trim());
}

/**
 * Reads and checks settings.
 *
 * @param definitions the settings by the names of their variables
 * @param env the environment; an empty value counts as not set
 * @throws {ConfigError} for the first bad value
 */
export function readSettings<S extends Record<string, Setting>>(
  definitions: S,
  env: Record<string, string | undefined> = process.env,
): CheckedSettings<S> {
  const config: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(definitions)) {
    const value = env[name]?.trim() || setting.fallback;
    if (value === undefined) continue;
    const result = setting.schema.safeParse(value);
    if (!result.success) {
      const shown = setting.secret ? 'its value' : JSON.stringify(value);
      throw new ConfigError(`${name}: ${shown} cannot be used; allowed: ${setting.allowed}`);
    }
    config[name] = result.data;
  }
  return config as CheckedSettings<S>;
}

/** Reads the settings of the service. A bad value ends the process with one line on stderr and exit code 78. */
export function readConfigOrExit(): Config {
  return exitOnConfigError(readConfig);
}

/** Returns the result of `read`. A `ConfigError` ends the process with one line on stderr and exit code 78. */
export function exitOnConfigError<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(EXIT_CONFIG);
  }
}

/** Sets Waymark's defaults for the variables that the OpenTelemetry SDK reads itself. */
export function applyTelemetryDefaults(env: Record<string, string | undefined> = process.env): void {
  // Only these instrumentations are loaded. `undici` is the one of fetch.
  env['OTEL_NODE_ENABLED_INSTRUMENTATIONS'] ??= 'undici,runtime-node,host-metrics';
}
