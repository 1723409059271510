import { cp, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { installHelm } from '../../tools/deploy/install.ts';
import { type ServiceProcess, startProcess } from '../support/service-process.ts';
import { type Manifest, manifestsOf, renderProfile } from './support/profiles.ts';

const MODELS = join(import.meta.dirname, '../../models');

const probe = z.object({ httpGet: z.object({ path: z.string() }) });
const containerSchema = z.object({
  env: z.array(z.object({ name: z.string(), value: z.string().optional() })),
  startupProbe: probe,
  livenessProbe: probe,
  readinessProbe: probe,
});

describe.skipIf(inject('missingForCheckers'))('the service with the environment of', () => {
  let helm: string;
  let service: ServiceProcess | undefined;

  beforeAll(async () => {
    helm = await installHelm(process.stdout, new AbortController().signal);
  });

  afterEach(async () => {
    await service?.stop();
    service = undefined;
  });

  /** Starts the service with the variables of a container, on loopback and in folders of this test. */
  async function startAs(manifests: Manifest[], kind: string, folders: Record<string, string>) {
    const { spec } = manifests.find((manifest) => manifest.kind === kind) as { spec?: unknown };
    const container = containerSchema.parse(containersOf(spec)[0]);
    const variables = container.env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]]));
    const given = Object.fromEntries(variables) as Record<string, string>;
    const { OTEL_EXPORTER_PROMETHEUS_PORT: _port, ...env } = given;
    service = await startProcess({
      ...env,
      ...folders,
      HOST: '127.0.0.1',
      PORT: '0',
      OTEL_EXPORTER_PROMETHEUS_HOST: '127.0.0.1',
      DATA_DIR: await mkdtemp(join(tmpdir(), 'waymark-data-')),
    });
    for (const { httpGet } of [container.startupProbe, container.livenessProbe, container.readinessProbe]) {
      expect((await fetch(service.url + httpGet.path)).status, httpGet.path).toBe(200);
    }
    return { url: service.url, env: given };
  }

  test('the Deployment answers its probes, with the models of the image', async () => {
    const models = await mkdtemp(join(tmpdir(), 'waymark-models-'));
    const manifests = manifestsOf(await renderProfile(helm, 'minimal'));
    const folders = { MODELS_DIR: models, BUNDLED_MODELS_DIR: MODELS };
    const { url } = await startAs(manifests, 'Deployment', folders);
    const response = await fetch(`${url}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text: 'a free prize' }),
    });
    expect(await response.json()).toMatchObject({ model: { name: 'spam' } });
  });

  test('the ServingRuntime answers the Open Inference Protocol for the model of the InferenceService', async () => {
    const manifests = manifestsOf(await renderProfile(helm, 'kserve'));
    const name = manifests.find(({ kind }) => kind === 'InferenceService')!.metadata.name;
    // The content of the storage URI, without roles.
    const models = await mkdtemp(join(tmpdir(), 'waymark-models-'));
    await cp(join(MODELS, 'spam/1'), join(models, name, '1'), { recursive: true });
    const { url, env } = await startAs(manifests, 'ServingRuntime', { MODELS_DIR: models, DEFAULT_MODEL: name });
    expect(env).toMatchObject({ DEFAULT_MODEL: '{{.Name}}', MODELS_DIR: '/mnt/models' });
    const response = await fetch(`${url}/v2/models/${name}/infer`, {
      method: 'POST',
      body: JSON.stringify({ inputs: [{ name: 'text', shape: [1], datatype: 'BYTES', data: ['a free prize'] }] }),
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ model_name: name });
  });
});

function containersOf(spec: unknown): unknown[] {
  const pods = z.union([
    z.object({ template: z.object({ spec: z.object({ containers: z.array(z.unknown()) }) }) }),
    z.object({ containers: z.array(z.unknown()) }),
  ]);
  const pod = pods.parse(spec);
  return 'template' in pod ? pod.template.spec.containers : pod.containers;
}
