import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { startArguments } from '../../tools/stack/start-command.ts';

const PROJECT = join(import.meta.dirname, '../..');

const serviceSchema = z.object({
  image: z.string(),
  build: z.unknown().optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  healthcheck: z.unknown().optional(),
  read_only: z.boolean(),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  deploy: z.object({ resources: z.object({ limits: z.object({ cpus: z.string(), memory: z.string() }) }) }),
});

const written: unknown = parse(text('docker-compose.yml'), { merge: true });
const compose = z
  .object({ services: z.record(z.string(), serviceSchema), volumes: z.record(z.string(), z.unknown()) })
  .parse(written);
const services = Object.entries(compose.services);
const builtImages = new Set(services.filter(([, { build }]) => build).map(([, { image }]) => image));

describe('docker-compose.yml', () => {
  test('follows the published schema of the Compose Specification', () => {
    // Formats are names in the schema for checks that Compose does itself.
    const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
    const valid = ajv.validate(JSON.parse(text('test/fixtures/compose-spec/compose-spec.json')), written);
    expect(ajv.errors ?? []).toEqual([]);
    expect(valid).toBe(true);
  });

  test.each(services)('%s pins its image to a version, unless it is built here', (_name, { image }) => {
    if (!builtImages.has(image)) expect(image).toMatch(/:v?\d+\.\d+\.\d+$/);
  });

  test.each(services)('%s is published only on this machine, and cannot write to its own files', (_name, service) => {
    for (const port of service.ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
    expect(service.read_only).toBe(true);
  });

  test.each(services)('%s has a health check, for the services that wait for it', (name, { healthcheck }) => {
    const inImage = name === 'waymark' && text('Dockerfile').includes('\nHEALTHCHECK ');
    expect(inImage || healthcheck).toBeTruthy();
  });

  test.each(services)('%s waits only for services that exist, until they are healthy', (_name, { depends_on }) => {
    for (const [dependency, { condition }] of Object.entries(depends_on)) {
      expect(Object.keys(compose.services)).toContain(dependency);
      expect(condition).toBe('service_healthy');
    }
  });

  test.each(services)('%s mounts files that exist and volumes that are declared', (_name, { volumes }) => {
    for (const [source = ''] of volumes.map((volume) => volume.split(':'))) {
      if (source.startsWith('.')) expect(existsSync(join(PROJECT, source)), source).toBe(true);
      else expect(Object.keys(compose.volumes)).toContain(source);
    }
  });

  test('runs the service and the gateway with the commands of npm', () => {
    const [, command = ''] = /\nCMD (.+)\n/.exec(text('Dockerfile'))!;
    expect(JSON.parse(command)).toEqual(['node', ...startArguments('start')]);
    expect(compose.services['mail-gateway']?.command).toEqual(['node', ...startArguments('gateway')]);
  });

  test('uses only existing hosts in all addresses', () => {
    const addresses = services.flatMap(([, { environment }]) => Object.values(environment));
    const targets = readdirSync(join(PROJECT, 'otel/prometheus/targets')).map((name) =>
      text(`otel/prometheus/targets/${name}`),
    );
    const dataSources = text('otel/grafana/provisioning/datasources/datasources.yml');
    const receivers = text('otel/alertmanager/alertmanager.yml');
    const hosts = [...addresses, ...targets, dataSources, receivers].flatMap((written) =>
      [...written.matchAll(/(?:^|[/[])([a-z-]+):\d+/g)].map(([, host]) => host),
    );
    expect(hosts.length).toBeGreaterThan(10);
    expect([...Object.keys(compose.services), 'localhost']).toEqual(expect.arrayContaining([...new Set(hosts)]));
  });
});

describe.each([
  ['collector', ['otel/collector/collector.yaml', 'otel/collector/tail-sampling.yaml']],
  ['jaeger', ['otel/jaeger/jaeger.yaml']],
] as const)('the environment of %s', (name, files) => {
  const used = [
    ...files
      .map(text)
      .join('\n')
      .matchAll(/\$\{env:(\w+)(:-[^}]*)?\}/g),
  ];

  test('sets every variable without a default in the configuration', () => {
    const withoutDefault = used.filter(([, , fallback]) => fallback === undefined).map(([, variable]) => variable);
    expect(Object.keys(compose.services[name]?.environment ?? {})).toEqual(expect.arrayContaining(withoutDefault));
  });

  test('sets no unused variable', () => {
    const read = [...used.map(([, variable]) => variable), 'GOMEMLIMIT'];
    expect(read).toEqual(expect.arrayContaining(Object.keys(compose.services[name]?.environment ?? {})));
  });
});

function text(path: string): string {
  return readFileSync(join(PROJECT, path), 'utf8');
}
