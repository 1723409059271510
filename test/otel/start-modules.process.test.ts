import { readFile, realpath } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startProcess } from '../support/service-process.ts';

const PRELOADED = ['--require', './bench/harness/count-modules.cjs', '--import', './otel/preload.ts', 'src/main.ts'];

/** Starts the service, and returns the packages from which it loaded modules. */
async function loadedPackages(env: Record<string, string> = {}): Promise<Set<string>> {
  const file = join(tmpdir(), `modules-${crypto.randomUUID()}`);
  const service = await startProcess({ ...env, MODULES_FILE: file }, PRELOADED);
  await service.stop();
  const modules = (await readFile(file, 'utf8')).trim().split('\n');
  return new Set(modules.map((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? 'waymark'));
}

test('a start loads no package that it does not need', async () => {
  const loaded = await loadedPackages();
  expect([...loaded]).toEqual(expect.arrayContaining(['koa', 'zod', '@opentelemetry/sdk-trace', 'waymark']));
  const large = ['auto-instrumentations-node', 'sdk-node', 'otlp-transformer', 'resource-detector-gcp'];
  const unneeded = [...large.map((name) => `@opentelemetry/${name}`), '@grpc/grpc-js', '@sigstore/core', 'yaml'];
  expect(unneeded.filter((name) => loaded.has(name))).toEqual([]);
});

test('another instrumentation comes from auto-instrumentations-node', async () => {
  const loaded = await loadedPackages({ OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'undici,runtime-node,dns' });
  expect([...loaded]).toContain('@opentelemetry/auto-instrumentations-node');
});

test.each(['undici', 'runtime-node', 'host-metrics'])(
  'the instrumentation %s is the one that auto-instrumentations-node has',
  async (name) => {
    const require = createRequire(import.meta.url);
    const module = `@opentelemetry/instrumentation-${name}`;
    const automatic = createRequire(require.resolve('@opentelemetry/auto-instrumentations-node'));
    expect(await realpath(automatic.resolve(module))).toBe(await realpath(require.resolve(module)));
  },
);
