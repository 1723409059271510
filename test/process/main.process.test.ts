import { mkdtemp, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { post } from '../http/in-process.ts';
import { failingStart, type ServiceProcess, startProcess } from '../support/service-process.ts';

let service: ServiceProcess | undefined;

afterEach(async () => {
  await service?.stop();
  service = undefined;
});

describe('the process', () => {
  test('logs its URL, answers, and exits with 0 on SIGTERM', async () => {
    const started = await startProcess();
    expect(started.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await post(`${started.url}/predict`, { text: 'a' })).status).toBe(200);
    expect(await started.stop()).toBe(0);
    expect(started.lines.map(({ msg }) => msg)).toEqual(['model loaded', 'ready', 'prediction', 'stopping', 'stopped']);
  });

  test('logs no warning about the instrumentation', async () => {
    service = await startProcess();
    expect(service.lines.filter(({ level }) => level !== 'info')).toEqual([]);
  });

  test('logs one warning if requests are not traced', async () => {
    service = await startProcess({}, ['src/main.ts']);
    const warnings = service.lines.filter(({ level }) => level === 'warn');
    expect(warnings).toHaveLength(1);
    expect(warnings[0]!.msg).toMatch(/not traced: the telemetry preload did not run/);
    expect((await post(`${service.url}/predict`, { text: 'a' })).status).toBe(200);
  });

  test('serves without telemetry under OTEL_SDK_DISABLED', async () => {
    service = await startProcess({ OTEL_SDK_DISABLED: 'true' });
    const response = await post(`${service.url}/predict`, { text: 'a' });
    expect(response.headers.get('x-trace-id')).toMatch(/^[0-9a-f]{32}$/);
    await expect(fetch(service.metricsUrl)).rejects.toThrow();
  });

  test('accepts its prediction ids after a restart', async () => {
    const DATA_DIR = await mkdtemp(join(tmpdir(), 'waymark-'));
    const { readOrCreateSigningKey } = await import('../../src/predictions/signing-key.ts');
    const { createPredictionIds } = await import('../../src/predictions/prediction-id.ts');
    const first = await startProcess({ DATA_DIR });
    const { id, traceId } = (await (await post(`${first.url}/predict`, { text: 'a' })).json()) as {
      id: string;
      traceId: string;
    };
    await first.stop();
    const ids = createPredictionIds(await readOrCreateSigningKey(DATA_DIR));
    expect(ids.verify(id)).toMatchObject({ traceId, model: 'spam' });
  });

  test('accepts the prediction ids of former keys after a restart, and no others', { timeout: 60_000 }, async () => {
    const DATA_DIR = await mkdtemp(join(tmpdir(), 'waymark-'));
    const idOf = async (env: Record<string, string>) => {
      const service = await startProcess({ DATA_DIR, ...env });
      const { id } = (await (await post(`${service.url}/predict`, { text: 'a' })).json()) as { id: string };
      await service.stop();
      return id;
    };
    const generated = await idOf({});
    const former = await idOf({ PREDICTION_ID_KEY: 'the former key of 2025' });
    const foreign = await idOf({ PREDICTION_ID_KEY: 'a key that is not listed' });
    const keyFile = await readFile(join(DATA_DIR, 'prediction-id.key'), 'utf8');
    const service = await startProcess({
      DATA_DIR,
      PREDICTION_ID_KEY: 'the present key of 2026',
      PREDICTION_ID_KEYS_OLD: `base64:${keyFile}, the former key of 2025`,
    });
    const statusOf = async (id: string) =>
      (await post(`${service.url}/feedback`, { id, label: 'ham', text: 'a' })).status;
    expect([await statusOf(generated), await statusOf(former), await statusOf(foreign)]).toEqual([200, 200, 422]);
    await service.stop();
  });
});

describe('a start that cannot work ends with 78 and one line', () => {
  test.each([
    ['a bad value', { PORT: 'eighty' }, /^PORT: "eighty" cannot be used; allowed: a port number from 0 to 65535\n$/],
    [
      'a default model that is not there',
      { DEFAULT_MODEL: 'nope' },
      /^DEFAULT_MODEL: "nope" is not in MODELS_DIR .*; allowed: spam\n$/,
    ],
    [
      'an empty models folder',
      { MODELS_DIR: '/nonexistent' },
      /^DEFAULT_MODEL: "spam" is not in MODELS_DIR .*; allowed: none\n$/,
    ],
    ['a host of another machine', { HOST: '192.0.2.1' }, /^HOST: "192\.0\.2\.1" is not an address of this machine\n$/],
  ])('%s', async (_, env, line) => {
    expect(await failingStart(env)).toEqual({ code: 78, stderr: expect.stringMatching(line) });
  });

  test.each([
    ['PORT', /^PORT: \d+ is in use on 127\.0\.0\.1; allowed: a free port, or 0 for any\n$/],
    [
      'OTEL_EXPORTER_PROMETHEUS_PORT',
      /^OTEL_EXPORTER_PROMETHEUS_PORT: \d+ is in use on 127\.0\.0\.1; allowed: a free port\n$/,
    ],
  ])('a port in use (%s)', async (name, line) => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const address = taken.address() as { port: number };
    expect(await failingStart({ [name]: String(address.port) })).toEqual({
      code: 78,
      stderr: expect.stringMatching(line),
    });
    taken.close();
  });
});
