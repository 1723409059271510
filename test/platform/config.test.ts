import { describe, expect, test } from 'vitest';
import { ConfigError, hasTelemetryLimits, readConfig } from '../../src/platform/config.ts';

describe('readConfig', () => {
  test('returns the defaults', () => {
    expect(readConfig({})).toMatchObject({
      HOST: '127.0.0.1',
      PORT: 3000,
      MODELS_DIR: './models',
      DATA_DIR: './data',
      DEFAULT_MODEL: 'spam',
      WORKERS: 1,
      MAX_BODY_BYTES: 1_048_576,
      MAX_TEXT_CHARACTERS: 100_000,
      MAX_BATCH_SIZE: 1_024,
      MAX_IN_FLIGHT: 256,
      MAX_BYTES_IN_FLIGHT: 134_217_728,
      REQUEST_TIMEOUT_MS: 30_000,
      KEEP_ALIVE_TIMEOUT_MS: 72_000,
      SHUTDOWN_DELAY_MS: 250,
      SHUTDOWN_TIMEOUT_MS: 10_000,
      CAPTURE_TEXT: false,
      LOG_LEVEL: 'info',
      WAYMARK_LIGHT_TELEMETRY: true,
      OTEL_SERVICE_NAME: 'waymark',
      OTEL_EXPORTER_PROMETHEUS_PORT: 9464,
    });
  });

  test('leaves a setting without a default undefined', () => {
    const config = readConfig({});
    expect(config.API_TOKENS).toBeUndefined();
    expect(config.OTEL_EXPORTER_OTLP_ENDPOINT).toBeUndefined();
  });

  test('treats an empty value as not set', () => {
    expect(readConfig({ PORT: '', API_TOKENS: ' ' })).toMatchObject({ PORT: 3000 });
  });

  test('reads tokens, numbers and booleans', () => {
    const config = readConfig({
      API_TOKENS: 'one, two',
      PORT: '0',
      CAPTURE_TEXT: 'true',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
    });
    expect(config).toMatchObject({
      API_TOKENS: ['one', 'two'],
      PORT: 0,
      CAPTURE_TEXT: true,
      OTEL_TRACES_SAMPLER_ARG: 0.25,
    });
  });

  test.each([
    ['PORT', '70000', 'a port number from 0 to 65535'],
    ['PORT', 'http', 'a port number from 0 to 65535'],
    ['PORT', '-1', 'a port number from 0 to 65535'],
    ['SHUTDOWN_TIMEOUT_MS', '2147483648', 'milliseconds from 1 to 2147483647'],
    ['MAX_BODY_BYTES', '0', 'a whole number from 1'],
    ['MAX_BODY_BYTES', '1.5', 'a whole number from 1'],
    ['CAPTURE_TEXT', 'yes', 'true or false'],
    ['LOG_LEVEL', 'loud', 'one of trace, debug, info, warn, error, fatal, silent'],
    ['JAEGER_UI_URL', 'jaeger:16686', 'an http or https URL'],
    ['DEFAULT_MODEL', '../spam', 'a model name'],
    ['OTEL_TRACES_SAMPLER', 'sometimes', 'parentbased_traceidratio'],
    ['OTEL_TRACES_SAMPLER_ARG', '2', 'a share from 0 to 1'],
    ['OTEL_EXPORTER_PROMETHEUS_PORT', '0', 'from 1 to 65535'],
    ['ALLOWED_HOSTS', 'a.example:80', 'host names without ports'],
    ['CORS_ORIGINS', '*', 'origins such as'],
    ['CORS_ORIGINS', 'https://a.example/path', 'origins such as'],
  ])('rejects %s=%s, and names the allowed values', (name, value, allowed) => {
    const read = () => readConfig({ [name]: value });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(`${name}: "${value}"`);
    expect(read).toThrow(allowed);
  });

  test.each(['PREDICTION_ID_KEY', 'PREDICTION_ID_KEYS_OLD', 'API_TOKENS'])(
    'never shows the value of %s in an error',
    (name) => {
      const secret = 'hush  hush';
      const read = () => readConfig({ [name]: secret });
      expect(read).toThrow(name);
      expect(read).not.toThrow(secret);
    },
  );

  test('reports a bad value in one line', () => {
    expect(() => readConfig({ PORT: 'a\nb' })).toThrow(/^[^\n]*$/);
  });
});

test.each([
  [{ OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: '2' }, true],
  [{ OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT: '4' }, true],
  [{ OTEL_SPAN_LINK_COUNT_LIMIT: ' ' }, false],
  [{ GOMEMLIMIT: '1', OTEL_SERVICE_NAME: 'limit' }, false],
])('finds a limit on telemetry in %j: %s', (env, expected) => {
  expect(hasTelemetryLimits(env)).toBe(expected);
});
