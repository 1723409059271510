import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { stringify } from 'yaml';
import { z } from 'zod';
import { installHelm, installReceivingCollector } from '../../tools/deploy/install.ts';
import { installTools, type Tools } from '../../tools/stack/install.ts';
import { type Manifest, manifestsOf, renderProfile } from './support/profiles.ts';
import { runChecker } from './support/run-checker.ts';

const configMap = z.object({ data: z.record(z.string(), z.string()) });
const workload = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({
        containers: z.tuple([
          z.object({
            args: z.array(z.string()),
            env: z.array(z.object({ name: z.string(), value: z.string().default('a-secret') })),
          }),
        ]),
      }),
    }),
  }),
});

describe.skipIf(inject('missingForCheckers'))('as rendered', () => {
  let helm: string;
  let receivingCollector: string;
  let tools: Tools;

  beforeAll(async () => {
    const { signal } = new AbortController();
    helm = await installHelm(process.stdout, signal);
    receivingCollector = await installReceivingCollector(process.stdout, signal);
    tools = await installTools(process.stdout, signal);
  });

  /**
   * Validates the configuration of a workload with the arguments and the environment of its container, in a folder
   * instead of the paths of the container.
   */
  async function validate(program: string, manifests: Manifest[], name: string): Promise<string> {
    const find = (kind: string) => manifests.find((one) => one.kind === kind && one.metadata.name === name);
    const object = find('StatefulSet') ?? find('Deployment');
    const { args, env } = workload.parse(object).spec.template.spec.containers[0];
    const folder = await mkdtemp(join(tmpdir(), 'waymark-rendered-'));
    const files = configMap.parse(
      manifests.find((one) => one.kind === 'ConfigMap' && name.startsWith(one.metadata.name)),
    ).data;
    for (const [file, text] of Object.entries(files)) {
      await writeFile(join(folder, file), moved(text, folder));
    }
    await mkdir(join(folder, 'data'));
    const environment = Object.fromEntries(env.map((variable) => [variable.name, moved(variable.value, folder)]));
    const movedArgs = args.map((arg) => moved(arg, folder));
    const { code, output } = await runChecker(program, ['validate', ...movedArgs], environment);
    return code === 0 ? 'valid' : output;
  }

  const moved = (text: string, folder: string) =>
    text.replaceAll(/\/etc\/(?:otelcol|jaeger)(?=\/|$)/g, folder).replaceAll(/\/var\/lib\/\w+/g, join(folder, 'data'));

  test.each(['memory', 'two-tiers', 'opensearch', 'cassandra'])(
    'the Collector accepts its configuration of the values %s',
    async (profile) => {
      const manifests = manifestsOf(await renderProfile(helm, profile));
      expect(await validate(tools.collector, manifests, 'waymark-collector')).toBe('valid');
    },
  );

  test('the Collector of the receiving tier accepts its configuration', async () => {
    const manifests = manifestsOf(await renderProfile(helm, 'two-tiers'));
    expect(await validate(receivingCollector, manifests, 'waymark-collector-receiving')).toBe('valid');
  });

  test.each(['memory', 'two-tiers', 'opensearch', 'cassandra'])(
    'Jaeger accepts its configuration of the values %s',
    async (profile) => {
      const manifests = manifestsOf(await renderProfile(helm, profile));
      expect(await validate(tools.jaeger, manifests, 'waymark-jaeger')).toBe('valid');
    },
  );

  test('promtool accepts the rules', async () => {
    const rules = manifestsOf(await renderProfile(helm, 'production')).filter(({ kind }) => kind === 'PrometheusRule');
    expect(rules.length).toBeGreaterThan(5);
    const folder = await mkdtemp(join(tmpdir(), 'waymark-rules-'));
    const files = await Promise.all(
      rules.map(async ({ metadata, spec }) => {
        const file = join(folder, `${metadata.name}.yml`);
        await writeFile(file, stringify(spec));
        return file;
      }),
    );
    const { code, output } = await runChecker(join(dirname(tools.prometheus), 'promtool'), [
      'check',
      'rules',
      ...files,
    ]);
    expect(output).not.toContain('FAILED');
    expect(code).toBe(0);
  });
});
