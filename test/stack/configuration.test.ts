import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { installTools, type Tools } from '../../tools/stack/install.ts';
import { promtool } from './support/promtool.ts';

const run = promisify(execFile);
const OTEL = join(import.meta.dirname, '../../otel');

describe.skipIf(inject('stackIsMissing'))('the programs accept their configuration', () => {
  let tools: Tools;
  let folder: string;

  beforeAll(async () => {
    tools = await installTools(process.stdout, new AbortController().signal);
    folder = await mkdtemp(join(tmpdir(), 'waymark-configuration-'));
  });

  afterAll(() => rm(folder, { recursive: true }));

  test('the Collector, with every address left to its default', async () => {
    await expect(validate(tools.collector, 'collector/collector.yaml', { COLLECTOR_DATA_DIR: folder })).resolves.toBeDefined();
  });

  test('Jaeger, with every address left to its default', async () => {
    await expect(validate(tools.jaeger, 'jaeger/jaeger.yaml', { JAEGER_DATA_DIR: folder })).resolves.toBeDefined();
  });

  test('Prometheus, with the targets of docker-compose.yml', async () => {
    const program = join(dirname(tools.prometheus), 'promtool');
    const { stdout } = await run(program, ['check', 'config', join(OTEL, 'prometheus/prometheus.yml')]);
    expect(stdout).toContain('SUCCESS');
    expect(stdout).not.toContain('WARNING');
  });

  test('Prometheus, its rules, which pass their own tests', async () => {
    const program = join(dirname(tools.prometheus), 'promtool');
    await expect(promtool(program, ['check', 'rules'], 'rules')).resolves.toContain('SUCCESS');
    await expect(promtool(program, ['test', 'rules'], 'tests')).resolves.toContain('SUCCESS');
  });
});

function validate(program: string, configuration: string, env: NodeJS.ProcessEnv): Promise<unknown> {
  return run(program, ['validate', '--config', join(OTEL, configuration)], {
    cwd: dirname(OTEL),
    env: { ...process.env, ...env },
  });
}
