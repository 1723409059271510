import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { COLLECTOR_STABLE_VERSION, type ProgramVersion, stackVersions } from '../../../tools/stack/versions.ts';

const programs: [string, ProgramVersion][] = Object.entries(stackVersions);
const equalPrograms = programs.filter(([, { difference }]) => difference === undefined);

const composeText = readText('docker-compose.yml');
const compose = z
  .object({ services: z.record(z.string(), z.object({ image: z.string(), build: z.unknown().optional() })) })
  .parse(parse(composeText, { merge: true }));

const moduleSchema = z.array(z.object({ gomod: z.string() }));
const manifest = z
  .object({ dist: z.object({ version: z.string() }) })
  .catchall(moduleSchema)
  .parse(parse(readText('otel/collector/builder.yaml')));

describe('the images of docker-compose.yml', () => {
  test.each(programs)('include %s in the version of the table', (_name, { image }) => {
    const images = composeText.match(/(?<=image: |--from=)\S+/g);
    expect(images).toContain(image);
  });

  test('are all in the table, unless Compose builds them', () => {
    const services = Object.values(compose.services);
    const built = services.filter(({ build }) => build !== undefined).map(({ image }) => image);
    const pulled = services.map(({ image }) => image).filter((image) => !built.includes(image));
    expect(programs.map(([, { image }]) => image)).toEqual(expect.arrayContaining(pulled));
  });

  test.each([
    ['collector', stackVersions.collector.image],
    ['victoria-logs', stackVersions.victoriaLogs.image],
  ])('have the version of %s in the name of the image that Compose builds', (service, image) => {
    expect(compose.services[service]?.image).toBe(`waymark-${service}:${tagOf(image)}`);
  });
});

describe('the native version', () => {
  test.each(equalPrograms)('of %s is the version of its image', (_name, { native, image }) => {
    expect(native).toBe(`v${tagOf(image)}`);
  });

  test('of Jaeger is the Go module version of its image: release 2.N is module version 1.(N + 63)', () => {
    const [major, minor, patch] = tagOf(stackVersions.jaeger.image).split('.').map(Number);
    expect(major).toBe(2);
    expect(stackVersions.jaeger.native).toBe(`v1.${minor! + 63}.${patch}`);
  });

  test('differs from the image only for the programs with a reason in the table', () => {
    const different = programs.filter(([, { native, image }]) => native !== `v${tagOf(image)}`);
    expect(different.map(([name]) => name)).toEqual(['jaeger', 'prometheus', 'grafana']);
    for (const [name, { difference }] of different) expect(difference, name).toMatch(/\w.*\.$/);
  });
});

describe('otel/collector/builder.yaml', () => {
  const { dist, ...parts } = manifest;

  test('builds the version of the table', () => {
    expect(`v${dist.version}`).toBe(stackVersions.collector.native);
  });

  test('takes every module from that release', () => {
    const modules = Object.values(parts)
      .flat()
      .map(({ gomod }) => gomod.split(' '));
    expect(modules.length).toBeGreaterThan(10);
    for (const [module, version] of modules) {
      const isStable = module!.startsWith('go.opentelemetry.io/collector/confmap/');
      expect(version, module).toBe(isStable ? COLLECTOR_STABLE_VERSION : stackVersions.collector.native);
    }
  });
});

/** Returns the version in the name of an image, without a leading "v". */
function tagOf(image: string): string {
  return image.slice(image.indexOf(':') + 1).replace(/^v/, '');
}

function readText(path: string): string {
  return readFileSync(join(import.meta.dirname, '../../..', path), 'utf8');
}
