import { readFileSync } from 'node:fs';
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
});

const written: unknown = parse(text('docker-compose.yml'), { merge: true });
const compose = z.object({ services: z.record(z.string(), serviceSchema) }).parse(written);
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

  // The tests of containers publish other ports.
  test.each(services)('%s is published only on this machine', (_name, { ports }) => {
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  test('runs the service and the gateway with the commands of npm', () => {
    const [, command = ''] = /\nCMD (.+)\n/.exec(text('Dockerfile'))!;
    expect(JSON.parse(command)).toEqual(['node', ...startArguments('start')]);
    expect(compose.services['mail-gateway']?.command).toEqual(['node', ...startArguments('gateway')]);
  });

  // The tests of containers may have a stand-in of Grafana, which does not read its data sources.
  test('has the services that the data sources of Grafana name', () => {
    const dataSources = text('otel/grafana/provisioning/datasources/datasources.yml');
    const hosts = [...dataSources.matchAll(/^ *url: http:\/\/([a-z-]+):\d+$/gm)].map(([, host]) => host);
    expect(hosts.length).toBeGreaterThanOrEqual(2);
    expect(Object.keys(compose.services)).toEqual(expect.arrayContaining(hosts));
  });
});

describe.each([
  ['collector', ['otel/collector/collector.yaml', 'otel/collector/tail-sampling.yaml']],
  ['jaeger', ['otel/jaeger/jaeger.yaml']],
] as const)('the environment of %s', (name, files) => {
  test('sets no unused variable', () => {
    const configuration = files.map(text).join('\n');
    const read = [...configuration.matchAll(/\$\{env:(\w+)/g)].map(([, variable]) => variable);
    expect([...read, 'GOMEMLIMIT']).toEqual(
      expect.arrayContaining(Object.keys(compose.services[name]?.environment ?? {})),
    );
  });
});

function text(path: string): string {
  return readFileSync(join(PROJECT, path), 'utf8');
}
