import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { readConfig } from '../../../src/platform/config.ts';
import { RENDERED_DEFAULT } from '../../../tools/deploy/render.ts';

const PROJECT = join(import.meta.dirname, '../../..');
const text = (path: string) => readFileSync(join(PROJECT, path), 'utf8');

const deploymentSchema = z.object({
  kind: z.literal('Deployment'),
  spec: z.object({
    template: z.object({
      spec: z.object({
        securityContext: z.object({ runAsUser: z.number(), runAsGroup: z.number() }),
        terminationGracePeriodSeconds: z.number(),
        containers: z.tuple([
          z.looseObject({
            env: z.array(z.object({ name: z.string(), value: z.string().optional() })),
            ports: z.array(z.object({ containerPort: z.number() })),
            lifecycle: z.object({ preStop: z.object({ sleep: z.object({ seconds: z.number() }) }) }),
            volumeMounts: z.array(z.object({ mountPath: z.string() })),
          }),
        ]),
      }),
    }),
  }),
});

const documents = parseAllDocuments(readFileSync(RENDERED_DEFAULT, 'utf8'), { version: '1.1' });
const deployment = documents.map((one) => deploymentSchema.safeParse(one.toJS())).find(({ success }) => success)!.data!;
const pod = deployment.spec.template.spec;
const [container] = pod.containers;
const environment = new Map(container.env.map(({ name, value }) => [name, value]));

const dockerfile = text('Dockerfile');
const compose = z
  .object({ services: z.object({ waymark: z.object({ stop_grace_period: z.string(), tmpfs: z.array(z.string()) }) }) })
  .parse(parse(text('docker-compose.yml'), { merge: true })).services.waymark;

describe('the container of deploy/kubernetes', () => {
  test('has the user of the Dockerfile', () => {
    const { runAsUser, runAsGroup } = pod.securityContext;
    expect(dockerfile).toMatch(new RegExp(`^USER ${runAsUser}:${runAsGroup}$`, 'm'));
  });

  test('has the ports of the Dockerfile', () => {
    const ports = container.ports.map(({ containerPort }) => containerPort);
    expect(dockerfile).toMatch(new RegExp(`^EXPOSE ${ports.join(' ')}$`, 'm'));
    expect(environment.get('PORT')).toBe(String(ports[0]));
    expect(environment.get('OTEL_EXPORTER_PROMETHEUS_PORT')).toBe(String(ports[1]));
  });

  test('can write to the folders of the image, and to no other', () => {
    const { DATA_DIR: data, MODELS_DIR: models } = Object.fromEntries(environment);
    expect(dockerfile).toContain(`DATA_DIR=${data}`);
    expect(`${dockerfile.match(/^WORKDIR (.+)$/m)?.[1]}/models`).toBe(models);
    expect(container.volumeMounts.map(({ mountPath }) => mountPath)).toEqual([data, models, ...compose.tmpfs]);
  });

  test('has the time of docker-compose.yml to end, after its pause', () => {
    const pause = container.lifecycle.preStop.sleep.seconds;
    expect(`${pod.terminationGracePeriodSeconds - pause}s`).toBe(compose.stop_grace_period);
  });

  test('has settings that the service accepts, with the defaults of the shutdown', () => {
    const { SHUTDOWN_DELAY_MS, SHUTDOWN_TIMEOUT_MS } = readConfig(Object.fromEntries(environment));
    const defaults = readConfig({});
    expect({ SHUTDOWN_DELAY_MS, SHUTDOWN_TIMEOUT_MS }).toEqual({
      SHUTDOWN_DELAY_MS: defaults.SHUTDOWN_DELAY_MS,
      SHUTDOWN_TIMEOUT_MS: defaults.SHUTDOWN_TIMEOUT_MS,
    });
  });

  test('is asked for routes of the service', () => {
    const routes = [...JSON.stringify(container).matchAll(/"path":"([^"]+)"/g)].map(([, path]) => path);
    expect(new Set(routes)).toEqual(new Set(['/livez', '/readyz']));
    const listed = text('docs/http.md');
    for (const route of routes) expect(listed).toContain(`GET ${route}`);
  });
});

test('every variable of the chart is a setting of the service', () => {
  const templates = text('deploy/helm/waymark/templates/server/_container.tpl');
  const names = [...templates.matchAll(/(?:name: |: |" ")([A-Z][A-Z0-9_]{3,})\b/g)].map(([, name = '']) => name);
  const own = ['POD_NAME', 'POD_NAMESPACE', 'NODE_NAME'];
  const settings = text('docs/settings.md');
  expect(names.length).toBeGreaterThan(20);
  expect(names.filter((name) => !own.includes(name) && !settings.includes(`\`${name}\``))).toEqual([]);
});
