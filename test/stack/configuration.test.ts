import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { installTools, type Tools } from '../../tools/stack/install.ts';
import { promtool } from './support/promtool.ts';

const run = promisify(execFile);
const OTEL_FOLDER = join(import.meta.dirname, '../../otel');

describe.skipIf(inject('missingPrerequisite'))('the configuration is accepted by', () => {
  let tools: Tools;
  let folder: string;

  beforeAll(async () => {
    tools = await installTools(process.stdout, new AbortController().signal);
    folder = await mkdtemp(join(tmpdir(), 'waymark-configuration-'));
  });

  afterAll(() => rm(folder, { recursive: true }));

  test('the Collector, with default addresses', async () => {
    await expect(
      validate(tools.collector, 'collector/collector.yaml', { COLLECTOR_DATA_DIR: folder }),
    ).resolves.toBeDefined();
  });

  test('Jaeger, with default addresses', async () => {
    await expect(validate(tools.jaeger, 'jaeger/jaeger.yaml', { JAEGER_DATA_DIR: folder })).resolves.toBeDefined();
  });

  test('Prometheus, with the targets of docker-compose.yml', async () => {
    const program = join(dirname(tools.prometheus), 'promtool');
    const { stdout } = await run(program, ['check', 'config', join(OTEL_FOLDER, 'prometheus/prometheus.yml')]);
    expect(stdout).toContain('SUCCESS');
    expect(stdout).not.toContain('WARNING');
  });

  test('Prometheus, with rules that pass their own tests', { timeout: 600_000 }, async () => {
    const program = join(dirname(tools.prometheus), 'promtool');
    await expect(promtool(program, ['check', 'rules'], 'rules')).resolves.toContain('SUCCESS');
    await expect(promtool(program, ['test', 'rules'], 'tests')).resolves.toContain('SUCCESS');
  });
});

function validate(program: string, configuration: string, env: NodeJS.ProcessEnv): Promise<unknown> {
  return run(program, ['validate', '--config', join(OTEL_FOLDER, configuration)], {
    cwd: dirname(OTEL_FOLDER),
    env: { ...process.env, ...env },
  });
}
